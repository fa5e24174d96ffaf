//! All output goes through here: results to stdout, everything else to stderr.
//!
//! Quiet leaves only results and errors; verbose adds details. Colour only where a person looks: `NO_COLOR` forbids it,
//! `CLICOLOR_FORCE` forces it, `TERM=dumb` and a redirected stream have none. A reader that went away (`| head -1`) ends
//! the command quietly.

pub mod columns;

use crate::exit::Failure;
use omega_core::{
    local::Env,
    sanitize::{escaped_json, sanitize_terminal},
};
use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Results and errors.
    Quiet,
    /// And what happens.
    Normal,
    /// And why.
    Verbose,
}

/// Where a person looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminals {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

impl Terminals {
    pub fn of_process() -> Self {
        Self {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
        }
    }
}

/// The output of one command.
#[derive(Debug, Clone)]
pub struct Ui {
    verbosity: Verbosity,
    terminals: Terminals,
    colour: bool,
    /// What stdout got last does not end a line. All clones share it.
    open_line: Arc<AtomicBool>,
    /// Whether the terminal can be drawn on, and how many of its last lines are drawn anew with the next output.
    live: Option<Arc<Mutex<usize>>>,
    /// Whether output only grows, and says in words what else is a sign.
    linear: bool,
    /// What is said while something else has the whole screen.
    held: Arc<Mutex<Option<Vec<String>>>>,
}

/// Lets go of what was held when it is dropped.
#[must_use]
pub struct Held<'a>(&'a Ui);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        held.into_iter().flatten().for_each(|text| self.0.err(&text));
    }
}

/// A meaning that has a colour.
#[derive(Debug, Clone, Copy)]
pub enum Tone {
    Good,
    Bad,
    Warn,
    Dim,
}

impl Ui {
    /// Decides from the flags, the environment and the terminals.
    pub fn new(verbosity: Verbosity, env: &Env, terminals: Terminals) -> Self {
        let colour = wants_colour(env, terminals.stderr);
        let draws =
            terminals.stderr && verbosity > Verbosity::Quiet && env.get("TERM").is_some_and(|term| term != "dumb");
        Self {
            verbosity,
            terminals,
            colour,
            open_line: Arc::default(),
            live: draws.then(Arc::default),
            linear: false,
            held: Arc::default(),
        }
    }

    /// Whether lines can be drawn that go away again.
    pub fn has_live(&self) -> bool {
        self.live.is_some()
    }

    /// Output that only grows, as a screen reader wants it.
    pub fn linear(self) -> Self {
        Self { live: None, linear: true, ..self }
    }

    pub fn is_linear(&self) -> bool {
        self.linear
    }

    pub fn has_colour(&self) -> bool {
        self.colour
    }

    /// Draws the last of these lines that fit, and a status line (a mark and words) under them. Whatever is written next takes
    /// their place.
    pub fn live(&self, lines: &[String], (mark, words): (&str, &str)) {
        let Some(live) = &self.live else { return };
        if self.open_line.load(Ordering::Relaxed) {
            return;
        }
        let (columns, rows) = omega_tui::screen_size();
        let fit = usize::from(rows).saturating_sub(3).min(lines.len());
        let words = columns::cut(words, usize::from(columns).saturating_sub(3));
        let status = format!("{} {}", self.tone(Tone::Good, mark), self.tone(Tone::Dim, words));
        let text: String = lines[lines.len() - fit..].iter().chain([&status]).map(|line| format!("{line}\n")).collect();
        let mut drawn = live.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stderr = io::stderr().lock();
        // Nobody is there to be told that stderr is gone.
        let _ = stderr.write_all(format!("{}{text}", erasing(*drawn)).as_bytes()).and_then(|()| stderr.flush());
        *drawn = fit + 1;
    }

    /// Takes the drawn lines away.
    pub fn clear_live(&self) {
        let Some(live) = &self.live else { return };
        let mut drawn = live.lock().unwrap_or_else(PoisonError::into_inner);
        if *drawn > 0 {
            let mut stderr = io::stderr().lock();
            let _ = stderr.write_all(erasing(*drawn).as_bytes()).and_then(|()| stderr.flush());
            *drawn = 0;
        }
    }

    pub fn terminals(&self) -> Terminals {
        self.terminals
    }

    pub fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Whether somebody is there to be asked: they see stderr and type into stdin.
    pub fn can_ask(&self) -> bool {
        self.terminals.stdin && self.terminals.stderr
    }

    pub fn out(&self, text: &str) -> Result<(), Failure> {
        if self.terminals.stdout {
            self.clear_live();
        }
        if let Some(last) = text.chars().last() {
            self.open_line.store(last != '\n', Ordering::Relaxed);
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::of_stdout)
    }

    pub fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        self.out(&format!("{}\n", text.as_ref()))
    }

    /// A list: in columns for a person, and otherwise each row by itself.
    pub fn rows<const N: usize>(&self, rows: &[[String; N]]) -> Result<(), Failure> {
        if rows.is_empty() {
            self.note(self.tone(Tone::Dim, "There are none."));
        }
        match self.terminals.stdout {
            true => columns::aligned(rows).iter().try_for_each(|line| self.line(line)),
            false => rows.iter().try_for_each(|row| self.line(columns::plain(row))),
        }
    }

    /// A result, one JSON document.
    pub fn json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        self.line(escaped_json(&serde_json::to_string_pretty(value).map_err(io::Error::from)?))
    }

    /// What happens; not in quiet.
    pub fn note(&self, text: impl AsRef<str>) {
        if self.verbosity >= Verbosity::Normal {
            self.err(text.as_ref());
        }
    }

    /// A detail; only in verbose.
    pub fn detail(&self, text: impl AsRef<str>) {
        if self.is_verbose() {
            self.err(&self.tone(Tone::Dim, text.as_ref()));
        }
    }

    /// Something to look at; not in quiet.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.note(format!("{} {}", self.tone(Tone::Warn, "⚠"), text.as_ref()));
    }

    /// What a person is asked; always.
    pub fn question(&self, text: impl AsRef<str>) {
        self.err(text.as_ref());
    }

    /// What stands before their answer, on the same line.
    pub fn prompt(&self, text: &str) {
        self.clear_live();
        let mut stderr = io::stderr().lock();
        // Nobody is there to be asked when stderr is gone.
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }

    /// Ends the last line of a result, for a person. A pipe gets the result and not a byte more.
    pub fn end_line(&self) -> Result<(), Failure> {
        match self.terminals.stdout && self.open_line.load(Ordering::Relaxed) {
            true => self.out("\n"),
            false => Ok(()),
        }
    }

    /// Why it failed; always.
    pub fn error(&self, failure: &Failure) {
        if let Some(message) = failure.message() {
            self.err(&format!("{} {}", self.tone(Tone::Bad, "error:"), sanitize_terminal(message)));
        }
        if let Some(hint) = failure.next_step() {
            self.err(&format!("{} {hint}", self.tone(Tone::Dim, " next:")));
        }
    }

    /// What to do next about something that is no failure.
    pub fn hint(&self, failure: &Failure) {
        if let Some(hint) = failure.next_step() {
            self.note(format!("{} {hint}", self.tone(Tone::Dim, " next:")));
        }
    }

    /// The text in the colour of its meaning, on stderr.
    pub fn tone(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Warn => 33,
            Tone::Dim => 2,
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Holds back what is said on stderr, by all clones, as long as the result lives: a screen is drawn there.
    pub fn hold(&self) -> Held<'_> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
        Held(self)
    }

    fn err(&self, text: &str) {
        if let Some(held) = self.held.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            held.push(text.to_owned());
            return;
        }
        self.clear_live();
        // Where both streams are the same terminal, a result may have left its line open.
        let same = self.terminals.stdout && self.terminals.stderr;
        let before = if same && self.open_line.swap(false, Ordering::Relaxed) { "\n" } else { "" };
        // Nobody is there to be told that stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{before}{text}");
    }
}

/// What takes the last lines off the screen.
fn erasing(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\x1b[{lines}A\r\x1b[J") }
}

fn wants_colour(env: &Env, terminal: bool) -> bool {
    if env.get("NO_COLOR").is_some() {
        return false;
    }
    if env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    terminal && env.get("TERM") != Some("dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_people_unless_somebody_says_otherwise() {
        let plain = Env::of([("TERM", "xterm")]);
        let cases = [
            (plain.clone(), true, true),
            (plain, false, false),
            (Env::of([("TERM", "dumb")]), true, false),
            (Env::of([("NO_COLOR", "1")]), true, false),
            (Env::of([("NO_COLOR", "")]), true, true),
            (Env::of([("CLICOLOR_FORCE", "1")]), false, true),
            (Env::of([("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), false, false),
        ];
        for (env, terminal, colour) in cases {
            assert_eq!(wants_colour(&env, terminal), colour, "{env:?} {terminal}");
        }
    }
}
