//! How much a model reads at once, where that is known: so many tokens of prompt and answer together.
//!
//! By the beginning of its name, the longest that fits, as the providers' model pages have it (February 2026). A model
//! that is not here has a window that nobody here knows; nothing is cut by these numbers.

const WINDOWS: &[(&str, u64)] = &[
    ("gpt-4.1", 1_047_576),
    ("gpt-4o", 128_000),
    ("gpt-5", 400_000),
    ("gpt-5-chat", 128_000),
    ("o1", 200_000),
    ("o3", 200_000),
    ("o4-mini", 200_000),
    ("claude-", 200_000),
    ("gemini-2.0-flash", 1_048_576),
    ("gemini-2.5-", 1_048_576),
    ("llama-3.1-", 131_072),
    ("llama-3.3-", 131_072),
    ("mistral-large", 128_000),
];

/// The window of `provider/model`, or of a model that another provider passes on (`openrouter/openai/gpt-5`).
#[must_use]
pub fn of(model: &str) -> Option<u64> {
    let name = model.rsplit('/').next().unwrap_or(model);
    let fitting = WINDOWS.iter().filter(|(start, _)| name.starts_with(start));
    fitting.max_by_key(|(start, _)| start.len()).map(|(_, tokens)| *tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_counts_and_a_stranger_has_none() {
        assert_eq!(of("openai/gpt-5-mini"), Some(400_000));
        assert_eq!(of("openai/gpt-5-chat-latest"), Some(128_000));
        assert_eq!(of("openrouter/anthropic/claude-sonnet-4"), Some(200_000));
        assert_eq!(of("offline/planner"), None);
        assert_eq!(of("local/my-gpt-5"), None);
    }
}
