//! The request, in the dialect of each provider: what one insists on, another refuses.

use crate::model::{
    ModelRequest, ToolChoice, Turn,
    gate::history::IdRule,
    wire::{Addressee, cache_key, history},
};
use serde_json::{Value, json};

/// Where providers and models differ.
struct Dialect<'a> {
    provider: &'a str,
    /// Ids of exactly nine characters: Mistral's models have that from their templates, wherever they are served.
    mistral: bool,
    /// Every assistant turn needs `reasoning_content`, and be it empty (DeepSeek and Kimi, when they think:
    /// <https://api-docs.deepseek.com/guides/thinking_mode>). Whoever is asked tells by the address as well as by the name.
    wants_reasoning: bool,
    /// `tool_choice` is ignored (Ollama): where no call is allowed, the tools must not be seen.
    ignores_tool_choice: bool,
    /// Usage must be asked for, in a field that Mistral's own servers refuse.
    asks_for_usage: bool,
    /// OpenAI's reasoning models refuse `max_tokens`; everybody else's servers may not know its successor.
    max_tokens: &'static str,
}

impl<'a> Dialect<'a> {
    fn of(to: Addressee<'a>, model: &str) -> Self {
        let model = model.to_lowercase();
        let Addressee { provider, base_url } = to;
        let own = |name: &str| matches!(provider, "compat" | "openai") && model.contains(name);
        Self {
            provider,
            mistral: provider == "mistral"
                || ["mistral", "devstral", "magistral"].iter().any(|name| model.contains(name)),
            wants_reasoning: own("deepseek")
                || own("kimi-k2-thinking")
                || ["deepseek.com", "moonshot"].iter().any(|host| base_url.contains(host)),
            ignores_tool_choice: provider == "ollama",
            asks_for_usage: provider != "mistral",
            max_tokens: if provider == "openai" { "max_completion_tokens" } else { "max_tokens" },
        }
    }

    fn push_turn(&self, turn: &Turn, messages: &mut Vec<Value>) {
        match turn {
            Turn::User { text } => messages.push(json!({ "role": "user", "content": text })),
            Turn::Assistant { text, calls, provider_state } => {
                let content = if text.trim().is_empty() { Value::Null } else { json!(text) };
                let mut message = json!({ "role": "assistant", "content": content });
                if !calls.is_empty() {
                    message["tool_calls"] = calls
                        .iter()
                        .map(|call| {
                            json!({ "id": call.id, "type": "function", "function": {
                                "name": call.name, "arguments": history::arguments_text(call),
                            } })
                        })
                        .collect();
                }
                for state in provider_state.iter().filter(|state| state.provider == self.provider) {
                    for (key, value) in state.item.as_object().into_iter().flatten() {
                        if message.get(key).is_none() {
                            message[key] = value.clone();
                        }
                    }
                }
                if self.wants_reasoning && message.get("reasoning_content").is_none() {
                    message["reasoning_content"] = json!("");
                }
                messages.push(message);
            }
            Turn::Tools { results } => messages.extend(results.iter().map(|result| {
                let mut message = json!({ "role": "tool", "tool_call_id": result.call_id, "content": result.content });
                if self.mistral {
                    message["name"] = json!(result.name);
                }
                message
            })),
        }
    }
}

/// Which ids a provider takes for calls.
pub(in crate::model::wire) fn ids(to: Addressee<'_>, model: &str) -> IdRule {
    if Dialect::of(to, model).mistral { IdRule::Nine } else { IdRule::Word(40) }
}

pub(in crate::model::wire) fn encode(to: Addressee<'_>, request: &ModelRequest) -> Value {
    let dialect = Dialect::of(to, &request.model);
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    for turn in &request.turns {
        dialect.push_turn(turn, &mut messages);
    }
    let mut body = json!({ "model": request.model, "messages": messages, "stream": true });
    if dialect.asks_for_usage {
        body["stream_options"] = json!({ "include_usage": true });
    }
    if to.provider == "openai" && to.is_openai() {
        body["prompt_cache_key"] = json!(cache_key(request));
    }
    if let Some(max) = request.max_output_tokens {
        body[dialect.max_tokens] = json!(max);
    }
    // Others refuse it beside tools, in words that don't name it (Groq's JSON mode, llama.cpp's grammars).
    if let Some(schema) = request.answer_schema.as_ref().filter(|_| to.is_openai() || to.provider == "openrouter") {
        let format = json!({ "name": "answer", "schema": schema, "strict": false });
        body["response_format"] = json!({ "type": "json_schema", "json_schema": format });
    }
    let hide_tools = dialect.ignores_tool_choice && request.tool_choice == ToolChoice::None;
    if !request.tools.is_empty() && !hide_tools {
        body["tools"] = request
            .tools
            .iter()
            .map(|tool| {
                json!({ "type": "function", "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.input_schema,
                } })
            })
            .collect();
        if request.tool_choice == ToolChoice::None {
            body["tool_choice"] = json!("none");
        }
    }
    body
}
