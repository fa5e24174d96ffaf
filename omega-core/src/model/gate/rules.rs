//! What each provider takes, as data with its public source.
//!
//! What no provider takes everywhere is not in here but is never written at all (see [`super::schema`]): references, `const`,
//! tuples, `pattern`, `format`, `default`, `not`, combinators at the top. What is left differs in two things: which names
//! properties may have, and which bounds of values are known.

use crate::model::wire::{Addressee, Format};

/// The rules of one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub keys: KeyRule,
    /// Names of tools, on offer and in the history.
    pub names: NameRule,
    /// Keywords that bound a value, of those that [`super::schema`] knows.
    pub bounds: &'static [&'static str],
    /// Where that is written.
    pub sources: &'static [&'static str],
}

/// Which names of properties a provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRule {
    Any,
    /// Anything that can be read.
    Readable,
    /// `^[a-zA-Z0-9_.-]{1,64}$`
    Word,
    /// `^[a-zA-Z_][a-zA-Z0-9_]{0,63}$`
    Identifier,
}

/// Which names of tools a provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// `^[a-zA-Z0-9_-]{1,64}$`
    Word,
    /// The same, and no digit or dash in front.
    Identifier,
}

/// Every keyword that bounds a value.
const ALL_BOUNDS: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
];

/// Those that every provider knows.
const COMMON_BOUNDS: &[&str] = &["minimum", "maximum", "minItems", "maxItems"];

/// Before the provider is known: nothing is renamed yet.
pub const ANY: Rules = Rules { keys: KeyRule::Any, names: NameRule::Word, bounds: ALL_BOUNDS, sources: &[] };

/// OpenAI's own servers. Functions are not strict; what their validator refuses all the same is in the reports.
pub const OPENAI: Rules = Rules {
    keys: KeyRule::Readable,
    names: NameRule::Word,
    bounds: ALL_BOUNDS,
    sources: &[
        "https://platform.openai.com/docs/guides/structured-outputs#supported-schemas",
        "https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools",
        // Arrays need items, in type lists too.
        "https://github.com/campfirein/byterover-cli/issues/42",
        // An object at the top, without combinators, `enum` and `not` beside it.
        "https://github.com/nspady/google-calendar-mcp/issues/39",
    ],
};

/// Anthropic: JSON Schema 2020-12 without references, keys of a pattern.
pub const ANTHROPIC: Rules = Rules {
    keys: KeyRule::Word,
    names: NameRule::Word,
    bounds: ALL_BOUNDS,
    sources: &[
        "https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools",
        // No `$ref` anywhere, no combinators at the top, the pattern of keys.
        "https://platform.claude.com/docs/en/managed-agents/self-hosted-sandboxes-custom-tools",
        "https://github.com/anthropics/claude-code/issues/586",
        "https://github.com/anthropics/claude-code/issues/27337",
    ],
};

/// Gemini: `parametersJsonSchema` knows more than `parameters` does, but what is not listed is refused or lost.
pub const GEMINI: Rules = Rules {
    keys: KeyRule::Identifier,
    names: NameRule::Identifier,
    bounds: COMMON_BOUNDS,
    sources: &[
        "https://ai.google.dev/gemini-api/docs/structured-output#json_schema_support",
        "https://ai.google.dev/api/caching#FunctionDeclaration",
        // Names of functions and parameters begin with a letter or an underscore.
        "https://cloud.google.com/vertex-ai/generative-ai/docs/reference/java/latest/com.google.cloud.vertexai.api.FunctionDeclarationOrBuilder",
        "https://github.com/diegosouzapw/OmniRoute/issues/13464",
        "https://github.com/microsoft/azure-devops-mcp/issues/139",
    ],
};

/// Whoever speaks OpenAI's Chat Completions: gateways hand on to any of the others.
pub const COMPATIBLE: Rules = Rules {
    keys: KeyRule::Word,
    names: NameRule::Word,
    bounds: COMMON_BOUNDS,
    sources: &[
        "https://openrouter.ai/docs/features/tool-calling",
        "https://docs.mistral.ai/capabilities/function_calling",
        "https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md#json-schemas--gbnf",
    ],
};

impl Rules {
    /// The rules of whoever is asked in a format.
    pub fn of(format: Format, to: Addressee<'_>) -> &'static Self {
        match format {
            Format::OpenAiChat if to.provider == "openai" && to.is_openai() => &OPENAI,
            Format::OpenAiChat => &COMPATIBLE,
            Format::OpenAiResponses => &OPENAI,
            Format::Anthropic => &ANTHROPIC,
            Format::Gemini => &GEMINI,
        }
    }
}

/// Longest name of a property or a tool.
const LONGEST: usize = 64;

impl KeyRule {
    /// Whether a property may be called that.
    #[must_use]
    pub fn accepts(self, key: &str) -> bool {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match self {
            Self::Any => true,
            Self::Readable => !key.trim().is_empty() && key.len() <= 256 && !key.chars().any(char::is_control),
            Self::Word => (1..=LONGEST).contains(&key.len()) && key.chars().all(|c| word(c) || c == '.' || c == '-'),
            Self::Identifier => {
                (1..=LONGEST).contains(&key.len())
                    && key.chars().all(word)
                    && !key.starts_with(|first: char| first.is_ascii_digit())
            }
        }
    }
}

impl NameRule {
    /// A name in place of one that is not taken, the same one every time. One that is taken stays.
    #[must_use]
    pub fn name(self, name: &str) -> String {
        let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let mut made = String::new();
        for c in name.chars() {
            if valid(c) {
                made.push(c);
            } else if !made.ends_with('_') || made.is_empty() {
                made.push('_');
            }
            if made.len() >= LONGEST {
                break;
            }
        }
        if self == Self::Identifier && made.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            made.insert(0, '_');
            made.truncate(LONGEST);
        }
        if made.chars().any(|c| c.is_ascii_alphanumeric()) { made } else { String::from("unnamed_tool") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_model_made_up_becomes_one_that_is_taken_and_a_good_one_stays() {
        for (name, word, identifier) in [
            ("mathjs__evaluate", "mathjs__evaluate", "mathjs__evaluate"),
            ("functions.x", "functions_x", "functions_x"),
            ("@a/b::c", "_a_b_c", "_a_b_c"),
            ("", "unnamed_tool", "unnamed_tool"),
            ("x<|channel|>y", "x_channel_y", "x_channel_y"),
            ("7zip__x", "7zip__x", "_7zip__x"),
            ("-x", "-x", "_-x"),
            ("名前", "unnamed_tool", "unnamed_tool"),
            ("a b\nc", "a_b_c", "a_b_c"),
        ] {
            assert_eq!(NameRule::Word.name(name), word);
            assert_eq!(NameRule::Identifier.name(name), identifier);
        }
        assert_eq!(NameRule::Identifier.name(&"9".repeat(900)).len(), 64);
    }

    #[test]
    fn every_provider_says_where_its_rules_are_written() {
        for rules in [OPENAI, ANTHROPIC, GEMINI, COMPATIBLE] {
            assert!(rules.sources.iter().all(|source| source.starts_with("https://")) && rules.sources.len() > 1);
        }
    }
}
