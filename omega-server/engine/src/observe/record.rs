//! The way of each formatted log record to stderr: without the secrets that this process knows, without what looks like one,
//! and without the values of headers that carry some, whichever crate logged them.

use super::known_secrets;
use aho_corasick::AhoCorasick;
use std::{
    io::{self, Write},
    sync::LazyLock,
};
use tracing_subscriber::fmt::MakeWriter;

/// Headers whose values are never logged.
const HEADERS: [&str; 8] = [
    "proxy-authorization",
    "authorization",
    "x-goog-api-key",
    "x-api-key",
    "api-key",
    "set-cookie",
    "cookie",
    "x-csrf-token",
];

static NAMES: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(HEADERS).ok());

/// Makes a [`Record`] for each event.
#[derive(Debug, Clone, Copy)]
pub struct Records;

impl<'w> MakeWriter<'w> for Records {
    type Writer = Record;

    fn make_writer(&'w self) -> Record {
        Record(Vec::new())
    }
}

/// One record; it is cleaned as a whole and written when it is dropped.
#[derive(Debug)]
pub struct Record(Vec<u8>);

impl Write for Record {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // Nobody could be told that the log can't be written.
        let _ = io::stderr().lock().write_all(clean(&String::from_utf8_lossy(&self.0)).as_bytes());
    }
}

/// A record as it may be written.
pub fn clean(record: &str) -> String {
    without_headers(&known_secrets::clean(record))
}

/// Takes out what stands behind the name of a header and a colon or an equals sign, to the end of its quotes or of the line.
fn without_headers(record: &str) -> String {
    let Some(names) = NAMES.as_ref() else { return record.to_owned() };
    let (mut clean, mut from) = (String::with_capacity(record.len()), 0);
    while let Some(name) = names.find(aho_corasick::Input::new(record).range(from..)) {
        let rest = &record[name.end()..];
        let lead = rest.len() - rest.trim_start_matches(['"', '\'', '\\', ' ', ':', '=', '(', '[', ',']).len();
        let value = name.end() + lead;
        let long = record[value..].find(['"', '\\', '\n', '}', ')', ']']).unwrap_or(record.len() - value);
        clean.push_str(&record[from..value]);
        if lead > 0 && rest[..lead].contains([':', '=', ',']) && long > 0 {
            clean.push_str("«redacted:header»");
            from = value + long;
        } else {
            from = value;
        }
    }
    clean.push_str(&record[from..]);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_lose_their_values_and_a_record_stays_json() {
        let gone = "«redacted:header»";
        let cases = [
            (r#"{"authorization": "Bearer abc def"}"#, format!(r#"{{"authorization": "{gone}"}}"#)),
            (r#"{"m":"headers: {\"Authorization\": \"Basic QUJD\", \"a\": \"b\"}"}"#, {
                format!(r#"{{"m":"headers: {{\"Authorization\": \"{gone}\", \"a\": \"b\"}}"}}"#)
            }),
            ("cookie: a=b; c=d\nnext: line", format!("cookie: {gone}\nnext: line")),
            (r#"("set-cookie", "sid=1; Path=/")"#, format!(r#"("set-cookie", "{gone}")"#)),
            ("x-api-key=abc", format!("x-api-key={gone}")),
            ("the authorization of a user", "the authorization of a user".into()),
            ("no header here", "no header here".into()),
        ];
        for (record, expected) in cases {
            assert_eq!(without_headers(record), expected);
        }
        let record = serde_json::json!({ "a": "x-api-key: \"q\"uo\\te", "b": 1 }).to_string();
        assert!(serde_json::from_str::<serde_json::Value>(&clean(&record)).is_ok(), "{}", clean(&record));
    }

    #[test]
    fn a_record_has_no_value_that_was_noted_and_no_key_by_its_look() {
        known_secrets::note("A_KEY", &secrecy::SecretString::from("noted/value\"with quotes"));
        let key = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
        let record = serde_json::json!({ "message": format!("noted/value\"with quotes and {key}") }).to_string();
        assert_eq!(clean(&record), r#"{"message":"«redacted:A_KEY» and «redacted:github-token»"}"#);
        let debugged = serde_json::json!({ "message": format!("{:?}", "noted/value\"with quotes") }).to_string();
        assert_eq!(clean(&debugged), r#"{"message":"\"«redacted:A_KEY»\""}"#);
    }
}
