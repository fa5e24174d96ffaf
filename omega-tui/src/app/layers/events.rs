//! What happened in a run, event by event as it is stored, from its first one on: typing filters by any word of it, enter shows
//! one whole, tab copies what is listed as lines of JSON.

use super::{
    Handled, Picker, Viewer,
    picker::{Choice, Source},
};
use crate::{
    app::{App, Effect},
    clean::one_line,
    messages::{Command, Update},
    numbers::{grouped, seconds},
};
use omega_core::{
    api::{Run, Timestamp},
    event::Envelope,
    id::RunId,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Characters of an event that stand in its row.
const SHOWN: usize = 300;

/// An event, and how it is written.
#[derive(Debug)]
struct Stored {
    at: Timestamp,
    json: Value,
    line: String,
    /// In small letters, to look for words in.
    lower: String,
}

impl Stored {
    fn of(envelope: &Envelope) -> Option<Self> {
        let json = serde_json::to_value(envelope).ok()?;
        let line = json.to_string();
        Some(Self { at: envelope.at, lower: line.to_lowercase(), line, json })
    }

    fn kind(&self) -> &str {
        self.json.get("type").and_then(Value::as_str).unwrap_or("unknown")
    }

    /// What it says besides what every event says.
    fn rest(&self) -> String {
        let Some(fields) = self.json.as_object() else { return String::new() };
        let common = ["v", "seq", "conversationId", "runId", "at", "type"];
        let own = fields.iter().filter(|(name, _)| !common.contains(&name.as_str()));
        let own: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
        one_line(&own.join(" ").chars().take(SHOWN).collect::<String>())
    }
}

/// The events of a run, by their numbers.
#[derive(Debug)]
pub struct RunEvents {
    run: RunId,
    began: Timestamp,
    all: BTreeMap<u64, Stored>,
    is_asking: bool,
    problem: Option<String>,
    shown: Vec<u64>,
}

impl RunEvents {
    /// Of the run of what is selected, or of the newest one.
    pub fn open(app: &mut App) -> Vec<Effect> {
        let selected = app.selected_run();
        let runs = &app.here.view.runs;
        let run = runs.iter().find(|run| Some(run.id) == selected).or(runs.last()).cloned();
        let Some(run) = run else {
            app.say("nothing ran yet");
            return Vec::new();
        };
        let events = Self {
            run: run.id,
            began: run.created_at,
            all: BTreeMap::new(),
            is_asking: true,
            problem: None,
            shown: Vec::new(),
        };
        let load = Command::LoadEvents { after: before(app, &run), until: app.here.view.last_seq };
        let mut effects = Picker::open(events, "", app);
        effects.push(Effect::Command(load));
        effects
    }

    fn add(&mut self, envelope: &Envelope) {
        if envelope.run_id == Some(self.run)
            && let (Some(seq), Some(stored)) = (envelope.seq, Stored::of(envelope))
        {
            self.all.insert(seq, stored);
        }
    }
}

/// The event before the run's message, which has the number of its own event.
fn before(app: &App, run: &Run) -> u64 {
    let message = app.here.view.messages.iter().find(|message| message.id == run.message_id);
    message.map_or(0, |message| message.seq.saturating_sub(1))
}

impl Source for RunEvents {
    fn title(&self) -> &'static str {
        "events of the run"
    }

    fn words(&self) -> &'static str {
        "type, tool, any word"
    }

    fn list(&mut self, typed: &str, _app: &App) -> Vec<Choice> {
        let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
        let fitting = self.all.iter().filter(|(_, it)| words.iter().all(|word| it.lower.contains(word.as_str())));
        let choice = |(seq, it): (&u64, &Stored)| {
            let after = seconds(it.at.millis_since(self.began));
            (
                *seq,
                Choice {
                    name: format!("{} {}", it.kind(), it.rest()),
                    value: format!("{after} · {}", grouped(*seq)),
                    ..Choice::default()
                },
            )
        };
        let (shown, mut choices): (_, Vec<Choice>) = fitting.map(choice).unzip();
        self.shown = shown;
        if let Some(problem) = &self.problem {
            choices.push(Choice { name: format!("not all of them: {problem}"), is_off: true, ..Choice::default() });
        }
        choices
    }

    fn learn(&mut self, news: &Update) -> bool {
        match news {
            Update::Events(events, problem) => {
                events.iter().for_each(|envelope| self.add(envelope));
                (self.is_asking, self.problem) = (false, problem.clone());
                true
            }
            // It is for the conversation, too.
            Update::Event(envelope) => {
                self.add(envelope);
                false
            }
            _ => false,
        }
    }

    fn is_asking(&self) -> bool {
        self.is_asking
    }

    fn follows(&self) -> bool {
        true
    }

    fn take(&mut self, at: usize, _typed: &str, app: &mut App) -> Handled {
        let Some((seq, stored)) = self.shown.get(at).and_then(|seq| Some((seq, self.all.get(seq)?))) else {
            return Handled::Ignored;
        };
        Viewer::open_value(app, format!("event {} {}", grouped(*seq), stored.kind()), stored.json.clone());
        Handled::Consumed(Vec::new())
    }

    fn other(&mut self, _at: usize, _app: &mut App) -> Handled {
        let lines = self.shown.iter().filter_map(|seq| self.all.get(seq)).map(|it| format!("{}\n", it.line));
        let (text, what) = (lines.collect::<String>(), format!("{} events", self.shown.len()));
        Handled::Consumed(vec![Effect::Copy { text, what }])
    }

    fn other_word(&self) -> Option<&'static str> {
        Some("copy what is listed")
    }
}
