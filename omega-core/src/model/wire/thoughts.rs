//! Thoughts that a model writes into its answer, between marks: `<think>...</think>` and its kin.
//!
//! The promise: what stands between such marks at the beginning of an answer is reasoning, however it is cut, and also when the
//! closing mark never comes; marks anywhere else are text that talks about them. The white space around the block goes with
//! it. Which marks: DeepSeek, Qwen and most open models write `<think>`
//! (<https://docs.vllm.ai/en/latest/features/reasoning_outputs.html>), prompts for Claude ask for `<thinking>`, Magistral has
//! `[THINK]`, Seed-OSS `<seed:think>`, Kimi-VL `◁think▷`, gpt-oss channels (<https://cookbook.openai.com/articles/openai-harmony>).
//!
//! Templates of models that always think have the opening mark in the prompt, so that only the closing one comes
//! (<https://github.com/vllm-project/vllm/issues/13125>, <https://github.com/ggml-org/llama.cpp/issues/11861>). That is known
//! when it comes, and not before: [`closed_alone`] is asked when the answer is whole.

use crate::model::ModelEvent;

const MARKS: [(&str, &str); 9] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<thoughts>", "</thoughts>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel|>analysis<|message|>", "<|start|>assistant<|channel|>final<|message|>"),
];

/// More white space than any answer begins with.
const MOST_SPACE: usize = 4_096;

/// Where in the answer the text is.
#[derive(Clone, Copy, Default)]
enum At {
    /// Before the first character that is seen.
    #[default]
    Start,
    /// Inside of a block that this mark closes; `true` once something of it was seen.
    Inside(&'static str, bool),
    /// Behind a block, before the first character that is seen.
    After,
    Text,
}

/// Tells thoughts from the answer.
#[derive(Default)]
pub(super) struct Thoughts {
    at: At,
    /// What may be the beginning of a mark.
    held: String,
}

impl Thoughts {
    /// Takes more text of the answer.
    pub fn take(&mut self, text: String, out: &mut Vec<ModelEvent>) {
        if let At::Text = self.at {
            return push(text, out);
        }
        self.held.push_str(&text);
        while self.step(out) {}
    }

    /// The answer is whole: what was held is what it seemed not to be.
    pub fn finish(&mut self, out: &mut Vec<ModelEvent>) {
        let held = std::mem::take(&mut self.held);
        match self.at {
            At::Inside(..) if !held.is_empty() => out.push(ModelEvent::Reasoning(held)),
            At::After => push(held.trim_start().to_owned(), out),
            At::Start | At::Text | At::Inside(..) => push(held, out),
        }
        self.at = At::Text;
    }

    /// Goes on as far as one decision; whether there may be another one.
    fn step(&mut self, out: &mut Vec<ModelEvent>) -> bool {
        match self.at {
            At::Text => {
                push(std::mem::take(&mut self.held), out);
                false
            }
            At::Start | At::After => self.begin(),
            At::Inside(close, seen) => self.inside(close, seen, out),
        }
    }

    fn begin(&mut self) -> bool {
        let text = self.held.trim_start();
        let space = self.held.len() - text.len();
        if let Some((open, close)) = MARKS.iter().find(|(open, _)| starts_with(text, open)) {
            self.held.drain(..space + open.len());
            self.at = At::Inside(close, false);
            return true;
        }
        let may_become_one = text.is_empty() || MARKS.iter().any(|(open, _)| starts_with(open, text));
        if may_become_one && space < MOST_SPACE {
            return false;
        }
        if let At::After = self.at {
            self.held.drain(..space);
        }
        self.at = At::Text;
        true
    }

    fn inside(&mut self, close: &'static str, seen: bool, out: &mut Vec<ModelEvent>) -> bool {
        let lower = self.held.to_ascii_lowercase();
        let (end, closed) = match lower.find(close) {
            Some(end) => (end, true),
            None => (lower.len() - beginning_of(close, &lower), false),
        };
        let thought: String = self.held.drain(..end).collect();
        let thought = if seen { thought.as_str() } else { thought.trim_start() };
        if !thought.is_empty() {
            out.push(ModelEvent::Reasoning(thought.to_owned()));
        }
        if closed {
            self.held.drain(..close.len());
            self.at = At::After;
        } else {
            self.at = At::Inside(close, seen || !thought.is_empty());
        }
        closed
    }
}

/// Thoughts that were never opened, and the answer behind them: what stands before a closing mark on a line of its own with
/// an empty line or nothing behind it, if it has no opening mark and the line is in no block of code.
#[must_use]
pub fn closed_alone(text: &str) -> Option<(&str, &str)> {
    let lower = text.to_ascii_lowercase();
    let (at, (open, close)) = MARKS.iter().filter_map(|mark| Some((lower.find(mark.1)?, *mark))).min()?;
    let (before, behind) = (&text[..at], &text[at + close.len()..]);
    let is_line = before.is_empty() || before.ends_with('\n');
    let is_end = behind
        .trim_start_matches([' ', '\r'])
        .strip_prefix('\n')
        .is_some_and(|rest| rest.trim_start_matches([' ', '\r']).starts_with('\n') || rest.trim().is_empty());
    let in_code = before.lines().filter(|line| line.trim_start().starts_with("```")).count() % 2 == 1;
    let is_alone = is_line && (is_end || behind.trim().is_empty()) && !in_code && !lower[..at].contains(open);
    is_alone.then(|| (before.trim(), behind.trim_start()))
}

fn push(text: String, out: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        out.push(ModelEvent::Text(text));
    }
}

fn starts_with(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|text| text.eq_ignore_ascii_case(beginning))
}

/// How many bytes at the end of a text may be the beginning of a mark.
fn beginning_of(mark: &str, text: &str) -> usize {
    (1..mark.len()).rev().find(|&n| mark.is_char_boundary(n) && text.ends_with(&mark[..n])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, size: usize) -> (String, String) {
        let (mut thoughts, mut out) = (Thoughts::default(), Vec::new());
        let characters: Vec<char> = text.chars().collect();
        for piece in characters.chunks(size) {
            thoughts.take(piece.iter().collect(), &mut out);
        }
        thoughts.finish(&mut out);
        let (mut reasoning, mut text) = (String::new(), String::new());
        for event in out {
            match event {
                ModelEvent::Reasoning(more) => reasoning.push_str(&more),
                ModelEvent::Text(more) => text.push_str(&more),
                other => panic!("{other:?}"),
            }
        }
        (reasoning, text)
    }

    #[test]
    fn thoughts_are_told_from_the_answer_however_they_are_cut() {
        for (text, reasoning, answer) in [
            ("<think>\nsecret\n</think>\n\nThe answer is 4.", "secret\n", "The answer is 4."),
            ("\n <Thinking>a < b</thinking>yes", "a < b", "yes"),
            ("<think>one</think>\n<think>two</think>answer", "onetwo", "answer"),
            ("<think>\n\n</think>\n\nno thoughts", "", "no thoughts"),
            ("[THINK]mistral[/THINK]answer", "mistral", "answer"),
            ("◁think▷kimi◁/think▷answer", "kimi", "answer"),
            ("<seed:think>s</seed:think>answer", "s", "answer"),
            (
                "<|channel|>analysis<|message|>h<|end|><|start|>assistant<|channel|>final<|message|>answer",
                "h<|end|>",
                "answer",
            ),
            ("<think>a </thinking> b </thin c</think> d", "a </thinking> b </thin c", "d"),
            // Never closed: nothing of it is the answer.
            ("<think>it goes on </thi", "it goes on </thi", ""),
            ("<think>", "", ""),
            // Not at the beginning, or in a code block, or no such mark: the text talks about it.
            ("The tag <think>x</think> is text.", "", "The tag <think>x</think> is text."),
            ("```\n<think>x</think>\n```", "", "```\n<think>x</think>\n```"),
            ("`<think>` opens a block", "", "`<think>` opens a block"),
            ("<thin", "", "<thin"),
            ("<thinker>x", "", "<thinker>x"),
            ("  plain", "", "  plain"),
            ("<think>a</think>Use <think> tags", "a", "Use <think> tags"),
            ("", "", ""),
        ] {
            for size in 1..=text.chars().count().max(1) {
                assert_eq!(split(text, size), (reasoning.into(), answer.into()), "{text} by {size}");
            }
        }
    }

    #[test]
    fn thoughts_without_an_opening_mark_are_told_when_they_are_closed() {
        for (text, want) in [
            ("He greets me.\n</think>\n\nHello!", Some(("He greets me.", "Hello!"))),
            ("He greets me.\r\n</think>\r\n\r\nHello!\n", Some(("He greets me.", "Hello!\n"))),
            ("He asks for ```x```.\n\n</THINKING>\n\n4", Some(("He asks for ```x```.", "4"))),
            ("</think>\n\nHello!", Some(("", "Hello!"))),
            ("only thoughts\n</think>", Some(("only thoughts", ""))),
            ("only thoughts\n</think>\n", Some(("only thoughts", ""))),
            // An answer that talks about marks.
            ("The closing mark is\n</think>\nand nothing else.", None),
            ("Write </think>\n\nat the end.", None),
            ("Write <think> first, and then\n</think>\n\nat the end.", None),
            ("```\nthoughts\n</think>\n\nanswer\n```", None),
            ("no mark", None),
            ("", None),
        ] {
            assert_eq!(closed_alone(text), want, "{text:?}");
        }
    }

    #[test]
    fn white_space_without_end_is_not_held_for_ever() {
        let (mut thoughts, mut out) = (Thoughts::default(), Vec::new());
        thoughts.take(" ".repeat(MOST_SPACE), &mut out);
        assert_eq!(out, [ModelEvent::Text(" ".repeat(MOST_SPACE))]);
    }
}
