//! Code of many languages.

use super::*;
use omega_core::testing::hostile::{Growth, PATTERNS};
use proptest::prelude::*;

fn told(name: &str, code: &str) -> Vec<(Kind, String)> {
    let pieces = lines(name, code).into_iter().flatten();
    let pieces = pieces.filter(|(kind, piece)| *kind != Kind::Plain && !piece.is_empty());
    pieces.map(|(kind, piece)| (kind, piece.to_owned())).collect()
}

/// A language, its code, and what is told apart in it.
type Case = (&'static str, &'static str, &'static [(Kind, &'static str)]);

#[test]
fn code_of_many_languages_is_told_apart() {
    let cases: &[Case] = &[
        (
            "rust",
            "fn main() { let x = 1; } // end",
            &[
                (Kind::Keyword, "fn"),
                (Kind::Name, "main"),
                (Kind::Keyword, "let"),
                (Kind::Number, "1"),
                (Kind::Comment, "// end"),
            ],
        ),
        ("js", "`a\nb` + \"c\\\"d\"", &[(Kind::Text, "`a"), (Kind::Text, "b`"), (Kind::Text, "\"c\\\"d\"")]),
        (
            "python",
            "def f(x):\n  '''a\n  b'''",
            &[(Kind::Keyword, "def"), (Kind::Name, "f"), (Kind::Text, "'''a"), (Kind::Text, "  b'''")],
        ),
        (
            "json",
            "{\"a\": \"b\", \"n\": -1.5e3, \"t\": true}",
            &[
                (Kind::Name, "\"a\""),
                (Kind::Text, "\"b\""),
                (Kind::Name, "\"n\""),
                (Kind::Number, "1.5e3"),
                (Kind::Name, "\"t\""),
                (Kind::Keyword, "true"),
            ],
        ),
        (
            "sql",
            "SELECT a FROM t -- all",
            &[(Kind::Keyword, "SELECT"), (Kind::Keyword, "FROM"), (Kind::Comment, "-- all")],
        ),
        (
            "diff",
            "@@ -1 +1 @@\n-a\n+b\n c",
            &[(Kind::Place, "@@ -1 +1 @@"), (Kind::Removed, "-a"), (Kind::Added, "+b")],
        ),
        ("c", "/* a\nb */ x", &[(Kind::Comment, "/* a"), (Kind::Comment, "b */")]),
        ("yaml", "some-key: 1 # note", &[(Kind::Name, "some-key"), (Kind::Number, "1"), (Kind::Comment, "# note")]),
        ("nonsense", "if x { 1 }", &[]),
        ("rust", "x1 &'a str", &[(Kind::Keyword, "str")]),
    ];
    for (name, code, expected) in cases {
        let expected: Vec<(Kind, String)> = expected.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(told(name, code), expected, "{name}: {code}");
    }
}

#[test]
fn hostile_code_is_told_apart_in_linear_time() {
    for pattern in PATTERNS {
        let growth = Growth::of(6 << 10, |bytes| drop(lines("rust", &pattern.text(bytes))));
        assert!(growth.is_linear(), "{pattern:?}: {growth:?}");
    }
}

proptest! {
    #[test]
    fn the_pieces_of_a_line_are_the_line(
        name in prop::sample::select(vec!["rs", "js", "py", "sql", "yaml", "html", "css", "diff", "json", "lua", "x"]),
        code in "[a-c\"'`/*#<!>{}=:@$日é\\\\\\-+0-9 \n]{0,60}",
    ) {
        let whole: Vec<String> = lines(name, &code).iter().map(|line| line.iter().map(|(_, piece)| *piece).collect()).collect();
        prop_assert_eq!(whole.join("\n"), code);
    }
}
