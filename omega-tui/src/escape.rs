//! A key with Alt that comes as Escape and a key.
//!
//! Some terminals (and `screen`, and PuTTY) send Alt and an arrow as the bytes of Escape before those of the arrow. Read as
//! two keys the first would stop a run, and what the reader makes of the rest would be written into the message. No person is
//! as fast: what follows Escape at once is one key with it. The promise: nothing that is no such key is lost, changed or moved.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::time::{Duration, Instant};

/// Longer than between the bytes of one key on any line that carries a terminal, and shorter than between two of a person's.
const AT_ONCE: Duration = Duration::from_millis(25);
/// Longer than the numbers of any key.
const MOST: usize = 8;

/// Holds an Escape back until it is known what it was.
#[derive(Debug, Default)]
pub struct Escape {
    held: Vec<Event>,
    since: Option<Instant>,
}

impl Escape {
    /// What is to be taken in by now, in the order in which it came.
    pub fn take(&mut self, event: Event, now: Instant) -> Vec<Event> {
        let mut taken = self.expired(now);
        match self.joined(&event) {
            Joined::Key(key) => {
                self.release();
                taken.push(Event::Key(key));
            }
            Joined::Begins => {
                self.held.push(event);
                self.since = Some(now);
            }
            Joined::No => {
                taken.extend(self.release());
                match plain(&event) {
                    Some(KeyCode::Esc) => {
                        self.held.push(event);
                        self.since = Some(now);
                    }
                    _ => taken.push(event),
                }
            }
        }
        taken
    }

    /// When what is held is to be let go.
    pub fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + AT_ONCE)
    }

    /// What was held in vain.
    pub fn expired(&mut self, now: Instant) -> Vec<Event> {
        if self.due().is_some_and(|due| due <= now) { self.release() } else { Vec::new() }
    }

    fn release(&mut self) -> Vec<Event> {
        self.since = None;
        std::mem::take(&mut self.held)
    }

    fn joined(&self, event: &Event) -> Joined {
        let Some(code) = plain(event) else { return Joined::No };
        let written: Vec<char> = self.held.iter().skip(1).filter_map(|it| plain(it)?.as_char()).collect();
        match (self.held.is_empty(), written.as_slice(), code) {
            (true, ..) => Joined::No,
            (false, [], KeyCode::Char('[' | 'O')) => Joined::Begins,
            (false, [], code) if is_moving(code) => Joined::Key(KeyEvent::new(code, KeyModifiers::ALT)),
            (false, ['[', numbers @ ..], KeyCode::Char(c)) if c.is_ascii_digit() || c == ';' => {
                if numbers.len() < MOST { Joined::Begins } else { Joined::No }
            }
            (false, ['[' | 'O', numbers @ ..], KeyCode::Char(last)) => match key(numbers, last) {
                Some(key) => Joined::Key(key),
                None => Joined::No,
            },
            _ => Joined::No,
        }
    }
}

enum Joined {
    /// It is the end of one key.
    Key(KeyEvent),
    /// It may be the beginning of one.
    Begins,
    No,
}

/// A key that is pressed with nothing but Shift, which the reader sees in capital letters.
fn plain(event: &Event) -> Option<KeyCode> {
    match event {
        Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. })
            if modifiers.difference(KeyModifiers::SHIFT).is_empty() =>
        {
            Some(*code)
        }
        _ => None,
    }
}

fn is_moving(code: KeyCode) -> bool {
    use KeyCode::{Delete, Down, End, Home, Insert, Left, PageDown, PageUp, Right, Up};
    matches!(code, Up | Down | Left | Right | Home | End | PageUp | PageDown | Insert | Delete)
}

/// The key that ends as xterm's do, with Alt: `A`, `1;2A`, `5~`.
fn key(numbers: &[char], last: char) -> Option<KeyEvent> {
    let text: String = numbers.iter().collect();
    let (number, with) = text.split_once(';').unwrap_or((&text, ""));
    let code = match (last, number) {
        ('A', _) => KeyCode::Up,
        ('B', _) => KeyCode::Down,
        ('C', _) => KeyCode::Right,
        ('D', _) => KeyCode::Left,
        ('F', _) | ('~', "4" | "8") => KeyCode::End,
        ('H', _) | ('~', "1" | "7") => KeyCode::Home,
        ('~', "2") => KeyCode::Insert,
        ('~', "3") => KeyCode::Delete,
        ('~', "5") => KeyCode::PageUp,
        ('~', "6") => KeyCode::PageDown,
        _ => return None,
    };
    // One more than the sum of shift (1), alt (2) and control (4).
    let sum = with.parse::<u8>().unwrap_or(1).saturating_sub(1);
    let held = [(1, KeyModifiers::SHIFT), (4, KeyModifiers::CONTROL)];
    let more = held.iter().filter(|(bit, _)| sum & bit != 0).fold(KeyModifiers::ALT, |all, (_, one)| all | *one);
    Some(KeyEvent::new(code, more))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn press(code: KeyCode) -> Event {
        let is_capital = matches!(code, KeyCode::Char(c) if c.is_uppercase());
        Event::Key(KeyEvent::new(code, if is_capital { KeyModifiers::SHIFT } else { KeyModifiers::NONE }))
    }

    /// What the terminal's reader makes of an Escape and a text.
    fn read(text: &str) -> Vec<Event> {
        std::iter::once(KeyCode::Esc).chain(text.chars().map(KeyCode::Char)).map(press).collect()
    }

    fn taken(events: Vec<Event>, between: Duration) -> Vec<Event> {
        let (mut escape, mut now) = (Escape::default(), Instant::now());
        let mut taken: Vec<Event> = Vec::new();
        for event in events {
            now += between;
            taken.extend(escape.take(event, now));
        }
        taken.extend(escape.expired(now + AT_ONCE));
        taken
    }

    #[test]
    fn escape_and_an_arrow_that_come_at_once_are_one_key_with_alt() {
        let alt = KeyModifiers::ALT;
        let cases = [
            ("[A", KeyCode::Up, alt),
            ("OB", KeyCode::Down, alt),
            ("[5~", KeyCode::PageUp, alt),
            ("[1;2C", KeyCode::Right, alt | KeyModifiers::SHIFT),
            ("[1;5D", KeyCode::Left, alt | KeyModifiers::CONTROL),
            ("[3~", KeyCode::Delete, alt),
        ];
        for (text, code, modifiers) in cases {
            let key = Event::Key(KeyEvent::new(code, modifiers));
            assert_eq!(taken(read(text), Duration::ZERO), [key], "{text}");
            // From a person's hand they are what they are.
            assert_eq!(taken(read(text), AT_ONCE), read(text), "{text}");
        }
        let apart = vec![press(KeyCode::Esc), press(KeyCode::Up)];
        assert_eq!(taken(apart.clone(), Duration::ZERO), [Event::Key(KeyEvent::new(KeyCode::Up, alt))]);
        assert_eq!(taken(apart.clone(), AT_ONCE), apart);
    }

    #[test]
    fn escape_alone_is_let_go_when_nothing_follows() {
        let (mut escape, now) = (Escape::default(), Instant::now());
        assert_eq!(escape.take(press(KeyCode::Esc), now), []);
        assert_eq!(escape.due(), Some(now + AT_ONCE));
        assert_eq!(escape.expired(now), []);
        assert_eq!(escape.expired(now + AT_ONCE), [press(KeyCode::Esc)]);
        assert_eq!((escape.due(), escape.expired(now + AT_ONCE)), (None, vec![]));
    }

    proptest! {
        #[test]
        fn what_is_no_such_key_is_neither_lost_nor_moved(text in "[a-zOA-D0-9;~\\[ ]{0,12}", gaps in prop::collection::vec(0_u64..40, 16)) {
            let (mut escape, mut now) = (Escape::default(), Instant::now());
            let events = read(&text);
            let mut taken: Vec<Event> = Vec::new();
            for (event, gap) in events.iter().cloned().zip(gaps) {
                now += Duration::from_millis(gap);
                taken.extend(escape.take(event, now));
            }
            taken.extend(escape.expired(now + AT_ONCE));
            // One key with Alt may stand for a beginning; all else is as it came.
            let rest = match taken.first() {
                Some(Event::Key(key)) if key.modifiers.contains(KeyModifiers::ALT) => &taken[1..],
                _ => {
                    prop_assert_eq!(taken.len(), events.len());
                    &taken[..]
                }
            };
            prop_assert!(events.ends_with(rest), "{:?} of {:?}", taken, text);
        }
    }
}
