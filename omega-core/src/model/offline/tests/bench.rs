//! The benchmark: requests as newcomers type them (`bench.json`, with what is right for each), answered with outputs that the
//! real tools gave (`outputs.json`).
//!
//! None may be wrong or misleading, and at least half of them are done right; all others are refused with a next step. A call
//! without a recorded output fails the test, which prints it: run it with `omega tools run` and record what it gives.

use super::Talk;
use crate::model::offline::{ANSWERED, NOT_DONE, bare};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{cell::RefCell, collections::HashMap};

/// A conversation, and what the last answer must be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Case {
    group: String,
    ask: Vec<String>,
    /// Piped in with the first message.
    pipe: Option<String>,
    /// No tool can do it: only a refusal is right.
    refuse: bool,
    /// It is about the planner itself, or needs no tool: an answer in words, without a call.
    help: bool,
    /// Credentials one of which has to be asked for.
    needs: Vec<String>,
    is: Vec<String>,
    has: Vec<String>,
    has_any: Vec<String>,
    hasnot: Vec<String>,
    order: Vec<String>,
    num: Option<f64>,
    among_num: Vec<f64>,
    tol: Option<f64>,
    yes: Option<bool>,
    json: Option<Value>,
    /// At least so many lines.
    lines: Option<usize>,
    /// So many items.
    list: Option<usize>,
    /// So many characters.
    length: Option<usize>,
    words: Option<usize>,
    uuid: bool,
    squeeze: bool,
}

#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
enum Verdict {
    Right,
    Refused,
    Wrong,
}

impl Case {
    fn judge(&self, answer: &str, notice: Option<&str>, calls: usize) -> Verdict {
        let helps = ["omega ", "`", "mark", "Ollama"].iter().any(|step| answer.contains(step));
        let text = bare(answer);
        match notice {
            Some(NOT_DONE) if helps => match self.needs.iter().any(|name| answer.contains(name.as_str())) {
                true => Verdict::Right,
                false if self.help => Verdict::Wrong,
                false => Verdict::Refused,
            },
            Some(ANSWERED) if !self.refuse && !self.help && calls > 0 && self.fits(text) => Verdict::Right,
            None if self.help && calls == 0 && self.has.iter().all(|part| answer.contains(part.as_str())) => {
                Verdict::Right
            }
            _ => Verdict::Wrong,
        }
    }

    fn fits(&self, text: &str) -> bool {
        let squeezed: String = text.split_whitespace().collect();
        let shown = if self.squeeze { squeezed.as_str() } else { text };
        let number = || {
            let plain: String =
                text.trim().chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | 'e' | '+')).collect();
            plain.parse::<f64>().ok()
        };
        let near = |wanted: f64| {
            number().is_some_and(|number| (number - wanted).abs() <= self.tol.unwrap_or(1e-4) * wanted.abs().max(1.0))
        };
        let in_order = || {
            let places: Option<Vec<usize>> = self.order.iter().map(|part| text.find(part.as_str())).collect();
            places.is_some_and(|places| places.is_sorted())
        };
        // Figures of a CSV may stay text.
        let loose = |value: &Value| value.to_string().replace('"', "");
        let same = |wanted: &Value| {
            let read: Option<Value> = serde_json::from_str(text).ok();
            read.is_some_and(|read| loose(&read) == loose(wanted))
        };
        (self.is.is_empty() || self.is.iter().any(|wanted| wanted == text))
            && self.has.iter().all(|part| shown.contains(part.as_str()))
            && (self.has_any.is_empty() || self.has_any.iter().any(|part| shown.contains(part.as_str())))
            && !self.hasnot.iter().any(|part| shown.contains(part.as_str()))
            && in_order()
            && self.num.is_none_or(near)
            && (self.among_num.is_empty() || self.among_num.iter().any(|wanted| near(*wanted)))
            && self.yes.is_none_or(|yes| text == yes.to_string())
            && self.json.as_ref().is_none_or(same)
            && self.lines.is_none_or(|lines| text.lines().count() >= lines)
            && self.list.is_none_or(|count| text.lines().count() == count)
            && self.length.is_none_or(|length| text.chars().count() == length)
            && self.words.is_none_or(|words| text.split_whitespace().count() >= words)
            && (!self.uuid || uuid::Uuid::parse_str(text).is_ok())
    }
}

#[derive(Deserialize)]
struct Recorded {
    tool: String,
    input: Value,
    #[serde(default)]
    output: Value,
    #[serde(default)]
    error: Option<Value>,
}

#[test]
fn no_request_is_answered_wrongly_and_at_least_half_are_done() {
    let file = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/model/offline/tests/");
        std::fs::read_to_string(format!("{folder}{name}")).unwrap()
    };
    let cases: Vec<Case> = serde_json::from_str(&file("bench.json")).unwrap();
    let recorded: Vec<Recorded> = serde_json::from_str(&file("outputs.json")).unwrap();
    let outputs: HashMap<(&str, String), &Recorded> =
        recorded.iter().map(|one| ((one.tool.as_str(), one.input.to_string()), one)).collect();
    let missing = RefCell::new(Vec::new());
    let run = |tool: &str, input: &Value| match outputs.get(&(tool, input.to_string())) {
        Some(Recorded { error: Some(error), .. }) => Err(error.clone()),
        Some(one) => Ok(one.output.clone()),
        None => {
            missing.borrow_mut().push(json!({"tool": tool, "input": input}));
            Err(json!({"code": "NOT_RECORDED", "message": "no output is recorded"}))
        }
    };
    let mut counts: HashMap<Verdict, usize> = HashMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let mut talk = Talk::new();
        let mut last = (String::new(), None);
        for (at, words) in case.ask.iter().enumerate() {
            let pipe = case.pipe.as_ref().filter(|_| at == 0);
            let text = pipe.map_or_else(
                || words.clone(),
                |pipe| format!("{words}\n\n<stdin>\n{}\n</stdin>", pipe.trim_end_matches('\n')),
            );
            last = talk.heard(&text, &run);
        }
        let verdict = case.judge(&last.0, last.1, talk.calls.len());
        *counts.entry(verdict).or_default() += 1;
        let line = |what: &str| {
            format!(
                "[{}] {:?} {what}: {:?} after {:?}",
                case.group,
                case.ask,
                last.0.chars().take(300).collect::<String>(),
                talk.calls
            )
        };
        if verdict == Verdict::Wrong {
            wrong.push(line("WRONG"));
        } else if verdict == Verdict::Refused && !case.refuse {
            eprintln!("{}", line("refused"));
        }
    }
    eprintln!("{counts:?} of {}", cases.len());
    let missing = missing.into_inner();
    let calls: Vec<String> = missing.iter().map(Value::to_string).collect();
    assert!(
        missing.is_empty(),
        "calls without a recorded output:\n{}\nwrong so far:\n{}",
        calls.join("\n"),
        wrong.join("\n")
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts[&Verdict::Right] * 2 >= cases.len(), "{counts:?}");
}
