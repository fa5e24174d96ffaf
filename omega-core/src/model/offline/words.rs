//! Words as the planner compares them: lower case, camel case split, plurals and verb endings gone, and the few
//! synonyms that requests and tool descriptions use for one another.

/// Words that a request is dressed in and that say nothing about the tool that is wanted.
const FILLER: &[&str] = &[
    "a",
    "about",
    "again",
    "all",
    "also",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "below",
    "between",
    "but",
    "by",
    "can",
    "come",
    "could",
    "did",
    "do",
    "does",
    "doing",
    "example",
    "following",
    "for",
    "from",
    "get",
    "give",
    "given",
    "gives",
    "go",
    "has",
    "have",
    "help",
    "here",
    "hey",
    "hi",
    "hello",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "just",
    "kindly",
    "know",
    "let",
    "like",
    "look",
    "make",
    "many",
    "me",
    "much",
    "my",
    "need",
    "now",
    "of",
    "ok",
    "on",
    "onto",
    "or",
    "our",
    "out",
    "over",
    "please",
    "run",
    "s",
    "see",
    "should",
    "show",
    "so",
    "some",
    "tell",
    "than",
    "thanks",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "thing",
    "things",
    "this",
    "those",
    "to",
    "tool",
    "two",
    "up",
    "us",
    "use",
    "using",
    "via",
    "want",
    "was",
    "we",
    "were",
    "what",
    "whats",
    "when",
    "where",
    "whether",
    "which",
    "while",
    "who",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
    "able",
    "try",
    "new",
    "each",
    "both",
    "one",
    "piped",
    "stdin",
    "input",
    "against",
];

/// Words that open a request of its own; a message that starts with none of them may be the answer to a question.
const OPENERS: &[&str] = &[
    "are",
    "build",
    "calculate",
    "can",
    "check",
    "compare",
    "compute",
    "convert",
    "could",
    "count",
    "create",
    "decode",
    "determinant",
    "diff",
    "do",
    "does",
    "encode",
    "evaluate",
    "explain",
    "extract",
    "fetch",
    "find",
    "fix",
    "format",
    "generate",
    "get",
    "give",
    "hash",
    "how",
    "is",
    "list",
    "make",
    "minify",
    "parse",
    "please",
    "read",
    "remove",
    "render",
    "repair",
    "run",
    "scrape",
    "search",
    "send",
    "show",
    "simplify",
    "slugify",
    "solve",
    "sort",
    "split",
    "summarize",
    "summarise",
    "tell",
    "transform",
    "translate",
    "turn",
    "use",
    "validate",
    "verify",
    "what",
    "when",
    "where",
    "which",
    "who",
    "why",
    "write",
];

/// Stems that mean the same in requests and in descriptions of tools.
const SYNONYMS: &[(&str, &str)] = &[
    ("valid", "valid"),
    ("verif", "valid"),
    ("check", "valid"),
    ("diff", "diff"),
    ("compar", "diff"),
    ("averag", "mean"),
    ("calculat", "evaluate"),
    ("comput", "evaluate"),
    ("evaluat", "evaluate"),
    ("beautif", "format"),
    ("prett", "format"),
    ("format", "format"),
    ("load", "parse"),
    ("read", "parse"),
    ("pars", "parse"),
    ("fix", "repair"),
    ("repair", "repair"),
    ("slug", "slug"),
    ("transform", "convert"),
    ("convert", "convert"),
    ("conversion", "convert"),
    ("turn", "convert"),
    ("render", "convert"),
    ("satisf", "satisfy"),
    ("explain", "explain"),
    ("describ", "explain"),
    ("human", "explain"),
    ("stringif", "serialize"),
    ("serializ", "serialize"),
    ("dump", "serialize"),
    ("unpars", "serialize"),
    ("creat", "generate"),
    ("generat", "generate"),
    ("similar", "distance"),
    ("distan", "distance"),
    ("md", "markdown"),
    ("markdown", "markdown"),
    ("emails", "email"),
    ("mail", "email"),
    ("math", "math"),
    ("spell", "words"),
    ("stat", "statistic"),
    ("encod", "encode"),
    ("decod", "decode"),
    ("summar", "summary"),
    ("capital", "capital"),
    ("translat", "translate"),
];

/// Lower-case words of a text; `parseCSVFile`, `parse_csv-file` and `parse CSV file` give the same.
pub(super) fn split(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            // An apostrophe inside a word ("what's") belongs to it.
            if (c == '\'' || c == '’') && !word.is_empty() && chars.get(at + 1).is_some_and(|n| n.is_alphabetic()) {
                continue;
            }
            flush(&mut word, &mut words);
            continue;
        }
        let previous = at.checked_sub(1).and_then(|p| chars.get(p)).copied().unwrap_or(' ');
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        let starts_word =
            c.is_uppercase() && (previous.is_lowercase() || (previous.is_uppercase() && next.is_lowercase()));
        if starts_word {
            flush(&mut word, &mut words);
        }
        word.extend(c.to_lowercase());
    }
    flush(&mut word, &mut words);
    words
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// What a word is compared by: its stem, or the stem that stands for its synonyms.
pub(super) fn canonical(word: &str) -> String {
    let word = word.to_lowercase();
    for (prefix, meaning) in SYNONYMS {
        // Short prefixes only stand for the whole word.
        if if prefix.len() < 4 { word == *prefix } else { word.starts_with(prefix) } {
            return (*meaning).to_owned();
        }
    }
    stem(&word)
}

fn stem(word: &str) -> String {
    let cut = |suffix: &str, least: usize| {
        word.strip_suffix(suffix).filter(|rest| rest.chars().count() >= least).map(str::to_owned)
    };
    if let Some(rest) = cut("ies", 2) {
        return rest + "y";
    }
    let short = cut("ing", 3)
        .or_else(|| cut("ed", 3))
        .or_else(|| cut("es", 3))
        .or_else(
            || if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") { None } else { cut("s", 2) },
        )
        .unwrap_or_else(|| word.to_owned());
    match short.strip_suffix('e') {
        Some(rest) if rest.chars().count() >= 3 => rest.to_owned(),
        _ => short,
    }
}

/// Whether the word only dresses a request.
pub(super) fn is_filler(word: &str) -> bool {
    FILLER.contains(&word)
}

/// Whether the word opens a request.
pub(super) fn opens_request(word: &str) -> bool {
    OPENERS.contains(&word)
}

/// Whether a canonical word is a verb that fits many tools.
pub(super) fn is_general(word: &str) -> bool {
    ["generate", "convert", "parse", "format", "valid", "evaluate", "explain", "writ", "find", "search", "text"]
        .contains(&word)
}

/// The words of a text that say something, as they are compared.
pub(super) fn content(text: &str) -> Vec<String> {
    split(text).iter().filter(|word| !is_filler(word)).map(|word| canonical(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_at_case_digits_stay() {
        assert_eq!(split("parseCSVFile"), ["parse", "csv", "file"]);
        assert_eq!(split("old_str-2 what's"), ["old", "str", "2", "whats"]);
    }

    #[test]
    fn words_that_mean_the_same_compare_equal() {
        for (a, b) in [
            ("validate", "valid"),
            ("comparing", "difference"),
            ("distances", "distance"),
            ("tables", "table"),
            ("average", "mean"),
            ("pretty", "format"),
            ("parsing", "load"),
            ("entries", "entry"),
        ] {
            assert_eq!(canonical(a), canonical(b), "{a} {b}");
        }
        assert_ne!(canonical("class"), canonical("clas"));
    }
}
