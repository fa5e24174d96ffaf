//! Whether a tool says, or its input shows, that it deletes or spends something.
//!
//! The rule, in this order:
//! 1. its metadata has `destructiveHint` (MCP's annotation; its opposite is a stranger's claim and lifts nothing);
//! 2. its keywords hold `destructive`, or its description says that it can't be undone or does something permanently;
//! 3. its name, or the first word of its description, is a verb of destruction (delete, destroy, purge, wipe, ...) with an
//!    object that is not a piece of text or data in the input (`deleteWhitespace`);
//! 4. it gets credentials, and its name is a weaker verb (remove, drop, cancel, revoke, ...) or one of money (pay, refund,
//!    send payment, ...), or its input shows it: `method: "DELETE"`, `action: "remove"`, `DROP TABLE ...`, `rm -rf ...`.
//!
//! It is about honest tools that are used wrongly. A tool that lies about what it does can only be kept from credentials.

use omega_core::{budget::Tree, registry::Tool, sanitize::one_line};
use serde_json::Value;

/// Verbs that destroy, whatever the tool has.
const STRONG: &[&str] =
    &["delete", "destroy", "purge", "erase", "wipe", "obliterate", "unpublish", "uninstall", "deprovision"];
/// Verbs that mostly work on data in hand; with credentials they work on somebody's things.
const WEAK: &[&str] = &[
    "remove",
    "drop",
    "truncate",
    "clear",
    "reset",
    "cancel",
    "revoke",
    "terminate",
    "kill",
    "shutdown",
    "unlink",
    "trash",
    "disable",
    "deactivate",
    "suspend",
    "ban",
    "kick",
    "evict",
    "overwrite",
    "rollback",
    "unsubscribe",
    "deauthorize",
];
/// Verbs of money at the beginning of a name.
const SPENDS: &[&str] = &["pay", "withdraw", "refund", "purchase", "buy", "charge", "donate", "payout"];
/// With one of these before it, a noun of money is spent.
const DOES: &[&str] = &[
    "send", "make", "create", "submit", "execute", "confirm", "place", "initiate", "process", "capture", "transfer",
    "sign",
];
const MONEY: &[&str] = &[
    "payment",
    "payments",
    "payout",
    "payouts",
    "withdrawal",
    "refund",
    "charge",
    "purchase",
    "money",
    "funds",
    "crypto",
    "bitcoin",
    "btc",
    "eth",
    "ether",
    "usdc",
    "usdt",
    "sol",
    "trade",
    "swap",
    "transaction",
    "transfer",
    "donation",
];
/// What is a part of the input, not somebody's.
const HARMLESS: &[&str] = &[
    "duplicate",
    "duplicates",
    "whitespace",
    "space",
    "spaces",
    "blank",
    "blanks",
    "newline",
    "newlines",
    "line",
    "lines",
    "linebreaks",
    "comment",
    "comments",
    "accent",
    "accents",
    "diacritics",
    "character",
    "characters",
    "char",
    "chars",
    "word",
    "words",
    "stopwords",
    "punctuation",
    "emoji",
    "emojis",
    "html",
    "tags",
    "markup",
    "markdown",
    "formatting",
    "prefix",
    "suffix",
    "property",
    "properties",
    "attribute",
    "attributes",
    "null",
    "nulls",
    "nan",
    "na",
    "undefined",
    "empty",
    "falsy",
    "outliers",
    "noise",
    "silence",
    "background",
    "bg",
    "watermark",
    "metadata",
    "exif",
    "quotes",
    "brackets",
    "ansi",
    "bom",
    "element",
    "elements",
    "index",
    "substring",
    "text",
    "string",
    "trailing",
    "leading",
    "extra",
    "unused",
    "padding",
    "vowels",
    "digits",
    "numbers",
    "symbols",
    "links",
    "urls",
    "params",
    "query",
    "zeros",
    "shadow",
    "reflections",
];
/// Names that begin so look or compute.
const READS: &[&str] = &[
    "get",
    "list",
    "read",
    "find",
    "search",
    "fetch",
    "parse",
    "validate",
    "calculate",
    "calc",
    "estimate",
    "compute",
    "format",
    "preview",
    "simulate",
    "check",
    "is",
    "has",
    "can",
    "describe",
    "show",
    "view",
    "count",
    "explain",
    "compare",
    "analyze",
    "analyse",
    "lookup",
    "query",
    "detect",
    "convert",
    "generate",
    "extract",
    "summarize",
    "track",
    "verify",
];
/// Names that end so are about it.
const ABOUT: &[&str] = &[
    "calculator",
    "parser",
    "generator",
    "formatter",
    "validator",
    "simulator",
    "estimator",
    "checker",
    "converter",
    "schema",
    "status",
    "history",
    "template",
    "policy",
    "link",
    "report",
    "reminder",
    "preview",
    "list",
    "docs",
];

/// Why a call is taken to be destructive, as a sentence; `has_credentials` says whether it would get any.
pub fn because(tool: &Tool, input: Tree<'_>, has_credentials: bool) -> Option<String> {
    if tool.destructive {
        return Some("the tool's metadata says that it is destructive".into());
    }
    if tool.keywords.iter().any(|word| word.eq_ignore_ascii_case("destructive")) {
        return Some("the tool's keywords say that it is destructive".into());
    }
    if let Some(phrase) = permanent(&tool.description) {
        return Some(format!("the tool's description says “{phrase}”"));
    }
    let export = if tool.tool_id.export() == "default" { tool.tool_id.package() } else { tool.tool_id.export() };
    for name in [tool.name.as_str(), export] {
        if let Some(what) = of_name(&words_of(name), has_credentials) {
            return Some(format!("the tool's name says “{what}”"));
        }
    }
    if let Some(what) = of_description(&tool.description, has_credentials) {
        return Some(format!("the tool's description begins with “{what}”"));
    }
    if has_credentials { shown(input.value(), None).map(|what| format!("its input says “{what}”")) } else { None }
}

/// Words of a name: `deleteFile`, `delete_file` and `HTTPDelete` alike.
fn words_of(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let next_is_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let after_lower = at > 0 && !chars[at - 1].is_uppercase();
        let begins = c.is_uppercase() && (after_lower || next_is_lower);
        if (begins || !c.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn has(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

fn of_name(words: &[String], has_credentials: bool) -> Option<String> {
    let (first, last) = (words.first()?, words.last()?);
    if has(ABOUT, last) && words.len() > 1 {
        return None;
    }
    // "find and delete" does both.
    if has(READS, first) && !words.iter().any(|word| word == "and" || word == "or") {
        return None;
    }
    let harmless = |at: usize| words[at + 1..].iter().take(2).any(|word| has(HARMLESS, word));
    for (at, word) in words.iter().enumerate() {
        if (has(STRONG, word) || has_credentials && has(WEAK, word)) && !harmless(at) {
            return Some(word.clone());
        }
        let sends = at > 0 && has(MONEY, word) && words[..at].iter().any(|verb| has(DOES, verb));
        if has_credentials && (sends || at == 0 && has(SPENDS, word)) {
            return Some(words[..=at].join(" "));
        }
    }
    None
}

/// The first word of a description, behind what descriptions begin with.
fn of_description(description: &str, has_credentials: bool) -> Option<String> {
    const LEADS: &[&str] = &[
        "a",
        "an",
        "the",
        "this",
        "tool",
        "tools",
        "function",
        "to",
        "that",
        "for",
        "which",
        "use",
        "used",
        "it",
        "will",
        "can",
        "permanently",
        "completely",
        "safely",
        "bulk",
        "batch",
    ];
    let words: Vec<String> = description
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .take(14)
        .map(str::to_lowercase)
        .collect();
    let at = words.iter().position(|word| !has(LEADS, word))?;
    let base = base_of(&words[at]);
    let verb = base.iter().find(|base| has(STRONG, base) || has_credentials && has(WEAK, base))?;
    let harmless = words[at + 1..].iter().take(3).any(|word| has(HARMLESS, word));
    (!harmless).then(|| verb.clone())
}

/// `deletes`, `deleting` and `wiped` without their endings.
fn base_of(word: &str) -> Vec<String> {
    let mut bases = vec![word.to_owned()];
    for ending in ["s", "es", "ing", "d", "ed"] {
        if let Some(stem) = word.strip_suffix(ending) {
            bases.push(stem.to_owned());
            bases.push(format!("{stem}e"));
        }
    }
    bases
}

fn permanent(description: &str) -> Option<&'static str> {
    const PHRASES: &[&str] = &[
        "cannot be undone",
        "can't be undone",
        "can not be undone",
        "permanently delete",
        "permanently remove",
        "permanently erase",
        "permanently destroy",
        "irreversibly delete",
        "irreversibly remove",
    ];
    let lower = description.to_lowercase().replace('’', "'");
    PHRASES
        .iter()
        .find(|phrase| {
            lower.find(**phrase).is_some_and(|at| {
                let before: Vec<&str> = lower[..at].split_whitespace().rev().take(3).collect();
                !before.iter().any(|word| ["not", "never", "without", "no", "doesn't", "don't", "won't"].contains(word))
            })
        })
        .copied()
}

/// What an input shows: a method, a statement, a command.
fn shown(value: &Value, key: Option<&str>) -> Option<String> {
    match value {
        Value::String(text) => key.and_then(|key| of_field(key, text)).or_else(|| statement(text)),
        Value::Array(items) => items.iter().find_map(|item| shown(item, key)),
        Value::Object(fields) => fields.iter().find_map(|(key, item)| shown(item, Some(key))),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Longer values of such a key are texts, not the names of actions.
const LONGEST_ACTION: usize = 200;

fn of_field(key: &str, text: &str) -> Option<String> {
    const KEYS: &[&str] =
        &["method", "httpmethod", "verb", "action", "operation", "op", "command", "mode", "intent", "mutation"];
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if !KEYS.contains(&key.as_str()) || text.len() > LONGEST_ACTION {
        return None;
    }
    let words = words_of(text);
    let first = words.first()?;
    let is_one = words.len() <= 3 && (has(STRONG, first) || has(WEAK, first) || has(SPENDS, first));
    (is_one && !words.iter().any(|word| has(HARMLESS, word))).then(|| text.trim().to_owned())
}

/// Statements of SQL, GraphQL and shells that destroy, wherever they stand.
fn statement(text: &str) -> Option<String> {
    let words: Vec<String> =
        text.split_whitespace().map(|word| word.trim_matches([';', '(', ')', '"', '\'']).to_lowercase()).collect();
    let follows = |first: &str, second: &[&str]| {
        words.windows(2).any(|pair| pair[0] == first && second.iter().any(|word| pair[1] == *word))
    };
    let objects = ["table", "database", "schema", "index", "view", "collection", "user", "role", "column", "function"];
    let begins = |word: &str| words.first().is_some_and(|first| first == word);
    if follows("drop", &objects) || follows("truncate", &["table"]) || follows("delete", &["from"]) {
        return Some(beginning(&words));
    }
    if begins("truncate")
        || begins("update") && words.iter().any(|word| word == "set") && !words.iter().any(|word| word == "where")
    {
        return Some(beginning(&words));
    }
    if words.iter().any(|word| word == "mutation") {
        let verb = text
            .split(|c: char| !c.is_alphanumeric())
            .find(|word| words_of(word).first().is_some_and(|first| has(STRONG, first) || first == "remove"));
        if let Some(verb) = verb {
            return Some(format!("mutation {verb}"));
        }
    }
    let shell = [
        ("rm", &["-r", "-rf", "-fr", "-f", "-R"][..]),
        ("git", &["clean"]),
        ("terraform", &["destroy"]),
        ("kubectl", &["delete"]),
        ("helm", &["uninstall"]),
        ("docker", &["rm", "rmi", "prune"]),
        ("npm", &["unpublish"]),
        ("mkfs", &[]),
        ("dd", &[]),
    ];
    for (command, second) in shell {
        if !second.is_empty() && follows(command, second) {
            return Some(format!("{command} {}", second.iter().find(|word| follows(command, &[word])).unwrap_or(&"")));
        }
    }
    let forced = words.iter().any(|word| word == "--force" || word == "-f" || word == "--force-with-lease");
    if follows("git", &["push"]) && forced || follows("git", &["reset"]) && words.iter().any(|word| word == "--hard") {
        return Some("git, with force".into());
    }
    words
        .iter()
        .any(|word| word.starts_with("mkfs") || word.starts_with("of=/dev/"))
        .then(|| "a command that writes over disks".into())
}

/// The first words of a statement, as they are told.
fn beginning(words: &[String]) -> String {
    one_line(&words[..words.len().min(4)].join(" "), 80)
}

#[cfg(test)]
mod tests;
