//! How encoders of the world write a text: what a redactor has to read.

use super::super::SHORTEST;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

pub(super) fn encodings(text: &str) -> Vec<String> {
    let mut found = vec![text.to_owned()];
    let once = json_escaped(text, false);
    let twice = json_escaped(&once, false);
    found.extend([json_escaped(&twice, false), twice, json_escaped(text, true), once.replace('/', "\\/"), once]);
    found.extend(["&#39;", "&#x27;", "&apos;", "'"].map(|apostrophe| html_escaped(text, apostrophe)));
    // RFC 3986, encodeURIComponent, encodeURI, HTML forms, and every byte.
    for kept in ["-._~", "-._~!'()*", "-._~!'()*;,/?:@&=+$#", "-._*"] {
        found
            .extend([true, false].map(|upper| percent(text, |c| c.is_ascii_alphanumeric() || kept.contains(c), upper)));
    }
    found.extend([true, false].map(|upper| percent(text, |_| false, upper)));
    let forms = [true, false].map(|upper| {
        percent(text, |c| c == ' ' || c.is_ascii_alphanumeric() || "-._*".contains(c), upper).replace(' ', "+")
    });
    found.extend(forms);
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    found.extend([hex.to_uppercase(), hex]);
    found.extend(base64_of(text.as_bytes()));
    found.retain(|needle| needle.len() >= SHORTEST);
    found.sort();
    found.dedup();
    found
}

/// As it stands inside the quotes of JSON.
pub(super) fn json_escaped(text: &str, ascii: bool) -> String {
    let quoted = Value::from(text).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    if !ascii {
        return inner.to_owned();
    }
    let mut units = [0; 2];
    let mut escaped = String::with_capacity(inner.len());
    for c in inner.chars() {
        if c.is_ascii() {
            escaped.push(c);
        } else {
            c.encode_utf16(&mut units).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
        }
    }
    escaped
}

fn html_escaped(text: &str, apostrophe: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', "&quot;").replace('\'', apostrophe)
}

fn percent(text: &str, keep: impl Fn(char) -> bool, upper: bool) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    let mut bytes = [0; 4];
    for c in text.chars() {
        if keep(c) {
            encoded.push(c);
        } else {
            for byte in c.encode_utf8(&mut bytes).bytes() {
                encoded.push_str(&if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") });
            }
        }
    }
    encoded
}

/// Base64 of the bytes alone, and what stays the same of it behind one, two or three other bytes and before any.
fn base64_of(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for alphabet in [&STANDARD, &URL_SAFE] {
        let alone = alphabet.encode(bytes);
        found.push(alone.trim_end_matches('=').to_owned());
        found.push(alone);
        for before in 0..3 {
            let shifted = [&[0; 2][..before], bytes].concat();
            let encoded = alphabet.encode(&shifted);
            // Characters that also hold bits of the bytes before or after are another text each time.
            let (first, last) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
            found.push(encoded[first..last].to_owned());
        }
    }
    found
}

/// What a careless or clever tool writes instead of a text: nothing of the text is visible in it, or not at once.
pub(super) fn disguises(text: &str) -> Vec<(String, String)> {
    let each = |f: &dyn Fn(char) -> String| text.chars().map(f).collect::<String>();
    let between = |sign: &str| text.chars().map(String::from).collect::<Vec<_>>().join(sign);
    let utf16 = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("{unit:04x}")).collect::<Vec<_>>();
    let bytes = |f: &dyn Fn(u8) -> String| text.bytes().map(f).collect::<String>();
    let mixed = |digits: &str| {
        digits
            .chars()
            .enumerate()
            .map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c })
            .collect::<String>()
    };
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, text: String| all.push((name.to_owned(), text));
    for (name, sign) in [
        ("NUL", "\0"),
        ("backspace", "\u{8}"),
        ("delete", "\u{7f}"),
        ("vertical tab", "\u{b}"),
        ("next line", "\u{85}"),
        ("another C1", "\u{81}"),
        ("colour", "\u{1b}[0m"),
        ("C1 colour", "\u{9b}1m"),
        ("title", "\u{1b}]0;some title\u{7}"),
        ("link", "\u{1b}]8;;https://host.test\u{1b}\\"),
        ("charset", "\u{1b}(B"),
        ("zero width space", "\u{200b}"),
        ("zero width joiner", "\u{200d}"),
        ("soft hyphen", "\u{ad}"),
        ("right to left", "\u{202e}"),
        ("isolate", "\u{2066}"),
        ("byte order mark", "\u{feff}"),
        ("variation selector", "\u{fe0f}"),
        ("tag", "\u{e0041}"),
        ("filler", "\u{3164}"),
        ("not decodable", "\u{fffd}"),
        ("two NULs", "\0\0"),
    ] {
        add(name, between(sign));
    }
    add("u escapes", each(&|c| utf16(c).iter().map(|unit| format!("\\u{unit}")).collect()));
    add(
        "u escapes in capitals",
        each(&|c| utf16(c).iter().map(|unit| format!("\\u{}", unit.to_uppercase())).collect()),
    );
    add("u escapes in both", each(&|c| utf16(c).iter().map(|unit| format!("\\u{}", mixed(unit))).collect()));
    let units: Vec<String> = text.chars().flat_map(utf16).map(|unit| format!("\\u{unit}")).collect();
    add("u escapes with NULs", units.join("\\u0000"));
    let escaped: Vec<String> = text.chars().map(|c| json_escaped(c.encode_utf8(&mut [0; 4]), false)).collect();
    add("escaped NULs", escaped.join("\\u0000"));
    add("escaped colour", escaped.join("\\u001b[1m"));
    add("braces", each(&|c| format!("\\u{{{:x}}}", u32::from(c))));
    add("eight digits", each(&|c| format!("\\U{:08X}", u32::from(c))));
    add("x escapes", bytes(&|byte| format!("\\x{byte:02x}")));
    add("octal", bytes(&|byte| format!("\\{byte:03o}")));
    add("percent", bytes(&|byte| format!("%{}", mixed(&format!("{byte:02x}")))));
    add("percent u", each(&|c| utf16(c).iter().map(|unit| format!("%u{unit}")).collect()));
    add("quoted-printable", bytes(&|byte| format!("={byte:02X}")));
    let quoted: Vec<String> = text.chars().map(|c| if c == '=' { "=3D".into() } else { c.to_string() }).collect();
    add("soft breaks", quoted.join("=\r\n"));
    add("decimal entities", each(&|c| format!("&#{};", u32::from(c))));
    add("padded entities", each(&|c| format!("&#{:07};", u32::from(c))));
    add("hex entities", each(&|c| format!("&#x{:x};", u32::from(c))));
    add("capital hex entities", each(&|c| format!("&#X{:X};", u32::from(c))));
    add("entities without end", each(&|c| format!("&#{}", u32::from(c))));
    add("decomposed", text.nfd().collect());
    add("composed", text.nfc().collect());
    add(
        "wide",
        each(&|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c).to_string()),
    );
    add("JSON in an attribute", html_escaped(&json_escaped(text, false), "&#39;"));
    let hex: Vec<String> = text.bytes().map(|byte| mixed(&format!("{byte:02x}"))).collect();
    for sign in ["", " ", ":", "-", ", ", "\n"] {
        add(&format!("hex with {sign:?}"), hex.join(sign));
    }
    for (name, encoded) in [
        ("base64", STANDARD.encode(format!("some text before {text} and behind it"))),
        ("base64url", URL_SAFE.encode(format!("and text before {text} and behind"))),
        ("base64 of UTF-16", STANDARD.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())),
        ("base64 of the composed", STANDARD.encode(text.nfc().collect::<String>())),
        ("base64 of the decomposed", STANDARD.encode(text.nfd().collect::<String>())),
    ] {
        for width in [1, 4, 7, 19, 64, 76] {
            for end in ["\n", "\r\n", "\\n", "\r\n\t"] {
                let lines: Vec<&str> =
                    encoded.as_bytes().chunks(width).filter_map(|line| std::str::from_utf8(line).ok()).collect();
                add(&format!("{name} in lines of {width} with {end:?}"), lines.join(end));
            }
        }
        add(&format!("{name} as percent escapes"), encoded.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D"));
    }
    all
}
