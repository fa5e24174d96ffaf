//! Which piece is selected, what is marked with the mouse, what was found: and the text of each as it was written.

use super::{Item, PieceKey, Transcript, UnsentMessage, label, marking};
use crate::{output::plain, theme::Theme, wrap::width};
use omega_core::{
    api::{Part, Timestamp},
    view::View,
};
use ratatui::{buffer::Buffer, layout::Rect};
use unicode_segmentation::UnicodeSegmentation;

/// A place in a piece: its line, and the cell of it.
type Place = (PieceKey, usize, u16);

/// The same by the index of the piece, which says what comes first.
type End = (usize, usize, u16);

/// What is marked with the mouse, from where the button was pressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    from: Place,
    to: Place,
    is_dragged: bool,
}

/// Where the button was pressed last, when, and how often in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pressed {
    place: Place,
    at: Timestamp,
    times: u8,
}

/// Milliseconds within which a press at the same place is one more of the same.
const AGAIN: u64 = 400;

impl Transcript {
    pub fn selected(&self) -> Option<PieceKey> {
        self.selected
    }

    pub fn deselect(&mut self) {
        self.selected = None;
    }

    /// Selects the last piece (the first sample while there are only samples). False when there is none.
    pub fn select_last(&mut self) -> bool {
        let first_sample = self.items.iter().find(|item| matches!(item.key, PieceKey::Sample(_)));
        let found = first_sample.or_else(|| self.items.iter().rev().find(|item| item.key.opens()));
        self.select(found.map(|item| item.key))
    }

    pub fn select_previous(&mut self) {
        self.select_towards(false, PieceKey::opens);
    }

    /// Selects the piece below. False when there is none.
    pub fn select_next(&mut self) -> bool {
        self.select_towards(true, PieceKey::opens)
    }

    /// Selects what a person wrote, before what is selected or behind it. False when there is none.
    pub fn select_message(&mut self, forward: bool) -> bool {
        self.select_towards(forward, |key| matches!(key, PieceKey::User(_)))
    }

    fn select_towards(&mut self, forward: bool, fits: impl Fn(PieceKey) -> bool) -> bool {
        let at = self.selected.and_then(|key| self.index_of(key));
        let fitting = |item: &&Item| fits(item.key);
        let found = match forward {
            true => self.items[at.map_or(0, |at| at + 1)..].iter().find(fitting),
            false => self.items[..at.unwrap_or(self.items.len())].iter().rev().find(fitting),
        };
        let found = found.map(|item| item.key);
        self.select(found)
    }

    /// Selects what stands at a place of the screen. False when that can't be selected.
    pub fn select_at(&mut self, column: u16, row: u16) -> bool {
        if !self.area.contains((column, row).into()) {
            return false;
        }
        let key = self.rows.iter().find(|shown| shown.y == row && shown.key.opens()).map(|shown| shown.key);
        self.select(key)
    }

    /// A piece as it was written, and what it is; nothing where it is not here.
    pub fn source(&self, key: PieceKey, view: &View, pending: &[UnsentMessage]) -> Option<(String, String)> {
        let at = self.all.iter().rev().find(|(item, _)| item.key == key)?.0.at;
        Some(match key {
            PieceKey::User(_) => (view.messages.get(at)?.content.clone(), String::from("the message")),
            PieceKey::Earlier(_) => (view.messages.get(at)?.content.clone(), String::from("the earlier version")),
            PieceKey::Pending(_) => (pending.get(at)?.text.clone(), String::from("the message")),
            PieceKey::Text(_, part) | PieceKey::Reasoning(_, part) => match view.messages.get(at)?.parts.get(part)? {
                Part::Text { text } => (text.clone(), String::from("the answer")),
                Part::Reasoning { text } => (text.clone(), String::from("the reasoning")),
                Part::ToolCall { .. } => return None,
            },
            PieceKey::Tool(id) => {
                let run = view.tool_runs.get(at)?;
                let name = label(run);
                if let Some(error) = &run.error {
                    return Some((format!("{}: {}", error.code.as_str(), error.message), format!("why {name} failed")));
                }
                let output = run.output.as_ref().map(plain).or_else(|| self.whole_output(id).map(str::to_owned));
                (output?, format!("what {name} gave"))
            }
            _ => return None,
        })
    }

    /// The button was pressed at a place of the screen: the second time in a row it marks a word, the third time the line.
    pub fn press(&mut self, column: u16, row: u16, now: Timestamp) {
        let place = self.place_at(column, row);
        let before = self.pressed.filter(|it| Some(it.place) == place && now.millis_since(it.at) <= AGAIN);
        let times = before.map_or(1, |it| it.times % 3 + 1);
        self.pressed = place.map(|place| Pressed { place, at: now, times });
        self.mark = place.map(|(key, line, cell)| {
            let cells = match times {
                2 => self.line_at(key, line).and_then(|text| word_at(&text, cell)),
                3 => self.line_at(key, line).map(|text| (0, cells(&text).saturating_sub(1))),
                _ => None,
            };
            let (from, to) = cells.unwrap_or((cell, cell));
            Mark { from: (key, line, from), to: (key, line, to), is_dragged: cells.is_some() }
        });
    }

    /// A line of a piece as it is drawn.
    fn line_at(&self, key: PieceKey, line: usize) -> Option<String> {
        let at = self.index_of(key)?;
        let gap = usize::from(at > 0 && self.items[at].gap);
        let (_, lines) = self.cache.get(&key)?;
        lines.iter().nth(line.checked_sub(gap)?).map(ToString::to_string)
    }

    /// The mouse was moved with the button pressed. Beyond an edge the transcript follows.
    pub fn drag(&mut self, column: u16, row: u16) {
        if row < self.area.top() {
            self.scroll(-1);
        } else if row >= self.area.bottom() {
            self.scroll(1);
        }
        let row = row.clamp(self.area.top(), self.area.bottom().saturating_sub(1));
        if let (Some(place), Some(mark)) = (self.place_at(column, row), &mut self.mark) {
            mark.is_dragged |= mark.from != place;
            mark.to = place;
        }
    }

    pub fn unmark(&mut self) {
        self.mark = None;
    }

    fn place_at(&self, column: u16, row: u16) -> Option<Place> {
        let shown = self.rows.iter().rev().find(|shown| shown.y <= row)?;
        let column = column.clamp(self.area.left(), self.area.right());
        Some((shown.key, shown.line, column - self.area.left()))
    }

    /// The two ends of what is marked, the upper one first, by the index of their pieces.
    fn ends(&self) -> Option<(End, End)> {
        let mark = self.mark.filter(|mark| mark.is_dragged)?;
        let end = |(key, line, column): Place| self.index_of(key).map(|at| (at, line, column));
        let (a, b) = (end(mark.from)?, end(mark.to)?);
        Some(if a <= b { (a, b) } else { (b, a) })
    }

    /// What is marked, as it was written.
    pub fn marked(&self, view: &View, pending: &[UnsentMessage]) -> Option<String> {
        let (from, to) = self.ends()?;
        let mut pieces = Vec::new();
        for at in from.0..=to.0 {
            let item = self.items.get(at)?;
            let Some((_, lines)) = self.cache.get(&item.key) else { continue };
            let gap = usize::from(at > 0 && item.gap);
            let (mut shown, mut begin, mut end) = (String::new(), None, 0);
            for (number, line) in lines.iter().enumerate() {
                let text = line.to_string();
                let row = (at, number + gap);
                let left = if row == (from.0, from.1) { from.2 } else { 0 };
                let right = if row == (to.0, to.1) { to.2 } else { u16::MAX };
                if row >= (from.0, from.1) && row <= (to.0, to.1) {
                    begin.get_or_insert(shown.len() + byte_at(&text, left));
                    end = shown.len() + byte_at(&text, right.saturating_add(1));
                }
                shown.push_str(&text);
                shown.push('\n');
            }
            let Some(begin) = begin.filter(|begin| *begin < end) else { continue };
            let source = self.source(item.key, view, pending).filter(|_| !matches!(item.key, PieceKey::Tool(_)));
            let written = source.as_ref().and_then(|(source, _)| marking::part(&shown, source, begin, end));
            let lines = || as_lines(shown.get(begin..end).unwrap_or_default());
            pieces.push(written.map_or_else(lines, str::to_owned));
        }
        let text = pieces.join("\n");
        (!text.trim().is_empty()).then_some(text)
    }

    pub(super) fn draw_mark(&self, theme: &Theme, buffer: &mut Buffer) {
        let Some((from, to)) = self.ends() else { return };
        for row in &self.rows {
            let Some(at) = self.index_of(row.key) else { continue };
            let place = (at, row.line);
            if place < (from.0, from.1) || place > (to.0, to.1) {
                continue;
            }
            let left = if place == (from.0, from.1) { from.2 } else { 0 };
            let right = if place == (to.0, to.1) { to.2 + 1 } else { self.area.width };
            let width = right.min(self.area.width).saturating_sub(left);
            buffer.set_style(Rect { x: self.area.x + left, y: row.y, width, height: 1 }, theme.found);
        }
    }

    /// Selects the nearest piece with a text, around the end; where nothing is selected, from the end backwards. False when
    /// there is none.
    pub fn find(
        &mut self,
        typed: &str,
        view: &View,
        pending: &[UnsentMessage],
        forward: bool,
        from_here: bool,
    ) -> bool {
        typed.clone_into(&mut self.searched);
        let (typed, count) = (typed.to_lowercase(), self.all.len());
        if typed.is_empty() || count == 0 {
            return true;
        }
        let here = self.selected.and_then(|key| self.all.iter().rposition(|(item, _)| item.key == key));
        let first = usize::from(!from_here && here.is_some());
        let here = here.unwrap_or(count - 1);
        let mut places = (first..=count).map(|step| match forward {
            true => (here + step) % count,
            false => (here + count - step % count) % count,
        });
        let found = places.find(|at| self.holds(*at, &typed, view, pending));
        self.seeks = found.is_some();
        let key = found.and_then(|at| self.all.get(at)).map(|(item, _)| item.key);
        key.into_iter().for_each(|key| self.open_fold_of(key));
        self.select(key)
    }

    pub fn found_no_more(&mut self) {
        self.searched.clear();
    }

    fn holds(&self, at: usize, typed: &str, view: &View, pending: &[UnsentMessage]) -> bool {
        let Some((item, _)) = self.all.get(at) else { return false };
        let called = match item.key {
            PieceKey::Tool(_) => view.tool_runs.get(item.at).map(|run| format!("{} {}", label(run), run.input)),
            // Its message has the same words, and is what is looked for.
            PieceKey::Earlier(_) => return false,
            _ => None,
        };
        let text = self.source(item.key, view, pending).map(|(text, _)| text);
        text.into_iter().chain(called).any(|text| text.to_lowercase().contains(typed))
    }
}

fn cells(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}

/// The first and the last cell of the word at a cell: an address and a path are one; nothing between words.
fn word_at(line: &str, cell: u16) -> Option<(u16, u16)> {
    let ends = |c: char| c.is_whitespace() || "\"'`()[]{}<>,;|│┃".contains(c);
    let (mut from, mut used) = (0, 0);
    let mut word = "";
    for piece in line.split_inclusive(ends) {
        word = piece.trim_end_matches(ends);
        from = used;
        used += cells(piece);
        if used > cell {
            break;
        }
    }
    let word = word.trim_end_matches(['.', ':', '?', '!']);
    let to = from + cells(word);
    (from <= cell && cell < to).then(|| (from, to - 1))
}

/// The byte at a cell of a line; its end beyond it.
fn byte_at(line: &str, column: u16) -> usize {
    let mut used = 0;
    for (at, grapheme) in line.grapheme_indices(true) {
        if used >= usize::from(column) {
            return at;
        }
        used += width(grapheme);
    }
    line.len()
}

/// Lines of the screen without what only sets them off.
fn as_lines(shown: &str) -> String {
    let line = |line: &str| {
        let line = line.trim_end();
        let bare = line.trim_start();
        bare.strip_prefix("│ ").unwrap_or(bare).to_owned()
    };
    shown.lines().map(line).collect::<Vec<_>>().join("\n")
}
