//! Halves of a character that a provider cut over two events.
//!
//! Servers that work on UTF-16 stream an emoji as `"\ud83d"` and `"\ude00"`. The promise: where the second half is what comes
//! next at the same place of the answer, both are one character, in the event of the first; any other half is U+FFFD. The
//! events come out in the order in which they went in, at most [`MOST`] of them late, and never later than the end.

use crate::model::json::{self, is_high, is_low};
use serde_json::Value;

/// Events that wait for a second half, the one with the first half included.
const MOST: usize = 16;

/// An event that was read.
struct Event {
    name: String,
    value: Value,
    /// Texts that end with a first half, which is no longer in them.
    ends: Vec<Half>,
    /// Texts that begin with a second half, which is no longer in them.
    begins: Vec<Half>,
}

struct Half {
    /// Where the text is in the event.
    pointer: String,
    /// Where it is in the answer: the same for all pieces of one text.
    place: String,
    unit: u16,
}

/// The events that wait.
#[derive(Default)]
pub(super) struct Halves {
    waiting: Vec<Event>,
}

impl Halves {
    /// Reads the JSON of an event, and gives the events that are whole now.
    pub fn read(&mut self, name: &str, text: &str) -> serde_json::Result<Vec<(String, Value)>> {
        let event = Event::read(name, text)?;
        let mut out = Vec::new();
        self.push(event, &mut out);
        Ok(out)
    }

    /// Nothing follows: what waits is whole as it is.
    pub fn flush(&mut self) -> Vec<(String, Value)> {
        let mut out = Vec::new();
        self.release(&mut out);
        out
    }

    fn push(&mut self, mut event: Event, out: &mut Vec<(String, Value)>) {
        if let Some(first) = self.waiting.first_mut() {
            let goes_on = event.texts_at(&first.ends);
            first.join(&mut event);
            if !goes_on && self.waiting.len() < MOST && event.may_come_between(&self.waiting[0]) {
                event.settle();
                return self.waiting.push(event);
            }
            self.release(out);
        }
        event.begins.drain(..).collect::<Vec<_>>().iter().for_each(|half| put(&mut event.value, half, Side::Start));
        if event.ends.is_empty() {
            out.push((event.name, event.value));
        } else {
            self.waiting.push(event);
        }
    }

    fn release(&mut self, out: &mut Vec<(String, Value)>) {
        for mut event in self.waiting.drain(..) {
            event.settle();
            out.push((event.name, event.value));
        }
    }
}

impl Event {
    fn read(name: &str, text: &str) -> serde_json::Result<Self> {
        let (mut ends, mut begins) = (Vec::new(), Vec::new());
        if !text.contains("\\u") {
            return Ok(Self { name: name.to_owned(), value: serde_json::from_str(text)?, ends, begins });
        }
        let is_escaped = text.to_ascii_lowercase().contains("\\ufdd");
        let mark = ('\u{fdd0}'..='\u{fdef}').find(|mark| !is_escaped && !text.contains(*mark));
        let value = match mark {
            Some(mark) => {
                let marked = json::replace_halves(text, |unit, out| out.extend([mark, stand_in(unit)]));
                let mut value = serde_json::from_str(&marked)?;
                if marked.len() != text.len() || marked.contains(mark) {
                    let answer_place = place_of(&value);
                    let mut walk = Walk { mark, ends: &mut ends, begins: &mut begins };
                    walk.value(&mut value, String::new(), answer_place);
                }
                value
            }
            None => json::read(text)?,
        };
        Ok(Self { name: name.to_owned(), value, ends, begins })
    }

    /// Gives each first half the second one that begins the next text at its place.
    fn join(&mut self, next: &mut Self) {
        self.ends.retain(|end| {
            let Some(at) = next.begins.iter().position(|begin| begin.place == end.place) else { return true };
            let low = next.begins.remove(at).unit;
            if let (Some(Value::String(text)), Some(Ok(joined))) =
                (self.value.pointer_mut(&end.pointer), char::decode_utf16([end.unit, low]).next())
            {
                text.push(joined);
            }
            false
        });
    }

    /// Whether a text goes on at one of these places.
    fn texts_at(&self, halves: &[Half]) -> bool {
        let mut found = false;
        each_text(&self.value, &mut place_of(&self.value), &mut |place, text| {
            let begun = !text.is_empty() || self.begins.iter().any(|begin| begin.place == place);
            found |= begun && halves.iter().any(|half| half.place == place);
        });
        found
    }

    /// Whether an event says nothing about whether a text goes on: another stream's piece, or a sign of life.
    fn may_come_between(&self, first: &Self) -> bool {
        let kind = |event: &Self| event.value.get("type").and_then(Value::as_str).map(str::to_owned);
        let ended = ["/choices/0/finish_reason", "/candidates/0/finishReason"]
            .iter()
            .any(|pointer| self.value.pointer(pointer).is_some_and(|reason| !reason.is_null()));
        !ended && (kind(self).as_deref() == Some("ping") || kind(self) == kind(first))
    }

    /// What has not found its other half will not.
    fn settle(&mut self) {
        let Self { value, ends, begins, .. } = self;
        begins.drain(..).for_each(|half| put(value, &half, Side::Start));
        ends.drain(..).for_each(|half| put(value, &half, Side::End));
    }
}

#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
}

/// U+FFFD in place of half a character.
fn put(value: &mut Value, half: &Half, side: Side) {
    if let Some(Value::String(text)) = value.pointer_mut(&half.pointer) {
        match side {
            Side::Start => text.insert(0, char::REPLACEMENT_CHARACTER),
            Side::End => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// The character that stands for a half behind the mark: of the private use area, which has room for all of them.
fn stand_in(unit: u16) -> char {
    char::from_u32(0xE000 + u32::from(unit & 0x7FF)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn half_of(stand_in: char) -> u16 {
    0xD800 | (u32::from(stand_in) & 0x7FF) as u16
}

/// What tells one stream of an answer from another, beside the place in the event: kind, item, block.
fn place_of(value: &Value) -> String {
    ["type", "output_index", "content_index", "summary_index", "index"]
        .iter()
        .filter_map(|key| value.get(key).filter(|value| !value.is_object() && !value.is_array()))
        .map(|value| format!("{value}|"))
        .collect()
}

/// The place of a list's element: its own index where it has one, as the calls of a Chat Completions delta.
fn element(place: &str, at: usize, element: &Value) -> String {
    match element.get("index").and_then(Value::as_u64) {
        Some(index) => format!("{place}/#{index}"),
        None => format!("{place}/{at}"),
    }
}

struct Walk<'w> {
    mark: char,
    ends: &'w mut Vec<Half>,
    begins: &'w mut Vec<Half>,
}

impl Walk<'_> {
    fn value(&mut self, value: &mut Value, pointer: String, place: String) {
        match value {
            Value::String(text) if text.contains(self.mark) => self.text(text, pointer, place),
            Value::Array(list) => {
                for (at, item) in list.iter_mut().enumerate() {
                    let place = element(&place, at, item);
                    self.value(item, format!("{pointer}/{at}"), place);
                }
            }
            Value::Object(map) => {
                if map.keys().any(|key| key.contains(self.mark)) {
                    let members = std::mem::take(map).into_iter();
                    map.extend(members.map(|(key, value)| (without_marks(&key, self.mark), value)));
                }
                for (key, item) in map.iter_mut() {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    self.value(item, format!("{pointer}/{key}"), format!("{place}/{key}"));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn text(&mut self, text: &mut String, pointer: String, place: String) {
        let mut inner = text.as_str();
        let mut characters = inner.chars();
        if characters.next() == Some(self.mark)
            && let Some(unit) = characters.next().map(half_of).filter(|unit| is_low(*unit))
        {
            self.begins.push(Half { pointer: pointer.clone(), place: place.clone(), unit });
            inner = characters.as_str();
        }
        let mut characters = inner.chars();
        if let Some(unit) = characters.next_back().map(half_of).filter(|unit| is_high(*unit))
            && characters.next_back() == Some(self.mark)
        {
            self.ends.push(Half { pointer, place, unit });
            inner = characters.as_str();
        }
        *text = without_marks(inner, self.mark);
    }
}

fn without_marks(text: &str, mark: char) -> String {
    let (mut out, mut characters) = (String::with_capacity(text.len()), text.chars());
    while let Some(character) = characters.next() {
        if character == mark {
            characters.next();
            out.push(char::REPLACEMENT_CHARACTER);
        } else {
            out.push(character);
        }
    }
    out
}

fn each_text(value: &Value, place: &mut String, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => see(place, text),
        Value::Array(list) => {
            for (at, item) in list.iter().enumerate() {
                each_text(item, &mut element(place, at, item), see);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                each_text(item, &mut format!("{place}/{key}"), see);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(events: &[&str]) -> Vec<String> {
        let mut halves = Halves::default();
        let mut out: Vec<_> = events.iter().flat_map(|event| halves.read("", event).unwrap()).collect();
        out.extend(halves.flush());
        out.into_iter().map(|(_, value)| value.to_string()).collect()
    }

    #[test]
    fn halves_meet_over_events_at_their_place_and_nowhere_else() {
        for (events, want) in [
            (&[r#"{"t":"a\ud83d"}"#, r#"{"t":"\ude00b"}"#][..], &[r#"{"t":"a😀"}"#, r#"{"t":"b"}"#][..]),
            // Each half an event of its own, and the second begins the next character.
            (
                &[r#"{"t":"\ud83d"}"#, r#"{"t":"\ude00\ud83d"}"#, r#"{"t":"\ude01"}"#],
                &[r#"{"t":"😀"}"#, r#"{"t":"😁"}"#, r#"{"t":""}"#],
            ),
            // What says nothing may come between.
            (
                &[r#"{"type":"d","t":"\ud83d"}"#, r#"{"type":"ping"}"#, r#"{"type":"d","t":"\ude00"}"#],
                &[r#"{"type":"d","t":"😀"}"#, r#"{"type":"ping"}"#, r#"{"type":"d","t":""}"#],
            ),
            (&[r#"{"t":"\ud83d"}"#, r#"{"t":"x"}"#], &[r#"{"t":"�"}"#, r#"{"t":"x"}"#]),
            (&[r#"{"t":"\ud83d"}"#, r#"{"u":"\ude00"}"#], &[r#"{"t":"�"}"#, r#"{"u":"�"}"#]),
            (&[r#"{"t":"a\ud83d"}"#], &[r#"{"t":"a�"}"#]),
            (&[r#"{"t":"\ude00\ud83d!"}"#], &[r#"{"t":"��!"}"#]),
            // The same place of another call is another place.
            (
                &[
                    r#"{"c":[{"index":0,"a":"\ud83d"}]}"#,
                    r#"{"c":[{"index":1,"a":"\ude00"}]}"#,
                    r#"{"c":[{"index":0,"a":"\ude00"}]}"#,
                ],
                &[r#"{"c":[{"index":0,"a":"😀"}]}"#, r#"{"c":[{"index":1,"a":"�"}]}"#, r#"{"c":[{"index":0,"a":""}]}"#],
            ),
            // Characters that stand for halves inside of here are characters like any other.
            (&["{\"t\":\"\u{fdd0}\u{e000}\\ud83d\"}"], &["{\"t\":\"\u{fdd0}\u{e000}\u{fffd}\"}"]),
            (&[r#"{"k\ud83d":1}"#], &[r#"{"k�":1}"#]),
        ] {
            assert_eq!(all(events), want, "{events:?}");
        }
    }

    #[test]
    fn an_end_of_the_answer_is_not_kept_waiting() {
        let mut halves = Halves::default();
        assert_eq!(halves.read("", r#"{"choices":[{"delta":{"content":"\ud83d"}}]}"#).unwrap().len(), 0);
        assert_eq!(halves.read("", r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#).unwrap().len(), 2);
    }
}
