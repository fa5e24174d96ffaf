//! Entities of HTML by name: those of characters that people type (ASCII, Latin, Greek, Cyrillic, punctuation), after the
//! table of the HTML standard. Letters with an accent are put together of both.

use std::{collections::HashMap, sync::LazyLock};
use unicode_normalization::char::compose;

/// Characters of the longest name that the standard has, numbers with zeros before them included.
pub(super) const LONGEST: usize = 32;

const ACCENTS: [(&str, char); 13] = [
    ("grave", '\u{300}'),
    ("acute", '\u{301}'),
    ("circ", '\u{302}'),
    ("tilde", '\u{303}'),
    ("macr", '\u{304}'),
    ("breve", '\u{306}'),
    ("dot", '\u{307}'),
    ("uml", '\u{308}'),
    ("ring", '\u{30a}'),
    ("dblac", '\u{30b}'),
    ("caron", '\u{30c}'),
    ("cedil", '\u{327}'),
    ("ogon", '\u{328}'),
];

/// Names and characters in hexadecimal.
const NAMES: &str = "\
    Tab 9 NewLine a excl 21 QUOT 22 quot 22 num 23 dollar 24 percnt 25 AMP 26 amp 26 apos 27 lpar 28 rpar 29 ast 2a \
    midast 2a plus 2b comma 2c period 2e sol 2f colon 3a semi 3b LT 3c lt 3c equals 3d GT 3e gt 3e quest 3f \
    commat 40 lbrack 5b lsqb 5b bsol 5c rbrack 5d rsqb 5d Hat 5e UnderBar 5f lowbar 5f DiacriticalGrave 60 grave 60 \
    lbrace 7b lcub 7b VerticalLine 7c verbar 7c vert 7c rbrace 7d rcub 7d NonBreakingSpace a0 nbsp a0 iexcl a1 \
    cent a2 pound a3 curren a4 yen a5 brvbar a6 sect a7 Dot a8 DoubleDot a8 die a8 uml a8 COPY a9 copy a9 ordf aa \
    laquo ab not ac shy ad REG ae circledR ae reg ae macr af strns af deg b0 PlusMinus b1 plusmn b1 pm b1 sup2 b2 \
    sup3 b3 DiacriticalAcute b4 acute b4 micro b5 para b6 CenterDot b7 centerdot b7 middot b7 Cedilla b8 cedil b8 \
    sup1 b9 ordm ba raquo bb frac14 bc frac12 bd half bd frac34 be iquest bf angst c5 AElig c6 ETH d0 times d7 \
    Oslash d8 THORN de szlig df aelig e6 eth f0 div f7 divide f7 oslash f8 thorn fe Dstrok 110 dstrok 111 \
    Hstrok 126 hstrok 127 imath 131 inodot 131 IJlig 132 ijlig 133 kgreen 138 Lmidot 13f lmidot 140 Lstrok 141 \
    lstrok 142 napos 149 ENG 14a eng 14b OElig 152 oelig 153 Tstrok 166 tstrok 167 fnof 192 imped 1b5 jmath 237 \
    Alpha 391 Beta 392 Gamma 393 Delta 394 Epsilon 395 Zeta 396 Eta 397 Theta 398 Iota 399 Kappa 39a Lambda 39b \
    Mu 39c Nu 39d Xi 39e Omicron 39f Pi 3a0 Rho 3a1 Sigma 3a3 Tau 3a4 Upsilon 3a5 Phi 3a6 Chi 3a7 Psi 3a8 Omega 3a9 \
    ohm 3a9 alpha 3b1 beta 3b2 gamma 3b3 delta 3b4 epsi 3b5 epsilon 3b5 zeta 3b6 eta 3b7 theta 3b8 iota 3b9 \
    kappa 3ba lambda 3bb mu 3bc nu 3bd xi 3be omicron 3bf pi 3c0 rho 3c1 sigmaf 3c2 sigmav 3c2 varsigma 3c2 \
    sigma 3c3 tau 3c4 upsi 3c5 upsilon 3c5 phi 3c6 chi 3c7 psi 3c8 omega 3c9 thetasym 3d1 thetav 3d1 vartheta 3d1 \
    Upsi 3d2 upsih 3d2 phiv 3d5 straightphi 3d5 varphi 3d5 piv 3d6 varpi 3d6 Gammad 3dc digamma 3dd gammad 3dd \
    kappav 3f0 varkappa 3f0 rhov 3f1 varrho 3f1 epsiv 3f5 straightepsilon 3f5 varepsilon 3f5 backepsilon 3f6 \
    bepsi 3f6 IOcy 401 DJcy 402 GJcy 403 Jukcy 404 DScy 405 Iukcy 406 YIcy 407 Jsercy 408 LJcy 409 NJcy 40a \
    TSHcy 40b KJcy 40c Ubrcy 40e DZcy 40f Acy 410 Bcy 411 Vcy 412 Gcy 413 Dcy 414 IEcy 415 ZHcy 416 Zcy 417 Icy 418 \
    Jcy 419 Kcy 41a Lcy 41b Mcy 41c Ncy 41d Ocy 41e Pcy 41f Rcy 420 Scy 421 Tcy 422 Ucy 423 Fcy 424 KHcy 425 \
    TScy 426 CHcy 427 SHcy 428 SHCHcy 429 HARDcy 42a Ycy 42b SOFTcy 42c Ecy 42d YUcy 42e YAcy 42f acy 430 bcy 431 \
    vcy 432 gcy 433 dcy 434 iecy 435 zhcy 436 zcy 437 icy 438 jcy 439 kcy 43a lcy 43b mcy 43c ncy 43d ocy 43e \
    pcy 43f rcy 440 scy 441 tcy 442 ucy 443 fcy 444 khcy 445 tscy 446 chcy 447 shcy 448 shchcy 449 hardcy 44a \
    ycy 44b softcy 44c ecy 44d yucy 44e yacy 44f iocy 451 djcy 452 gjcy 453 jukcy 454 dscy 455 iukcy 456 yicy 457 \
    jsercy 458 ljcy 459 njcy 45a tshcy 45b kjcy 45c ubrcy 45e dzcy 45f ensp 2002 emsp 2003 emsp13 2004 emsp14 2005 \
    numsp 2007 puncsp 2008 ThinSpace 2009 thinsp 2009 VeryThinSpace 200a hairsp 200a NegativeMediumSpace 200b \
    NegativeThickSpace 200b NegativeThinSpace 200b NegativeVeryThinSpace 200b ZeroWidthSpace 200b zwnj 200c \
    zwj 200d lrm 200e rlm 200f dash 2010 hyphen 2010 ndash 2013 mdash 2014 horbar 2015 Verbar 2016 Vert 2016 \
    OpenCurlyQuote 2018 lsquo 2018 CloseCurlyQuote 2019 rsquo 2019 rsquor 2019 lsquor 201a sbquo 201a \
    OpenCurlyDoubleQuote 201c ldquo 201c CloseCurlyDoubleQuote 201d rdquo 201d rdquor 201d bdquo 201e ldquor 201e \
    dagger 2020 Dagger 2021 ddagger 2021 bull 2022 bullet 2022 nldr 2025 hellip 2026 mldr 2026 permil 2030 \
    pertenk 2031 prime 2032 Prime 2033 tprime 2034 backprime 2035 bprime 2035 lsaquo 2039 rsaquo 203a OverBar 203e \
    oline 203e caret 2041 hybull 2043 frasl 2044 bsemi 204f qprime 2057 MediumSpace 205f NoBreak 2060 \
    ApplyFunction 2061 af 2061 InvisibleTimes 2062 it 2062 InvisibleComma 2063 ic 2063 euro 20ac TRADE 2122 \
    trade 2122 minus 2212 fflig fb00 filig fb01 fllig fb02 ffilig fb03 ffllig fb04";

static NAMED: LazyLock<HashMap<&str, char>> = LazyLock::new(|| {
    let words: Vec<&str> = NAMES.split(' ').collect();
    let number = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    words.chunks_exact(2).filter_map(|pair| Some((pair[0], number(pair[1])?))).collect()
});

/// The character of a name.
pub(super) fn named(name: &str) -> Option<char> {
    let accented = || {
        let letter = name.chars().next().filter(char::is_ascii_alphabetic)?;
        let (_, accent) = ACCENTS.iter().find(|(accent, _)| *accent == &name[1..])?;
        compose(letter, *accent)
    };
    NAMED.get(name).copied().or_else(accented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_characters() {
        for (name, c) in [
            ("uuml", 'ü'),
            ("Ccedil", 'Ç'),
            ("zcaron", 'ž'),
            ("szlig", 'ß'),
            ("dollar", '$'),
            ("Tab", '\t'),
            ("zwnj", '\u{200c}'),
            ("ffllig", 'ﬄ'),
            ("yacy", 'я'),
        ] {
            assert_eq!(named(name), Some(c), "{name}");
        }
        assert_eq!((named("xuml").is_some(), named("quml"), named(""), named("é")), (true, None, None, None));
    }
}
