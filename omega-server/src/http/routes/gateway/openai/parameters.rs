//! What OpenAI's clients may send and this server can't honour, and what changes nothing of an answer. Everything else that is not
//! read by name is an unknown parameter.

use super::fields::Unsupported;

const SAMPLING: &str = "an answer here takes several model calls, with sampling that their provider chooses";
const LENGTH: &str = "the agent's steps are not cut short: ask for a short answer in the message";
const TOOLS: &str = "the agent calls this server's own tools by itself, and none of its client's";
const STORED: &str = "every run is kept in its conversation, where its owner finds it";
const KINDS: &str = "the agent answers with text";

const fn no(name: &'static str, neutral: &'static [&'static str], why: &'static str) -> Unsupported {
    Unsupported { name, neutral, why }
}

/// Of both endpoints.
pub const COMMON: &[Unsupported] = &[
    no("temperature", &["1"], SAMPLING),
    no("top_p", &["1"], SAMPLING),
    no("top_logprobs", &["0"], "log probabilities are not kept"),
    no("tools", &["[]"], TOOLS),
    no("tool_choice", &["\"auto\"", "\"none\""], TOOLS),
    no("parallel_tool_calls", &["true", "false"], TOOLS),
    no("store", &["true"], STORED),
    no("service_tier", &["\"auto\"", "\"default\""], "there is one tier"),
    no("moderation", &[], "no moderation is run here"),
];

/// Of `/v1/chat/completions`.
pub const CHAT: &[Unsupported] = &[
    no("n", &["1"], "a run gives one answer"),
    no("max_tokens", &[], LENGTH),
    no("max_completion_tokens", &[], LENGTH),
    no("stop", &["[]"], SAMPLING),
    no("seed", &[], SAMPLING),
    no("frequency_penalty", &["0"], SAMPLING),
    no("presence_penalty", &["0"], SAMPLING),
    no("logit_bias", &["{}"], SAMPLING),
    no("logprobs", &["false"], "log probabilities are not kept"),
    no("functions", &["[]"], TOOLS),
    no("function_call", &["\"auto\"", "\"none\""], TOOLS),
    no("web_search_options", &[], "what is to be looked up, say in the message: the agent searches its own tools"),
    no("modalities", &["[\"text\"]"], KINDS),
    no("audio", &[], KINDS),
    no("prediction", &[], SAMPLING),
    no("reasoning_effort", &[], "the conversation's model thinks as its provider has it think"),
    no("verbosity", &["\"medium\""], LENGTH),
];

/// Of `/v1/responses`.
pub const RESPONSES: &[Unsupported] = &[
    no("max_output_tokens", &[], LENGTH),
    no("max_tool_calls", &[], "the agent's own budget of calls holds"),
    no("truncation", &["\"disabled\""], "nothing of what is sent is left out"),
    no("include", &["[]"], "an answer has no further parts"),
    no("prompt", &[], "templates are not kept here: send their text"),
    no("context_management", &[], "the agent keeps to its model's context by itself"),
];

/// Within `reasoning`.
pub const REASONING: &[Unsupported] = &[
    no("effort", &[], "the conversation's model thinks as its provider has it think"),
    no("summary", &[], "thoughts are shown on the conversation's page"),
    no("generate_summary", &[], "thoughts are shown on the conversation's page"),
];

/// Within `text`.
pub const TEXT: &[Unsupported] = &[no("verbosity", &["\"medium\""], LENGTH)];

/// Within `stream_options`.
pub const STREAM_OPTIONS: &[Unsupported] =
    &[no("include_obfuscation", &["false"], "the pieces of a stream are not padded; TLS hides their content")];

/// Names for the client's own books and OpenAI's caches.
pub const HINTS: &[&str] = &["user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"];
