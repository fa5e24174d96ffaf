//! What a package's author, and who adds it, is told of it before a call fails.

use super::protocol::Description;
use std::collections::BTreeSet;

/// Characters that are told of why something was not made, or did not start.
const SAID: usize = 300;
/// How it is told that native code does not run; the scan of scripts says it in these words too (`capabilities`).
const NATIVE: &str = "it loads native code";
/// That it waits for connections, and says where.
const OTHER_WAYS: [&str; 2] = ["it waits for connections", "it speaks to this machine"];
/// The shape of tools of MCP servers.
const MCP: &str = "mcp";

/// In words, what was seen before what its scripts hold.
pub fn of(found: &Description, in_scripts: &BTreeSet<String>) -> Vec<String> {
    let not_started = found.server_failure.as_deref().map(|why| not_started(why, found.tools.is_empty()));
    let not_made = found.unmade.iter().map(|why| not_made(why));
    let lent = found.lent.iter().map(|maker| lent(maker));
    let is_told = in_scripts.iter().any(|words| words.starts_with(NATIVE));
    let native = (found.needs.native && !is_told)
        .then(|| format!("{NATIVE}: none runs in the sandbox, so what uses it fails; JavaScript and WebAssembly do"));
    let serves = in_scripts.iter().any(|words| words.starts_with(OTHER_WAYS[0]));
    let in_scripts = in_scripts.iter().filter(|words| !(serves && is_other_way(found, words))).cloned();
    not_started.into_iter().chain(not_made).chain(lent).chain(native).chain(in_scripts).collect()
}

/// Whether that is how an MCP server would be reached that answers over stdio: no call of its tools goes that way.
fn is_other_way(found: &Description, words: &str) -> bool {
    let answers = found.server_failure.is_none() && !found.tools.is_empty();
    answers && found.tools.iter().all(|tool| tool.shape == MCP) && OTHER_WAYS.iter().any(|way| words.starts_with(way))
}

/// What is said of a package whose program gave no tools where others of its kind are MCP servers.
fn not_started(why: &str, is_all: bool) -> String {
    let what =
        if is_all { "did not answer as an MCP server" } else { "ends where it lacks something, and so does each call" };
    format!("its program {what} ({})", why.chars().take(SAID).collect::<String>())
}

/// The same of an export that makes tools for those who give it what it wants.
fn not_made(why: &str) -> String {
    format!("tools that have to be made first could not be: {}", why.chars().take(SAID).collect::<String>())
}

/// The same of one that made its tools of a stand-in.
fn lent(maker: &str) -> String {
    format!(
        "{maker} makes its tools of a client or of settings that a program has: what a call has of those are its variables"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::needs::Needs;
    use serde_json::json;

    #[test]
    fn native_code_is_told_once_and_a_way_that_no_call_goes_never() {
        let waits = format!("{} (http.createServer in a.js): nobody reaches it in the sandbox", OTHER_WAYS[0]);
        let told = format!("{NATIVE} (it needs bindings): none runs in the sandbox");
        let lacks = |shape: &str, native: bool, failure: Option<&str>, scripts: &[&String]| {
            let tool = json!({"name": "t", "shape": shape, "description": "", "inputSchema": {}, "envRead": []});
            let found = json!({"tools": [tool], "functions": [], "readAtImport": [], "serverFailure": failure});
            let mut found: Description = serde_json::from_value(found).unwrap();
            found.needs = Needs { native, ..Needs::default() };
            of(&found, &scripts.iter().map(|words| (*words).clone()).collect())
        };
        for (shape, native, failure, scripts, count) in [
            ("mcp", false, None, vec![&waits], 0),
            ("mcp", false, Some("it is down"), vec![&waits], 2),
            ("tool", false, None, vec![&waits], 1),
            ("tool", true, None, vec![], 1),
            ("tool", true, None, vec![&told], 1),
            ("mcp", true, None, vec![&told, &waits], 1),
        ] {
            let lacks = lacks(shape, native, failure, &scripts);
            assert_eq!(lacks.len(), count, "{shape} {native} {failure:?} {scripts:?}: {lacks:?}");
        }
    }
}
