use super::{needles::forms, *};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;
use serde_json::json;
use writings::{disguises, encodings};

mod linear;
mod writings;

fn redactor(secrets: &[(&'static str, &str)]) -> Redactor {
    let values: Vec<_> = secrets.iter().map(|(name, value)| (*name, SecretString::from(*value))).collect();
    Redactor::new(values.iter().map(|(name, value)| (*name, value)))
}

/// Needs escaping in every one of the encodings.
const SECRET: &str = "s3cr\"et/+<k&y>'é\\=";

#[test]
fn every_listed_encoding_is_found_in_the_middle_of_text() {
    let redactor = redactor(&[("KEY", SECRET)]);
    let json = json!({ "k": SECRET });
    let forms = [
        SECRET.to_owned(),
        json.to_string(),
        json!({ "body": json.to_string() }).to_string(),
        format!("{json:#}"),
        "s3cr%22et%2F%2B%3Ck%26y%3E%27%C3%A9%5C%3D".into(),
        "s3cr%22et%2f%2b%3ck%26y%3e%27%c3%a9%5c%3d".into(),
        "s3cr%22et%2F%2B%3Ck%26y%3E'%C3%A9%5C%3D".into(),
        "s3cr%22et/+%3Ck&y%3E'%C3%A9%5C=".into(),
        "s3cr&quot;et/+&lt;k&amp;y&gt;&#39;é\\=".into(),
        "s3cr&quot;et/+&lt;k&amp;y&gt;&#x27;é\\=".into(),
        r#"s3cr\"et\/+<k&y>'é\\="#.into(),
        r#"s3cr\"et/+<k&y>'\u00e9\\="#.into(),
        STANDARD.encode(SECRET),
        URL_SAFE_NO_PAD.encode(SECRET),
        STANDARD.encode(format!("user:{SECRET}")),
        STANDARD.encode(format!("us:{SECRET}!")),
        URL_SAFE.encode(format!("x{SECRET} and more")),
        SECRET.bytes().map(|byte| format!("{byte:02x}")).collect(),
        SECRET.bytes().map(|byte| format!("{byte:02X}")).collect(),
        SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect(),
    ];
    let mut seen = std::collections::HashSet::new();
    for form in &forms {
        let text = format!("before {form} after");
        let clean = redactor.redact(&text);
        assert!(clean.contains("«redacted:KEY»"), "{form} passed");
        assert!(clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
        seen.insert(form);
    }
    assert_eq!(seen.len(), forms.len(), "each form is another one");
}

#[test]
fn what_is_disguised_is_found_whole() {
    for (secret, shown) in [
        (SECRET, "a secret of all kinds of signs"),
        ("schlüssel-geheim-äöü-123", "letters with marks"),
        ("canary-AAbb11cc22dd33ee44", "a key"),
    ] {
        let redactor = redactor(&[("KEY", secret)]);
        for (name, disguise) in disguises(secret) {
            // The base64 of other text around it stays.
            let whole = !name.starts_with("base64");
            for (before, after) in
                [("", ""), ("before ", " after"), ("{\"k\":\"", "\"}"), ("100% & ", " \\ = 1"), ("é+", "+é")]
            {
                let text = format!("{before}{disguise}{after}");
                let clean = redactor.redact(&text);
                if whole {
                    assert_eq!(clean, format!("{before}«redacted:KEY»{after}"), "{name} of {shown}");
                } else {
                    assert!(clean.contains("«redacted:KEY»"), "{name} of {shown}: {clean}");
                }
                let mut stream = redactor.stream();
                let mut streamed: String = text.chars().map(|c| stream.push(c.encode_utf8(&mut [0; 4]))).collect();
                streamed.push_str(&stream.finish());
                assert_eq!(streamed, clean, "{name} of {shown}, a character at a time");
            }
        }
    }
}

#[test]
fn letters_by_name_are_found() {
    let redactor = redactor(&[("KEY", "schlüssel-geheim-äöü-123"), ("SIGNS", "a<b>&c\"d'e$f@g")]);
    assert_eq!(redactor.redact("x schl&uuml;ssel-geheim-&auml;&ouml;&#252;-123 y"), "x «redacted:KEY» y");
    assert_eq!(redactor.redact("a&lt;b&gt;&amp;c&quot;d&apos;e&dollar;f&commat;g"), "«redacted:SIGNS»");
}

#[test]
fn a_key_is_known_by_its_look_also_where_it_is_taken_apart_by_what_does_not_show() {
    let redactor = redactor(&[]);
    for (name, key) in keys() {
        for sign in ["\0", "\u{1b}[0m", "\u{8}", "\u{7f}", "\u{200b}", "\u{1b}]0;t\u{7}"] {
            let apart = key.chars().map(String::from).collect::<Vec<_>>().join(sign);
            assert_eq!(redactor.redact(&format!("a {apart} ;")), format!("a «redacted:{name}» ;"), "{sign:?}");
        }
    }
}

#[test]
fn cleaning_and_shortening_puts_no_secret_together_again() {
    let redactor = redactor(&[("KEY", "canary-AAbb11cc22dd33ee44")]);
    for (name, disguise) in disguises("canary-AAbb11cc22dd33ee44") {
        let clean = redactor.redact(&disguise).into_owned();
        for shown in [crate::sanitize::sanitize_terminal(&clean), crate::sanitize::one_line(&clean, 1000)] {
            assert!(!shown.contains("canary-AA") && !shown.contains("33ee44"), "{name}: {shown}");
        }
    }
}

#[test]
fn no_marker_ends_another() {
    assert!(
        patterns::markers().all(|marker| !patterns::markers().any(|other| other != marker && other.ends_with(marker)))
    );
}

#[test]
fn a_space_is_found_as_plus_and_as_percent_20() {
    let redactor = redactor(&[("PHRASE", "correct horse battery")]);
    for form in ["correct horse battery", "correct+horse+battery", "correct%20horse%20battery"] {
        assert_eq!(redactor.redact(&format!("q={form}&x")), "q=«redacted:PHRASE»&x");
    }
}

#[test]
fn lines_and_json_leaves_are_secrets_by_themselves_and_a_pem_frame_is_none() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n";
    let account =
        r#"{"type":"x","private_key":"abc-def-ghi-jkl","nested":[{"token":"tok-0123456789"}],"n":12345678901}"#;
    let redactor = redactor(&[("PEM", pem), ("ACCOUNT", account)]);
    assert_eq!(redactor.redact("line hkiG9w0BAQEFAASC!"), "line «redacted:PEM»!");
    assert_eq!(redactor.redact(pem), "«redacted:PEM»\n");
    assert_eq!(redactor.redact("-----BEGIN PRIVATE KEY-----"), "-----BEGIN PRIVATE KEY-----");
    assert_eq!(redactor.redact("it is tok-0123456789"), "it is «redacted:ACCOUNT»");
    assert_eq!(redactor.redact("type x"), "type x");
}

#[test]
fn values_keys_and_numbers_are_cleaned_and_the_rest_stays() {
    let redactor = redactor(&[("A", "sk-123456"), ("LONGER", "sk-123456-789"), ("DIGITS", "4111111111111111")]);
    let mut value =
        json!({"sk-123456": ["x sk-123456-789 y", 1, null, {"deep": "sk-123456"}], "card": 4_111_111_111_111_111_u64});
    redactor.redact_value(&mut value);
    let clean = json!({"«redacted:A»": ["x «redacted:LONGER» y", 1, null, {"deep": "«redacted:A»"}], "card": "«redacted:DIGITS»"});
    assert_eq!(value, clean);
    let mut error = crate::executor::ToolError::new(crate::executor::ToolErrorCode::ToolError, "bad key sk-123456")
        .with(json!(["sk-123456"]));
    redactor.clean(&mut error);
    assert_eq!((error.message.as_str(), error.details), ("bad key «redacted:A»", Some(json!(["«redacted:A»"]))));
}

#[test]
fn short_values_stay_and_nothing_is_printed_of_a_redactor() {
    let short = redactor(&[("MODE", "on"), ("PIN", "1234567")]);
    assert_eq!(short.redact("turned on 1234567"), "turned on 1234567");
    assert!(
        !format!("{:?} {:?}", redactor(&[("K", "0123456789")]), redactor(&[("K", "0123456789")]).stream())
            .contains("0123")
    );
}

#[test]
fn text_without_a_beginning_of_a_secret_is_not_held_back() {
    let redactor = redactor(&[("K", "sk-live-0123456789")]);
    let mut stream = redactor.stream();
    assert_eq!(stream.push("The answer is"), "The answer i", "an s may be its beginning");
    assert_eq!(stream.push(" 42."), "s 42.");
    assert_eq!(stream.push(" Key sk-live-01234567"), " Key ");
    assert_eq!(stream.push("89!"), "«redacted:K»!");
    assert_eq!(stream.push(" sk-"), " ");
    assert_eq!(stream.finish(), "sk-");
    let mut growing = json!({ "text": "so far: sk-live-012", "done": ["sk-live-0123456789."] });
    redactor.redact_partial(&mut growing);
    assert_eq!(growing, json!({ "text": "so far: ", "done": ["«redacted:K»."] }));
}

/// A text of so many characters that looks random.
fn random(alphabet: &str, length: usize) -> String {
    let alphabet = alphabet.as_bytes();
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        char::from(alphabet[state as usize % alphabet.len()])
    };
    (0..length).map(|_| next()).collect()
}

const ALPHANUMERIC: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

fn json_web_token() -> String {
    let part = |json: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
    let header = part(json!({ "alg": "RS256", "typ": "JWT", "kid": "2026-01" }));
    let payload = part(json!({ "sub": "1234567890", "scope": ["read", "write"], "exp": 1_900_000_000_u64 }));
    format!("{header}.{payload}.{}", random(ALPHANUMERIC, 86))
}

fn pem(label: &str, line_end: &str) -> String {
    let line = |_| random(ALPHANUMERIC, 64) + line_end;
    let body: String = (0..3).map(line).collect();
    format!("-----BEGIN {label}-----{line_end}{body}QUJD+/=={line_end}-----END {label}-----")
}

/// Texts that are secrets by their look, with the name of the rule. Put together here, so that no scanner of repositories
/// takes this file for a leak.
fn keys() -> Vec<(&'static str, String)> {
    let key = |name, marker: &str, length| (name, format!("{marker}{}", random(ALPHANUMERIC, length)));
    let hex = |name, marker: &str, length| (name, format!("{marker}{}", random("0123456789abcdef", length)));
    let upper = |name, marker: &str, length| (name, format!("{marker}{}", random("ABCDEFGHIJKLMNOP234567", length)));
    vec![
        key("tpmjs-key", "tpmjs_sk_", 43),
        key("anthropic-key", "sk-ant-api03-", 93),
        hex("openrouter-key", "sk-or-v1-", 64),
        key("openai-key", "sk-proj-", 156),
        key("openai-key", "sk-svcacct-", 100),
        key("secret-key", "sk-", 48),
        hex("secret-key", "sk-", 32),
        key("stripe-key", "sk_live_", 24),
        key("stripe-key", "rk_test_", 99),
        key("webhook-secret", "whsec_", 32),
        key("google-key", "AIza", 35),
        key("github-token", "ghp_", 36),
        key("github-token", "ghs_", 36),
        ("github-token", format!("github_pat_{}_{}", random(ALPHANUMERIC, 22), random(ALPHANUMERIC, 59))),
        key("gitlab-token", "glpat-", 20),
        (
            "slack-token",
            format!("xoxb-{}-{}-{}", random("0123456789", 12), random("0123456789", 13), random(ALPHANUMERIC, 24)),
        ),
        upper("aws-key", "AKIA", 16),
        upper("aws-key", "ASIA", 16),
        key("npm-token", "npm_", 36),
        key("pypi-token", "pypi-AgEIcHlwaS5vcmc", 150),
        key("huggingface-token", "hf_", 34),
        key("groq-key", "gsk_", 52),
        key("xai-key", "xai-", 80),
        key("tavily-key", "tvly-dev-", 32),
        hex("firecrawl-key", "fc-", 32),
        ("sendgrid-key", format!("SG.{}.{}", random(ALPHANUMERIC, 22), random(ALPHANUMERIC, 43))),
        hex("shopify-token", "shpat_", 32),
        hex("digitalocean-token", "dop_v1_", 64),
        ("jwt", json_web_token()),
        ("private-key", pem("PRIVATE KEY", "\n")),
        ("private-key", pem("RSA PRIVATE KEY", "\r\n")),
        ("private-key", pem("OPENSSH PRIVATE KEY", "\n")),
        ("private-key", pem("PRIVATE KEY", "\\n")),
        ("private-key", pem("PGP PRIVATE KEY BLOCK", "\n")),
    ]
}

#[test]
fn keys_are_known_by_their_look_wherever_they_stand() {
    let redactor = redactor(&[]);
    for (name, key) in keys() {
        let marked = format!("«redacted:{name}»");
        for (before, after) in [
            ("", ""),
            ("Authorization: Bearer ", " and more"),
            ("key=", "&x=1"),
            ("{\"key\":\"", "\"}"),
            ("https://host/path?token=", "#top"),
            ("first line\\n", "\\nnext"),
            ("(", ")"),
            ("`", "`"),
            ("é", "é"),
        ] {
            let expected = format!("{before}{marked}{after}");
            let text = format!("{before}{key}{after}");
            // The escaped end of a line is a part of what an escaped private key is made of.
            if name == "private-key" || !after.starts_with('\\') {
                assert_eq!(redactor.redact(&text), expected);
            }
        }
    }
}

#[test]
fn ordinary_text_that_resembles_a_key_passes() {
    let image = STANDARD.encode(random(ALPHANUMERIC, 60_000));
    let certificate = pem("CERTIFICATE", "\n");
    let public = pem("PUBLIC KEY", "\n");
    let (commit, digest) = (random("0123456789abcdef", 40), random("0123456789abcdef", 64));
    let cases = [
        "5b0f3c1e-7d2a-4f0e-9a51-0c1d2e3f4a5b",
        &commit,
        &digest,
        &format!("sha256-{}", STANDARD.encode(&digest)),
        &format!("data:image/png;base64,{image}"),
        &format!("data:image/png;base64,{}", image.replace('A', "/")),
        &certificate,
        &public,
        "class=\"sk-fading-circle sk-circle12-and-a-very-long-name-of-a-class\"",
        "sk-XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "sk-...",
        "task-4f0e9a510c1d2e3f4a5b6c7d8e9f0a1b",
        "desk-1234567890abcdef1234567890abcdef",
        "AKIAIOSFODNN7EXAMPLE",
        "AKIA",
        "an AIzaSy prefix",
        "ghp_ is the prefix of a token, as is github_pat_",
        "hf_transfer_and_other_names_of_packages_here",
        "fc-cache --force --verbose",
        "npm_config_registry=x npm_package_json_name_of_something_long_enough",
        "xoxb-your-token",
        "eyJ is how base64 of JSON begins: eyJhIjoxfQ",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0",
        "-----BEGIN PRIVATE KEY----- is the first line of such a file, and -----END PRIVATE KEY----- the last",
        "SG.1 is a place, and pypi-AgE nothing",
        "tpmjs_sk_ is how a key begins",
        "«redacted:jwt» «redacted:openai-key»",
    ];
    let redactor = redactor(&[]);
    for case in cases {
        for text in [case.to_owned(), format!("before {case} after"), json!({ "a": case }).to_string()] {
            if text.contains("-----BEGIN PRIVATE KEY-----\\n") {
                continue;
            }
            assert_eq!(redactor.redact(&text), text);
        }
    }
}

#[test]
fn a_key_that_is_cut_off_or_too_long_is_decided_and_what_is_held_back_has_a_bound() {
    let redactor = redactor(&[]);
    let key = pem("PRIVATE KEY", "\n");
    assert_eq!(redactor.redact(&key[..200]), "«redacted:private-key»", "a key without its end");
    for endless in [
        format!("-----BEGIN PRIVATE KEY-----\n{}", random(ALPHANUMERIC, 200_000)),
        format!("eyJ{}", random(ALPHANUMERIC, 200_000)),
        format!("sk-{}", random(ALPHANUMERIC, 200_000)),
        format!("AIza{}", random(ALPHANUMERIC, 200_000)),
    ] {
        let (mut stream, mut came) = (redactor.stream(), 0);
        for chunk in endless.as_bytes().chunks(1000) {
            came += stream.push(std::str::from_utf8(chunk).unwrap()).len();
            assert!(stream.held.len() <= patterns::LONGEST + 64, "{} bytes are held back", stream.held.len());
        }
        assert!(came > 100_000, "text that is no key goes on");
    }
}

/// Secrets that overlap, contain each other and begin alike, and texts made mostly of their pieces.
fn secrets() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ab-]{8,12}|[ -~éß\n]{8,24}|aaaaaaaa|abababab-", 1..4)
}

fn texts(secrets: &[String]) -> impl Strategy<Value = String> + use<> {
    let mut pieces: Vec<String> = secrets.to_vec();
    for (_, key) in keys() {
        let (half, end) = (key.len() / 2, key.len() - 1);
        pieces.extend([key[..half].to_owned(), key[half..].to_owned(), key[..end].to_owned(), key]);
    }
    let words = ["sk-", "eyJ", "-----", "-----BEGIN ", "PRIVATE KEY-----", "-----END ", "AK", "\\n", ".", "EXAMPLE"];
    pieces.extend(words.map(str::to_owned));
    for secret in secrets {
        pieces.extend(encodings(secret));
        let half = secret.char_indices().nth(secret.chars().count() / 2).map_or(0, |(at, _)| at);
        pieces.extend([secret[..half].to_owned(), secret[half..].to_owned()]);
    }
    let piece = prop_oneof![4 => prop::sample::select(pieces), 1 => "[a-zäß -]{0,6}", 1 => "[ab-]{0,9}"];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn case() -> impl Strategy<Value = (Vec<String>, String, Vec<prop::sample::Index>)> {
    secrets().prop_flat_map(|secrets| {
        let texts = texts(&secrets);
        (Just(secrets), texts, prop::collection::vec(any::<prop::sample::Index>(), 0..12))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn split_anywhere_a_stream_comes_to_what_the_whole_text_comes_to((secrets, text, cuts) in case()) {
        let values: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(secret.as_str())).collect();
        let redactor = Redactor::new(values.iter().map(|value| ("K", value)));
        let whole = redactor.redact(&text).into_owned();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).filter(|at| text.is_char_boundary(*at)).collect();
        ends.extend([0, text.len()]);
        ends.sort_unstable();
        let (mut stream, mut parts) = (redactor.stream(), String::new());
        for pair in ends.windows(2) {
            parts.push_str(&stream.push(&text[pair[0]..pair[1]]));
        }
        parts.push_str(&stream.finish());
        prop_assert_eq!(&parts, &whole);
        if text.len() > 1_000 {
            return Ok(());
        }
        // Byte by byte too, as far as characters allow.
        let mut stream = redactor.stream();
        let mut single: String = text.chars().map(|c| stream.push(c.encode_utf8(&mut [0; 4]))).collect();
        single.push_str(&stream.finish());
        prop_assert_eq!(&single, &whole);
    }

    #[test]
    fn nothing_that_is_looked_for_is_left((secrets, text, _) in case()) {
        let values: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(secret.as_str())).collect();
        let redactor = Redactor::new(values.iter().map(|value| ("K", value)));
        let clean = redactor.redact(&text).into_owned();
        for part in clean.split("«redacted:K»") {
            for secret in &secrets {
                for form in forms(secret) {
                    // Blanks alone are no secret.
                    if form.split_whitespace().collect::<String>().len() < SHORTEST {
                        continue;
                    }
                    for needle in encodings(&form) {
                        prop_assert!(!part.contains(&needle), "{needle:?} is in {part:?}");
                    }
                }
            }
        }
    }
}
