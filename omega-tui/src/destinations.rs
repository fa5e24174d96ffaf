//! Where the input of a call says that something goes: the hosts of its addresses, as a browser would read them, and mail
//! addresses. For a person who decides, and for nobody else: what is behind an encoding is found by the server.

use serde_json::Value;
use std::collections::BTreeSet;

/// Text that is read at most.
const MOST: usize = 256 * 1024;

/// The hosts and mail addresses that a value names, in its keys and in its texts, each once.
pub fn of(value: &Value) -> Vec<String> {
    let (mut found, mut left) = (BTreeSet::new(), MOST);
    look(value, &mut found, &mut left);
    found.into_iter().collect()
}

fn look(value: &Value, found: &mut BTreeSet<String>, left: &mut usize) {
    match value {
        Value::String(text) => read(text, found, left),
        Value::Array(list) => list.iter().for_each(|it| look(it, found, left)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            read(name, found, left);
            look(value, found, left);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn read(text: &str, found: &mut BTreeSet<String>, left: &mut usize) {
    let text = &text[..text.floor_char_boundary(*left)];
    *left -= text.len();
    let is_end = |c: char| c.is_whitespace() || c.is_control() || "\"'<>(){}|^`,;".contains(c);
    for word in text.split(is_end) {
        match word.split_once("://") {
            Some((_, rest)) => found.extend(host(rest)),
            None => found.extend(mail(word)),
        }
    }
}

/// The host of what follows a scheme: after a user's name, before a port, a path, a query or a fragment.
fn host(rest: &str) -> Option<String> {
    // A browser takes a backslash for a slash.
    let authority = rest.split(['/', '\\', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    let host = host.get(..end)?.trim_end_matches('.').to_lowercase();
    (!host.is_empty()).then_some(host)
}

fn mail(word: &str) -> Option<String> {
    let word = word.strip_prefix("mailto:").unwrap_or(word).trim_end_matches(['.', ':', '!', '?']);
    let (name, host) = word.split_once('@')?;
    let is_mail = !name.is_empty() && !host.contains('@') && host.contains('.') && !host.starts_with('.');
    is_mail.then(|| word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_host_is_the_one_that_a_browser_would_go_to() {
        let cases = [
            (json!("https://example.com/a?b=c#d"), vec!["example.com"]),
            (json!("https://example.com@evil.test/"), vec!["evil.test"]),
            (json!("https://evil.test\\@example.com/"), vec!["evil.test"]),
            (json!("HTTPS://Api.Example.COM:8443/x"), vec!["api.example.com"]),
            (json!("http://[::1]:80/"), vec!["[::1]"]),
            (json!("see https://a.test, (https://b.test) and <https://c.test>"), vec!["a.test", "b.test", "c.test"]),
            (json!({"https://key.test": [{"to": "Ada@X.org"}]}), vec!["ada@x.org", "key.test"]),
            (json!("mailto:a@b.c"), vec!["a@b.c"]),
            (json!("@scope/pkg and 5 @ 3 and a@b"), vec![]),
            (json!("https://"), vec![]),
            (json!([1, true, null]), vec![]),
        ];
        for (value, hosts) in cases {
            assert_eq!(of(&value), hosts, "{value}");
        }
    }

    #[test]
    fn a_large_input_is_read_as_far_as_it_is_affordable() {
        let large = format!("https://first.test {} https://last.test", "é".repeat(MOST));
        assert_eq!(of(&json!([large, "https://next.test"])), ["first.test"]);
    }
}
