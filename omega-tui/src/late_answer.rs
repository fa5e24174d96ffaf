//! The terminal's answer about its ground, when it comes too late.
//!
//! A slow line or a busy machine takes longer than anybody waits at the start. Then the answer comes among the keys, and
//! would be written into the message. The promise: it is taken out and used, and no key is lost or changes its place.

use crate::probe::colour_of;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::time::{Duration, Instant};

/// No answer takes longer.
const LATEST: Duration = Duration::from_secs(60);
/// Longer than any colour.
const MOST: usize = 40;
const BEGINNING: &str = "11;rgb";

/// Looks for it among what comes from the terminal.
#[derive(Debug, Default)]
pub struct LateAnswer {
    /// Since when it is due; nothing when it came.
    asked: Option<Instant>,
    /// What may be the beginning of it.
    held: Vec<Event>,
    text: String,
    ground: Option<u32>,
}

impl LateAnswer {
    /// One that is still to come.
    pub fn since(asked: Instant) -> Self {
        Self { asked: Some(asked), ..Self::default() }
    }

    /// What is to be taken in by now, in the order in which it came.
    pub fn take(&mut self, event: Event, now: Instant) -> Vec<Event> {
        let is_due = self.asked.is_some_and(|asked| now.duration_since(asked) < LATEST);
        if !is_due && self.held.is_empty() {
            return vec![event];
        }
        match key(&event) {
            // `ESC ]` is read as a key with Alt, and `ESC \` too; some end it with a bell.
            Some((']', KeyModifiers::ALT)) if self.held.is_empty() => {
                self.held.push(event);
                Vec::new()
            }
            Some(('\\', KeyModifiers::ALT) | ('g', KeyModifiers::CONTROL)) if self.text.starts_with(BEGINNING) => {
                self.ground = colour_of(self.text.trim_start_matches("11;"));
                (self.asked, self.held, self.text) = (None, Vec::new(), String::new());
                Vec::new()
            }
            Some((c, KeyModifiers::NONE | KeyModifiers::SHIFT)) if !self.held.is_empty() && self.goes_on_with(c) => {
                self.held.push(event);
                self.text.push(c);
                Vec::new()
            }
            _ => {
                self.text.clear();
                let mut events = std::mem::take(&mut self.held);
                events.push(event);
                events
            }
        }
    }

    /// The colour that it said, once.
    pub fn ground(&mut self) -> Option<u32> {
        self.ground.take()
    }

    fn goes_on_with(&self, c: char) -> bool {
        match BEGINNING.chars().nth(self.text.chars().count()) {
            Some(expected) => c == expected,
            None => self.text.len() < MOST && (c.is_ascii_hexdigit() || matches!(c, ':' | '/')),
        }
    }
}

fn key(event: &Event) -> Option<(char, KeyModifiers)> {
    match event {
        Event::Key(KeyEvent { code: KeyCode::Char(c), modifiers, kind: KeyEventKind::Press, .. }) => {
            Some((*c, *modifiers))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(c: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers))
    }

    /// Keys as the terminal's reader makes them of bytes: `ESC c` is a key with Alt.
    fn events(text: &str) -> Vec<Event> {
        let (mut events, mut chars) = (Vec::new(), text.chars());
        while let Some(c) = chars.next() {
            events.push(match c {
                '\u{1b}' => press(chars.next().unwrap(), KeyModifiers::ALT),
                '\u{7}' => press('g', KeyModifiers::CONTROL),
                c if c.is_uppercase() => press(c, KeyModifiers::SHIFT),
                c => press(c, KeyModifiers::NONE),
            });
        }
        events
    }

    fn taken(late: &mut LateAnswer, text: &str, now: Instant) -> Vec<Event> {
        events(text).into_iter().flat_map(|event| late.take(event, now)).collect()
    }

    #[test]
    fn a_late_answer_is_taken_out_and_every_key_stays_in_its_place() {
        let cases = [
            ("hi \u{1b}]11;rgb:0a0a/0a0a/0a0a\u{1b}\\there", "hi there", Some(0x0A_0A_0A)),
            ("\u{1b}]11;rgba:FFFF/ffff/f0f0/ffff\u{7}x", "x", Some(0xFF_FF_F0)),
            ("\u{1b}]11;rgb:nonsense\u{1b}\\", "\u{1b}]11;rgb:nonsense\u{1b}\\", None),
            ("\u{1b}]x11;rgb:", "\u{1b}]x11;rgb:", None),
            ("11;rgb:0a/0a/0a", "11;rgb:0a/0a/0a", None),
            ("\u{1b}]11;rgb:00/00/00\u{1b}\\\u{1b}]a", "\u{1b}]a", Some(0)),
            ("\u{7}\u{1b}\\", "\u{7}\u{1b}\\", None),
        ];
        let now = Instant::now();
        for (text, left, ground) in cases {
            let mut late = LateAnswer::since(now);
            assert_eq!((taken(&mut late, text, now), late.ground()), (events(left), ground), "{text:?}");
        }
        // One that is not expected, or not any more, is somebody's.
        let answer = "\u{1b}]11;rgb:00/00/00\u{1b}\\";
        assert_eq!(taken(&mut LateAnswer::default(), answer, now), events(answer));
        assert_eq!(taken(&mut LateAnswer::since(now), answer, now + LATEST), events(answer));
    }
}
