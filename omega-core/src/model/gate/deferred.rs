//! Deferred tools: what a search found is shown to the model where it was found, and not in the list at the front.
//!
//! A list of tools is the beginning of every prompt; a tool more, or one less, and nothing of the prompt comes from the
//! provider's cache. Two providers take definitions at the place in the conversation where they were found, so that what
//! was sent before stays as it was. [`PROVIDERS`] says who, for which models, and where that is written:
//! - Anthropic keeps a tool with `defer_loading` out of the prompt until a `tool_reference` in a result names it, and shows it
//!   there; a deferred tool that comes later to `tools` is not part of the cached beginning. A result with references can't
//!   hold anything else, so what the search said follows behind the results of the turn, with its marks.
//! - OpenAI takes definitions in the `tool_search_output` of a search that the client made. The search stays the function that
//!   it is, since that output has no place for text, and text of strangers belongs into the output of a function; behind it
//!   stands a search of the client that loads what was found.
//!
//! Only at the provider's own address, and only with models that its documentation names: gateways and other servers get the
//! list. So does a provider that refuses the form ([`super::refusal`]). A recorded conversation knows nothing of all this: the
//! form is made of each request anew, for the tools that it offers. A tool that is no longer loaded leaves its place in the
//! history, which changes the prompt from there on, and not from its beginning.

use crate::model::{
    ToolSpec, Turn,
    wire::{Addressee, Format},
};
use std::collections::BTreeSet;

/// A provider that takes deferred tools.
#[derive(Debug, Clone, Copy)]
pub struct Provider {
    /// How it is spoken to.
    pub format: Format,
    /// Its own address; nobody else's counts.
    pub address: &'static str,
    /// Which of its models take them.
    pub models: Models,
    /// Where that is written.
    pub sources: &'static [&'static str],
}

#[derive(Debug, Clone, Copy)]
pub enum Models {
    /// Those that are called so, or so with a date or a smaller version behind it.
    Named(&'static [&'static str]),
    /// `gpt-X.Y` from this version on, but for the ones that only chat.
    GptSince(u32, u32),
}

/// Who takes deferred tools.
pub const PROVIDERS: [Provider; 2] = [
    Provider {
        format: Format::Anthropic,
        address: "https://api.anthropic.com/",
        models: Models::Named(&[
            "claude-fable-5",
            "claude-haiku-4-5",
            "claude-haiku-5-5",
            "claude-mythos-5",
            "claude-mythos-preview",
            "claude-opus-4-5",
            "claude-opus-4-6",
            "claude-opus-4-7",
            "claude-opus-4-8",
            "claude-opus-5",
            "claude-sonnet-4-5",
            "claude-sonnet-4-6",
            "claude-sonnet-5",
        ]),
        sources: &[
            // The models, references from a tool of one's own, and what is refused.
            "https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool",
            // What is deferred is not part of the cached beginning.
            "https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-use-with-prompt-caching",
            // Text behind results, never before or between them.
            "https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls",
            // A result with references holds nothing else.
            "https://strandsagents.com/docs/api/typescript/ToolReferenceBlock/",
            // A result that is an error holds text alone.
            "https://github.com/caozhiyuan/copilot-api/pull/196",
        ],
    },
    Provider {
        format: Format::OpenAiResponses,
        address: "https://api.openai.com/",
        models: Models::GptSince(5, 4),
        sources: &[
            // The models, searches of the client with tools that the request did not name, the namespace of what they load.
            "https://developers.openai.com/api/docs/guides/tools-tool-search",
            // A call of a loaded tool without its namespace is refused.
            "https://github.com/earendil-works/pi/issues/7709",
            "https://github.com/openai/codex/issues/23839",
            // A search without its output is refused.
            "https://github.com/Wei-Shaw/sub2api/issues/1885",
        ],
    },
];

/// Whether whoever is asked takes deferred tools with a model.
pub fn are_taken(format: Format, to: Addressee<'_>, model: &str) -> bool {
    PROVIDERS.iter().any(|provider| {
        let is_it = to.base_url.is_empty() || to.base_url.starts_with(provider.address);
        provider.format == format && is_it && provider.models.have(model)
    })
}

impl Models {
    fn have(self, model: &str) -> bool {
        match self {
            Self::Named(names) => names
                .iter()
                .any(|name| model.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))),
            Self::GptSince(major, minor) => {
                let version = model.strip_prefix("gpt-").and_then(|rest| rest.split('-').next()).and_then(version);
                version.is_some_and(|version| version >= (major, minor)) && !model.contains("-chat")
            }
        }
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What is deferred in a request. The results of `turns` keep only that: each tool on offer in the first result that loads it.
pub fn settle(turns: &mut [Turn], tools: &[ToolSpec], are_taken: bool) -> BTreeSet<String> {
    let mut deferred = BTreeSet::new();
    // A provider refuses a request whose tools are all deferred.
    let mut left = tools.len();
    for turn in turns {
        let Turn::Tools { results } = turn else { continue };
        for result in results {
            let takes = are_taken && !result.is_error;
            result.loads.retain(|name| {
                let is_new =
                    takes && left > 1 && tools.iter().any(|tool| tool.name == *name) && deferred.insert(name.clone());
                left -= usize::from(is_new);
                is_new
            });
        }
    }
    deferred
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ToolResult;
    use serde_json::json;

    #[test]
    fn only_a_providers_own_address_and_the_models_that_it_names_take_deferred_tools() {
        let taken =
            |format, base_url: &str, model: &str| are_taken(format, Addressee { provider: "p", base_url }, model);
        for (model, want) in [
            ("claude-sonnet-4-5", true),
            ("claude-sonnet-4-5-20250929", true),
            ("claude-opus-5-5", true),
            ("claude-haiku-4-5-20251001", true),
            ("claude-fable-5-1", true),
            ("claude-opus-4-1-20250805", false),
            ("claude-opus-4-20250514", false),
            ("claude-sonnet-4-50", false),
            ("claude-3-7-sonnet-latest", false),
            ("claude-novel-9", false),
            ("gpt-5.4", false),
        ] {
            assert_eq!(taken(Format::Anthropic, "", model), want, "{model}");
            assert_eq!(taken(Format::Anthropic, "https://api.anthropic.com/v1", model), want, "{model}");
            for elsewhere in ["https://api.anthropic.com.evil.example/v1", "http://127.0.0.1:8080/v1"] {
                assert!(!taken(Format::Anthropic, elsewhere, model));
            }
        }
        for (model, want) in [
            ("gpt-5.4", true),
            ("gpt-5.4-mini-2026-03-17", true),
            ("gpt-5.10", true),
            ("gpt-6-astra", true),
            ("gpt-5", false),
            ("gpt-5-mini", false),
            ("gpt-5.3-codex", false),
            ("gpt-5.4-chat-latest", false),
            ("gpt-4.1-mini", false),
            ("gpt-oss-120b", false),
            ("o4-mini", false),
            ("openai/gpt-5.4", false),
        ] {
            assert_eq!(taken(Format::OpenAiResponses, "", model), want, "{model}");
            assert!(!taken(Format::OpenAiResponses, "https://openrouter.ai/api/v1", model));
            assert!(!taken(Format::OpenAiChat, "", model) && !taken(Format::Gemini, "", model));
        }
    }

    #[test]
    fn a_tool_is_loaded_once_by_a_good_result_and_one_tool_always_stays() {
        let result = |loads: &[&str], is_error| ToolResult {
            call_id: "c".into(),
            name: "s".into(),
            content: "x".into(),
            is_error,
            loads: loads.iter().map(|name| (*name).to_owned()).collect(),
        };
        let tool = |name: &str| ToolSpec { name: name.into(), description: String::new(), input_schema: json!({}) };
        let turns = [Turn::Tools {
            results: vec![result(&["a"], true), result(&["a", "gone", "a"], false), result(&["a", "b", "c"], false)],
        }];
        let loads = |tools: &[&str], are_taken| {
            let (mut turns, tools) = (turns.clone(), tools.iter().copied().map(tool).collect::<Vec<_>>());
            let deferred = settle(&mut turns, &tools, are_taken);
            let Turn::Tools { results } = &turns[0] else { panic!("results") };
            let loads = results.iter().map(|result| result.loads.join(" ")).collect::<Vec<_>>();
            assert_eq!(deferred.len(), loads.iter().map(|names| names.split_whitespace().count()).sum::<usize>());
            loads
        };
        assert_eq!(loads(&["s", "a", "b"], true), ["", "a", "b"]);
        assert_eq!(loads(&["a", "b"], true), ["", "a", ""]);
        assert_eq!(loads(&["s", "a", "b"], false), ["", "", ""]);
    }

    #[test]
    fn every_provider_says_where_its_rules_are_written() {
        for provider in PROVIDERS {
            assert!(provider.sources.iter().all(|source| source.starts_with("https://")) && provider.sources.len() > 1);
        }
    }
}
