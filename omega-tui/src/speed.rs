//! How fast a model answers, how long it thinks, and how much of what it can read is taken.
//!
//! While it answers its tokens are guessed from the text, four bytes to one; what the provider counted takes the place of the
//! guess when the step is over.

use omega_core::{
    api::{Timestamp, Usage},
    event::Event,
    id::MessageId,
};
use std::collections::HashMap;

/// A rate of less time is chance.
const SHORTEST_MILLIS: u64 = 1_000;
const BYTES_PER_TOKEN: u64 = 4;

/// A thought: from its first word to the first word of what follows it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Thought {
    from: Timestamp,
    to: Timestamp,
    is_over: bool,
}

/// What is known of the steps of this conversation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Speed {
    /// When the first text of the step came.
    began: Option<Timestamp>,
    /// Bytes that came since.
    bytes: u64,
    /// Tokens a second of the last step, as they were counted.
    counted: Option<u64>,
    /// Tokens of the last step's prompt and answer: what the next one reads again.
    pub context: Option<u64>,
    /// The thoughts that were seen coming.
    thoughts: HashMap<MessageId, Thought>,
}

impl Speed {
    /// Takes in what happened.
    pub fn follow(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::ReasoningDelta { message_id, .. } => {
                let thought =
                    self.thoughts.entry(*message_id).or_insert(Thought { from: now, to: now, is_over: false });
                (thought.to, thought.is_over) = (now, false);
            }
            Event::MessageDelta { message_id, .. } | Event::ToolProposed { message_id, .. } => {
                if let Some(thought) = self.thoughts.get_mut(message_id).filter(|thought| !thought.is_over) {
                    (thought.to, thought.is_over) = (now, true);
                }
            }
            _ => {}
        }
        match event {
            Event::StepStarted { .. } | Event::MessageReset { .. } => (self.began, self.bytes) = (None, 0),
            Event::MessageDelta { content, .. } | Event::ReasoningDelta { content, .. } => {
                self.began.get_or_insert(now);
                self.bytes = self.bytes.saturating_add(content.len() as u64);
            }
            Event::StepCompleted { usage, .. } => {
                self.counted = self.rate_of(usage.output_tokens, now);
                (self.began, self.bytes) = (None, 0);
                self.context = Some(tokens_of(usage)).filter(|tokens| *tokens > 0).or(self.context);
            }
            _ => {}
        }
    }

    /// Tokens a second, as words: guessed while they come, counted afterwards.
    pub fn words(&self, now: Timestamp) -> Option<String> {
        match self.rate_of(self.bytes / BYTES_PER_TOKEN, now) {
            Some(rate) => Some(format!("≈{rate} tokens/s")),
            None => self.counted.map(|rate| format!("{rate} tokens/s")),
        }
    }

    /// How long a message was thought about, where that was seen.
    pub fn thought_millis(&self, message: MessageId) -> Option<u64> {
        self.thoughts.get(&message).map(|it| it.to.millis_since(it.from)).filter(|millis| *millis > 0)
    }

    fn rate_of(&self, tokens: u64, now: Timestamp) -> Option<u64> {
        let took = now.millis_since(self.began?);
        (took >= SHORTEST_MILLIS && tokens > 0).then(|| tokens.saturating_mul(1_000) / took)
    }
}

fn tokens_of(usage: &Usage) -> u64 {
    usage.input_tokens.saturating_add(usage.output_tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(bytes: usize) -> Event {
        Event::MessageDelta { message_id: MessageId::new(), part: 0, offset: 0, content: "x".repeat(bytes) }
    }

    fn completed(input_tokens: u64, output_tokens: u64) -> Event {
        let usage = Usage { input_tokens, output_tokens, ..Usage::default() };
        Event::StepCompleted { step_index: 1, usage, run_usage: None, finish_reason: None }
    }

    #[test]
    fn a_rate_is_a_guess_until_it_is_counted() {
        let mut speed = Speed::default();
        speed.follow(&delta(4), Timestamp(10_000));
        assert_eq!(speed.words(Timestamp(10_900)), None, "too short to say");
        speed.follow(&delta(396), Timestamp(11_000));
        assert_eq!(speed.words(Timestamp(12_000)), Some(String::from("≈50 tokens/s")));
        speed.follow(&completed(1_000, 120), Timestamp(12_000));
        assert_eq!(speed.words(Timestamp(99_000)), Some(String::from("60 tokens/s")));
        assert_eq!(speed.context, Some(1_120));
        speed.follow(&completed(0, 0), Timestamp(99_000));
        assert_eq!(speed.context, Some(1_120), "a provider that counts nothing says nothing");
    }

    #[test]
    fn a_thought_takes_from_its_first_word_to_the_first_one_of_what_follows() {
        let mut speed = Speed::default();
        let id = MessageId::new();
        for at in [1_000, 2_000, 4_500] {
            let event = Event::ReasoningDelta { message_id: id, part: 0, offset: 0, content: "x".into() };
            speed.follow(&event, Timestamp(at));
        }
        assert_eq!(speed.thought_millis(id), Some(3_500));
        for at in [5_000, 6_000] {
            let event = Event::MessageDelta { message_id: id, part: 1, offset: 0, content: "x".into() };
            speed.follow(&event, Timestamp(at));
        }
        assert_eq!(speed.thought_millis(id), Some(4_000));
        assert_eq!(speed.thought_millis(MessageId::new()), None);
    }

    #[test]
    fn no_count_and_no_clock_overflows() {
        let mut speed = Speed::default();
        speed.follow(&delta(1), Timestamp(i64::MAX));
        speed.follow(&completed(u64::MAX, u64::MAX), Timestamp(i64::MIN));
        assert_eq!(speed.words(Timestamp(0)), None);
    }
}
