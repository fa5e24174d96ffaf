//! The conversation on the screen: which pieces there are, where the reader is, and what is open.
//!
//! It follows the end until the reader scrolls; then the line at the top stays where it is, whatever arrives or grows
//! below. Only pieces that are on the screen are laid out, and a piece that did not change is laid out once.

mod cells;
mod folds;
mod gaps;
mod items;
mod marking;
mod selecting;
mod tool;
mod viewport;

pub use cells::Scene;
pub use gaps::{Gap, Gaps};
pub use items::{Item, PieceKey, SAMPLES, UnsentMessage};
pub use tool::{asked_of, glyph, label, took};

use crate::{
    links::Links,
    markdown::{Document, Rope},
    sheet::set_off,
};
use omega_core::{api::OutputPage, id::ToolRunId, view::View};
use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};
use selecting::{Mark, Pressed};
use std::collections::HashMap;

/// Laid-out pieces that are kept before those off the screen are dropped.
const KEPT: usize = 512;

/// How far a piece is open: a line, the summary, everything.
pub type Level = u8;

/// What opening something asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    Done,
    Sample(&'static str),
    NeedsOutput(ToolRunId),
    /// It is no more than it is; it can be read over the whole screen.
    Message,
}

/// The beginning of an output that is too large for the events.
#[derive(Debug, Default)]
pub struct LoadedOutput {
    pub text: String,
    pub is_whole: bool,
}

/// A row of the screen: which line of which piece it shows.
struct Row {
    y: u16,
    key: PieceKey,
    line: usize,
}

/// Where the reader is and what is open.
#[derive(Default)]
pub struct Transcript {
    /// Every piece, with the earlier version of a message that it belongs to.
    all: Vec<folds::Folded>,
    /// Those that are not folded away.
    items: Vec<Item>,
    /// The piece and the line of it at the top; `None` while the end is followed.
    top: Option<(PieceKey, usize)>,
    /// Lines to move by at the next drawing, which knows the heights.
    scroll_by: isize,
    /// Bring the selected piece into view at the next drawing.
    reveal: Option<PieceKey>,
    selected: Option<PieceKey>,
    levels: HashMap<PieceKey, Level>,
    /// The level of tool calls that nobody touched.
    base_level: Level,
    outputs: HashMap<ToolRunId, LoadedOutput>,
    cache: HashMap<PieceKey, (u64, Rope)>,
    documents: HashMap<PieceKey, Document>,
    width: u16,
    height: u16,
    /// What stands in which row, as last drawn.
    rows: Vec<Row>,
    area: Rect,
    /// What is marked with the mouse.
    mark: Option<Mark>,
    pressed: Option<Pressed>,
    /// What is searched for; it is set off.
    searched: String,
    /// Bring the line with it into view at the next drawing.
    seeks: bool,
}

impl Transcript {
    /// Takes in what changed.
    pub fn rebuild(&mut self, view: &View, pending: &[UnsentMessage], has_conversation: bool, gaps: &[Gap]) {
        self.fold(items::build(view, pending, has_conversation, gaps));
        if self.selected.is_some_and(|key| self.index_of(key).is_none()) {
            self.selected = None;
        }
    }

    pub fn clear(&mut self) {
        *self = Self { base_level: self.base_level, ..Self::default() };
    }

    /// Whether new text comes into view by itself.
    pub fn is_following(&self) -> bool {
        self.top.is_none()
    }

    /// Shows the end from now on.
    pub fn follow(&mut self) {
        self.top = None;
        self.scroll_by = 0;
        self.reveal = None;
    }

    pub fn show_top(&mut self) {
        self.top = self.items.first().map(|item| (item.key, 0));
        self.scroll_by = 0;
    }

    /// Moves by lines, down when positive.
    pub fn scroll(&mut self, lines: isize) {
        self.scroll_by += lines;
    }

    /// Lines of a page, keeping one for orientation.
    pub fn page(&self) -> isize {
        isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1)
    }

    fn select(&mut self, key: Option<PieceKey>) -> bool {
        if key.is_some() {
            self.selected = key;
            self.reveal = key;
        }
        key.is_some()
    }

    /// Opens the selected piece, or the last tool call, one level further; after the last level it closes.
    pub fn open_selected_or_last(&mut self, view: &View) -> Opened {
        let last = || self.items.iter().rev().find(|item| matches!(item.key, PieceKey::Tool(_))).map(|item| item.key);
        let Some(key) = self.selected.or_else(last) else { return Opened::Done };
        if let PieceKey::Sample(at) = key {
            return SAMPLES.get(at).map_or(Opened::Done, |text| Opened::Sample(text));
        }
        let levels = match key {
            PieceKey::Tool(_) => 3,
            PieceKey::Reasoning(..) | PieceKey::Earlier(_) => 2,
            _ => return Opened::Message,
        };
        let level = (self.level(key) + 1) % levels;
        self.levels.insert(key, level);
        self.hold();
        if let PieceKey::Earlier(id) = key {
            self.turned(id);
        }
        self.reveal = Some(key);
        if let (PieceKey::Tool(id), 2) = (key, level) {
            let tool = view.tool_runs.iter().find(|tool| tool.id == id);
            let missing = tool.is_some_and(|tool| tool.output.is_none() && tool.output_bytes > 0);
            if missing && !self.outputs.contains_key(&id) {
                return Opened::NeedsOutput(id);
            }
        }
        Opened::Done
    }

    /// Opens all tool calls to their summary, or closes them all.
    pub fn open_all(&mut self) {
        self.base_level = Level::from(self.base_level == 0);
        self.levels.retain(|key, _| !matches!(key, PieceKey::Tool(_)));
        self.hold();
    }

    /// Takes the beginning of an output.
    pub fn add_output(&mut self, tool_run: ToolRunId, page: &OutputPage) {
        if page.offset == 0 {
            let loaded = LoadedOutput { text: page.content.clone(), is_whole: page.next_offset.is_none() };
            self.outputs.insert(tool_run, loaded);
        }
    }

    /// An output that was loaded, when all of it was.
    pub fn whole_output(&self, tool_run: ToolRunId) -> Option<&str> {
        self.outputs.get(&tool_run).filter(|loaded| loaded.is_whole).map(|loaded| loaded.text.as_str())
    }

    fn level(&self, key: PieceKey) -> Level {
        let base = if matches!(key, PieceKey::Tool(_)) { self.base_level } else { 0 };
        self.levels.get(&key).copied().unwrap_or(base)
    }

    /// Keeps the top where it is while something grows below it.
    fn hold(&mut self) {
        if self.top.is_none() {
            self.top = self.rows.first().map(|row| (row.key, row.line));
        }
    }

    /// Puts the first line of a piece into the first row, also of one that is still to be listed.
    pub fn show(&mut self, key: PieceKey) {
        self.open_fold_of(key);
        self.top = Some((key, 0));
        self.scroll_by = 0;
    }

    /// The event behind the gap that stands in the first row.
    pub fn gap_at_top(&self) -> Option<u64> {
        match self.rows.first()?.key {
            PieceKey::Gap(before) => Some(before),
            _ => None,
        }
    }

    /// Keeps the first message on the screen below the gap at its top in its row, while others come before it.
    pub fn hold_below_gap(&mut self) {
        let Some(at) = self.rows.iter().position(|row| !matches!(row.key, PieceKey::Gap(_))) else { return };
        self.top = Some((self.rows[at].key, self.rows[at].line));
        self.scroll_by = -isize::try_from(at).unwrap_or(0);
    }

    fn index_of(&self, key: PieceKey) -> Option<usize> {
        self.items.iter().rposition(|item| item.key == key)
    }

    /// Everything is laid out anew.
    pub fn forget_layout(&mut self) {
        self.cache.clear();
        self.documents.clear();
    }

    /// Draws what is in view.
    pub fn draw(&mut self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        if self.width != area.width {
            self.forget_layout();
        }
        (self.width, self.height, self.area) = (area.width, area.height, area);
        self.rows.clear();
        if self.items.is_empty() || area.is_empty() {
            return;
        }
        let (mut at, mut skip) = self.place(scene);
        let mut y = area.top();
        while at < self.items.len() && y < area.bottom() {
            let key = self.items[at].key;
            let lines = self.lines(at, scene);
            let gap = usize::from(at > 0 && self.items[at].gap);
            for line in 0..lines.len() + gap {
                if line < skip {
                    continue;
                }
                if y == area.bottom() {
                    break;
                }
                if let Some(text) = line.checked_sub(gap).and_then(|line| lines.get(line)) {
                    let row = Rect { y, height: 1, ..area };
                    match self.searched.is_empty() {
                        true => text.render(row, buffer),
                        false => set_off(text.clone(), &self.searched, scene.theme).render(row, buffer),
                    }
                }
                self.rows.push(Row { y, key, line });
                y += 1;
            }
            (at, skip) = (at + 1, 0);
        }
        self.draw_mark(scene.theme, buffer);
        if self.cache.len() > KEPT {
            let rows = &self.rows;
            self.cache.retain(|key, _| rows.iter().any(|row| row.key == *key));
            self.documents.retain(|key, _| rows.iter().any(|row| row.key == *key));
        }
    }

    /// The links that are on the screen.
    pub fn links(&self) -> Links {
        let mut links = Links::default();
        for rows in self.rows.chunk_by(|a, b| a.key == b.key) {
            let document = rows.first().and_then(|row| self.documents.get(&row.key));
            document.into_iter().for_each(|document| links.add(document.links()));
        }
        links
    }

    fn lines(&mut self, at: usize, scene: &Scene<'_>) -> Rope {
        let item = self.items[at];
        let look = cells::Look {
            level: self.level(item.key),
            selected: self.selected == Some(item.key),
            width: usize::from(self.width),
            output: match item.key {
                PieceKey::Tool(id) => self.outputs.get(&id),
                _ => None,
            },
        };
        let print = cells::fingerprint(&item, scene, &look);
        if let (Some(print), Some((known, lines))) = (print, self.cache.get(&item.key))
            && print == *known
        {
            return lines.clone();
        }
        let lines: Rope = match item.key {
            PieceKey::Text(_, part) => {
                let document = self.documents.entry(item.key).or_default();
                cells::text(scene, item.at, part, document, &look)
            }
            _ => cells::lines(&item, scene, &look).into(),
        };
        // A piece that moves gets a print that matches nothing: it is known for its height only.
        self.cache.insert(item.key, (print.unwrap_or(0), lines.clone()));
        lines
    }
}
