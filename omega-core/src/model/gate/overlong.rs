//! A conversation that is longer than what a model reads at once.
//!
//! The history is sent whole. Only when a provider refuses it for its length is something left out, and no more than its words
//! ask for: first what the oldest calls gave, which stays stored and can be read by its handle, then the oldest messages. So
//! no conversation ends by its length. What was left out once stays out for the rest of the run, so that the rest comes from
//! the provider's cache.

use crate::{counted::counted, model::Turn};
use serde_json::Value;
use std::borrow::Cow;

/// How a refusal for length reads, whoever refuses: the code or the words of each provider, in small letters. OpenAI, Azure
/// and most that speak its format: `context_length_exceeded`, "maximum context length", for Responses "context window";
/// Anthropic: "prompt is too long", "exceed context limit", `request_too_large`; Google: "exceeds the maximum number of tokens";
/// Mistral: "maximum context length"; xAI: "maximum prompt length"; Groq, Cerebras, vLLM: "reduce the length of the messages";
/// llama.cpp: `exceed_context_size_error`; LM Studio: "context length"; Bedrock: "input is too long"; Cohere: "too many tokens";
/// Copilot: `model_max_prompt_tokens_exceeded`.
const WORDS: &[&str] = &[
    "context_length_exceeded",
    "context length",
    "context window",
    "context limit",
    "context size",
    "exceed_context_size",
    "maximum prompt length",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "maximum number of tokens",
    "tokens exceed",
    "reduce the length of the messages",
    "model_max_prompt_tokens_exceeded",
    "request_too_large",
];

/// The words of a limit by the minute that one request is over, and of a server that calls its own fault what is the request's.
const WORDS_OF_OTHERS: &[&str] = &["request too large", "context size"];

/// Fewer bytes of a result are not worth a note in their place.
const WORTH: usize = 400;

/// A little more is left out than the numbers ask for: tokens are not bytes.
const MARGIN: f64 = 0.9;
/// What one refusal leaves at least: its numbers may be others than they seem.
const LEAST: f64 = 0.25;

/// What of a history is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Omitted {
    /// Turns from the first that are not sent.
    pub turns: usize,
    /// Turns from the first whose results are notes.
    pub results: usize,
}

/// Whether a refusal with that status is for the request's length.
pub fn is_told(status: u16, refusal: &str) -> bool {
    let words = match status {
        413 => return true,
        400 | 422 => WORDS,
        429 | 500 => WORDS_OF_OTHERS,
        _ => return false,
    };
    let refusal = refusal.to_lowercase();
    words.iter().any(|words| refusal.contains(words))
}

/// What to leave out after a refusal of a request of so many bytes with these turns, from which so much was left out before;
/// nothing when nothing more can be.
#[allow(clippy::cast_precision_loss, reason = "bytes of a request")]
pub fn more(refusal: &str, turns: &[Turn], before: Omitted, bytes: usize) -> Option<Omitted> {
    let sizes: Vec<usize> = turns.iter().enumerate().map(|(at, turn)| size(turn, at < before.results)).collect();
    let sent: usize = sizes[before.turns.min(sizes.len())..].iter().sum();
    // What does not belong to the history can't be left out.
    let wanted = bytes as f64 * share(refusal) - bytes.saturating_sub(sent) as f64;
    let mut rest = sent;
    let mut omitted = before;
    let enough = |rest: usize| (rest as f64) <= wanted;
    let last_results = turns.iter().rposition(|turn| matches!(turn, Turn::Tools { .. })).unwrap_or(0);
    for at in before.results.max(before.turns)..last_results {
        if enough(rest) {
            return Some(omitted);
        }
        rest = rest.saturating_sub(sizes[at].saturating_sub(size(&turns[at], true)));
        omitted.results = at + 1;
    }
    let messages = turns.iter().enumerate().filter(|(_, turn)| matches!(turn, Turn::User { .. })).map(|(at, _)| at);
    for at in messages.filter(|at| *at > before.turns) {
        if enough(rest) {
            break;
        }
        let left_out: usize = (omitted.turns..at).map(|at| size(&turns[at], at < omitted.results)).sum();
        rest = rest.saturating_sub(left_out);
        omitted.turns = at;
    }
    (omitted != before && rest < sent).then_some(omitted)
}

/// How much of the request may stay: what is asked for by the numbers of tokens in the refusal, where it has them, or half.
#[allow(clippy::cast_precision_loss, reason = "tokens of a request")]
fn share(refusal: &str) -> f64 {
    let text = refusal.replace(',', "");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut numbers: Vec<u64> = words.filter_map(|word| word.parse().ok()).collect();
    // Statuses and years are no windows, and few windows are smaller than a prompt with its tools.
    numbers.retain(|number| (1_000..1_000_000_000).contains(number) && !(2_020..2_040).contains(number));
    numbers.sort_unstable();
    numbers.dedup();
    match numbers[..] {
        [.., most, sent] => (most as f64 / sent as f64 * MARGIN).max(LEAST),
        _ => 0.5,
    }
}

fn size(turn: &Turn, is_noted: bool) -> usize {
    match turn {
        Turn::User { text } => text.len(),
        Turn::Assistant { text, calls, provider_state } => {
            let calls: usize = calls.iter().map(|call| call.name.len() + call.arguments.len()).sum();
            let state: usize = provider_state.iter().map(|state| state.item.to_string().len()).sum();
            text.len() + calls + state
        }
        Turn::Tools { results } => {
            let bytes = |content: &str| if is_noted { noted(content).len() } else { content.len() };
            results.iter().map(|result| bytes(&result.content)).sum()
        }
    }
}

/// A result without its output.
fn noted(content: &str) -> Cow<'_, str> {
    if content.len() <= WORTH {
        return Cow::Borrowed(content);
    }
    let handle = crate::model::frame::handle_in(content);
    let how = handle.as_ref().map(|handle| format!("; readOutput has it by the handle {handle}")).unwrap_or_default();
    let note = format!("left out: the conversation is longer than you read at once{how}");
    let mut fields = serde_json::Map::from_iter([("note".to_owned(), Value::from(note))]);
    fields.extend(handle.map(|handle| ("handle".to_owned(), handle.into())));
    Cow::Owned(Value::Object(fields).to_string())
}

impl Omitted {
    /// The history without it. A history that begins after the turns to leave out is another one, such as that of a title.
    pub fn without(self, turns: &[Turn]) -> Cow<'_, [Turn]> {
        let begins = matches!(turns.get(self.turns), Some(Turn::User { .. }));
        if self == Self::default() || (self.turns > 0 && !begins) {
            return Cow::Borrowed(turns);
        }
        let mut kept = turns[self.turns..].to_vec();
        for turn in kept.iter_mut().take(self.results.saturating_sub(self.turns)) {
            let Turn::Tools { results } = turn else { continue };
            for result in results {
                if let Cow::Owned(note) = noted(&result.content) {
                    result.content = note;
                }
            }
        }
        if let (Some(Turn::User { text }), 1..) = (kept.first_mut(), self.turns) {
            let messages = turns[..self.turns].iter().filter(|turn| matches!(turn, Turn::User { .. })).count();
            let left_out = counted(messages as u64, "message");
            *text = format!(
                "[omega: the conversation is longer than you read at once; {left_out} before this one, with their answers, \
                 are left out]\n\n{text}"
            );
        }
        Cow::Owned(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ToolCall, ToolResult};

    /// Exchanges of a question, so many calls whose results have so many bytes, and an answer.
    fn talk(exchanges: &[(usize, usize)]) -> Vec<Turn> {
        let (mut turns, mut number) = (Vec::new(), 0);
        for (at, (calls, bytes)) in exchanges.iter().enumerate() {
            turns.push(Turn::User { text: format!("question {at} {}", "?".repeat(200)) });
            for _ in 0..*calls {
                number += 1;
                let id = format!("id{number}");
                let call =
                    ToolCall { id: id.clone(), name: "a__b".into(), arguments: "{}".into(), provider_state: None };
                turns.push(Turn::Assistant { text: String::new(), calls: vec![call], provider_state: vec![] });
                let output = "o".repeat(*bytes);
                let content =
                    format!(r#"{{"from":"a::b","untrusted":true,"output":"{output}","handle":"call_{number}"}}"#);
                let result = ToolResult { call_id: id, name: "a__b".into(), content, is_error: false, loads: vec![] };
                turns.push(Turn::Tools { results: vec![result] });
            }
            turns.push(Turn::Assistant { text: format!("answer {at}"), calls: vec![], provider_state: vec![] });
        }
        turns.pop();
        turns
    }

    fn bytes(turns: &[Turn]) -> usize {
        turns.iter().map(|turn| size(turn, false)).sum()
    }

    /// The refusals of a provider that reads so many bytes, with its words, until it takes the request.
    fn asked(turns: &[Turn], window: usize, fixed: usize, words: impl Fn(usize) -> String) -> (Omitted, usize, bool) {
        let (mut omitted, mut refusals) = (Omitted::default(), 0);
        loop {
            let sent = bytes(&omitted.without(turns)) + fixed;
            if sent <= window {
                return (omitted, refusals, true);
            }
            refusals += 1;
            match more(&words(sent), turns, omitted, sent) {
                Some(more) => {
                    assert!(more > omitted && more.turns >= omitted.turns && more.results >= omitted.results);
                    omitted = more;
                }
                None => return (omitted, refusals, false),
            }
        }
    }

    #[test]
    fn refusals_for_length_are_known_by_their_words() {
        for (status, refusal) in [
            (
                400,
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 150000 tokens.",
            ),
            (400, r#"{"error":{"code":"context_length_exceeded","message":"Your input is over it"}}"#),
            (400, "Your input exceeds the context window of this model. Please adjust your input and try again."),
            (
                400,
                "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.",
            ),
            (400, "prompt is too long: 208310 tokens > 200000 maximum"),
            (400, "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000"),
            (413, "Request exceeds the maximum size"),
            (413, "<html><head><title>413 Request Entity Too Large</title></head></html>"),
            (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
            (
                400,
                "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
            ),
            (400, "This model's maximum prompt length is 131072 but the request contains 140000 tokens."),
            (400, "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192"),
            (400, "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it"),
            (400, "Input is too long for requested model."),
            (429, "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 42000."),
            (500, "the request exceeds the available context size. try increasing the context size"),
        ] {
            assert!(is_told(status, refusal), "{status} {refusal}");
        }
        for (status, refusal) in [
            (400, "Invalid schema for function 'a__b': In context=('properties', 'x'), array schema missing items."),
            (400, "Incorrect API key provided"),
            (429, "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 20000, Requested 15000."),
            (500, "too many tokens are a fault of mine"),
            (503, "context_length_exceeded"),
        ] {
            assert!(!is_told(status, refusal), "{status} {refusal}");
        }
    }

    #[test]
    fn a_refusal_says_how_much_may_stay() {
        for (refusal, least, most) in [
            ("prompt is too long: 208310 tokens > 200000 maximum", 0.85, 0.9),
            (
                "maximum context length is 128,000 tokens. However, your messages resulted in 256,000 tokens.",
                0.44,
                0.46,
            ),
            ("gpt-4o-2024-08-06 in organization org-a123456b: Limit 30000, Requested 40000", 0.67, 0.68),
            ("Input is too long for requested model.", 0.5, 0.5),
            ("the model of 2024 reads 4096 tokens", 0.5, 0.5),
            ("100000000 tokens, and 1000 are read", LEAST, LEAST),
        ] {
            let share = share(refusal);
            assert!((least..=most).contains(&share), "{refusal}: {share}");
        }
    }

    #[test]
    fn outputs_go_before_words_and_the_newest_stays() {
        let turns = talk(&[(3, 5_000), (2, 5_000), (1, 5_000)]);
        let told = |sent: usize| format!("prompt is too long: {sent} tokens > 20000 maximum");
        let (omitted, refusals, taken) = asked(&turns, 20_000, 1_000, told);
        assert!(taken && refusals == 1 && omitted.turns == 0, "{omitted:?} after {refusals}");
        let kept = omitted.without(&turns);
        let contents: Vec<&str> = kept
            .iter()
            .filter_map(|turn| match turn {
                Turn::Tools { results } => Some(results[0].content.as_str()),
                Turn::User { .. } | Turn::Assistant { .. } => None,
            })
            .collect();
        assert!(contents[0].contains(r#""handle":"call_1""#) && !contents[0].contains("oo"), "{}", contents[0]);
        assert_eq!(kept.last(), turns.last(), "what was just read stays");
        let (words, _, taken) = asked(&talk(&[(0, 0); 100]), 5_000, 1_000, told);
        assert!(taken && words.turns > 0);
    }

    #[test]
    fn a_conversation_of_any_length_is_taken_unless_its_last_exchange_is_too_long() {
        let told =
            |window: usize| move |sent: usize| format!("{sent} tokens, and the maximum context length is {window}");
        let silent = |_: usize| "Input is too long for requested model.".to_owned();
        for exchanges in
            [vec![(0, 0); 300], vec![(4, 30_000); 20], vec![(40, 3_000)], vec![(0, 0), (30, 9_000), (0, 0), (1, 50)]]
        {
            let turns = talk(&exchanges);
            for window in [8_000, 20_000, 60_000] {
                for (omitted, refusals, taken) in
                    [asked(&turns, window, 1_500, told(window)), asked(&turns, window, 1_500, silent)]
                {
                    let kept = omitted.without(&turns);
                    assert!(taken || kept.iter().filter(|turn| matches!(turn, Turn::User { .. })).count() == 1);
                    assert!(refusals <= crate::model::gate::refusal::MOST + 2, "{refusals} refusals");
                    assert_eq!(kept.last(), turns.last());
                    assert!(matches!(&kept[0], Turn::User { text } if omitted.turns == 0 || text.contains("left out")));
                }
            }
        }
        assert_eq!(more(&silent(0), &talk(&[(0, 0)]), Omitted::default(), 10_000), None, "one message has to fit");
    }

    #[test]
    fn a_shorter_history_is_another_one() {
        let omitted = Omitted { turns: 4, results: 6 };
        let title = vec![Turn::User { text: "name it".into() }];
        assert_eq!(omitted.without(&title), title);
        let (turns, before) = (talk(&[(0, 0); 4]), Omitted { turns: 2, results: 0 });
        assert_eq!(before.without(&turns).len(), turns.len() - 2);
    }
}
