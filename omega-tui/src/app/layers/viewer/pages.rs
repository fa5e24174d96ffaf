//! The pages of an output that is too large for the events: a window of the newest ones that were read, which moves.

use omega_core::api::OutputPage;
use std::collections::VecDeque;

/// Bytes that are held at most.
const HELD: usize = 4 << 20;
/// Bytes before the window that are asked for at once.
const BACK: u64 = 256 * 1024;
/// Lines before an end of the window at which the next page is asked for.
const NEAR: usize = 200;
/// A line without an end is cut here, so that it can be looked at.
const LINE: usize = 2_000;

#[derive(Debug)]
pub struct Pages {
    total: u64,
    held: VecDeque<(u64, String)>,
    is_asking: bool,
    moved: isize,
}

impl Pages {
    /// The first page is on its way.
    pub fn new(total: u64) -> Self {
        Self { total, held: VecDeque::new(), is_asking: true, moved: 0 }
    }

    fn end(&self) -> u64 {
        self.held.back().map_or(0, |(offset, text)| offset + text.len() as u64)
    }

    /// Takes a page that follows the window, or stands before it.
    pub fn take(&mut self, page: &OutputPage) {
        self.is_asking = false;
        self.total = page.total_bytes;
        self.moved = 0;
        let first = self.held.front().map(|(offset, _)| *offset);
        match first {
            Some(first) if page.offset < first => {
                // What overlaps is there already.
                let until = usize::try_from(first - page.offset).unwrap_or(usize::MAX);
                let text = page.content.get(..until).unwrap_or(&page.content).to_owned();
                self.moved = isize::try_from(lines(&text)).unwrap_or(0);
                self.held.push_front((page.offset, text));
            }
            Some(_) if page.offset < self.end() => {}
            _ => self.held.push_back((page.offset, page.content.clone())),
        }
        while self.held.iter().map(|(_, text)| text.len()).sum::<usize>() > HELD && self.held.len() > 1 {
            match first.is_some_and(|first| page.offset < first) {
                true => drop(self.held.pop_back()),
                false => {
                    let gone = self.held.pop_front().map_or(0, |(_, text)| lines(&text));
                    self.moved -= isize::try_from(gone).unwrap_or(0);
                }
            }
        }
    }

    /// How many lines what was there moved down.
    pub fn moved(&self) -> isize {
        self.moved
    }

    /// Where the page begins that is to be read when this line of so many is looked at.
    pub fn wanted(&mut self, line: usize, of: usize) -> Option<u64> {
        let first = self.held.front().map_or(0, |(offset, _)| *offset);
        let wanted = if line + NEAR > of && self.end() < self.total {
            Some(self.end())
        } else if line < NEAR && first > 0 {
            Some(first.saturating_sub(BACK))
        } else {
            None
        };
        let wanted = wanted.filter(|_| !self.is_asking);
        self.is_asking |= wanted.is_some();
        wanted
    }

    /// What is held, as text.
    pub fn text(&self) -> String {
        match self.total {
            ..=super::WHOLE => self.held.iter().map(|(_, text)| text.as_str()).collect(),
            _ => self.held.iter().map(|(_, text)| readable(text)).collect(),
        }
    }
}

fn lines(text: &str) -> usize {
    readable(text).matches('\n').count()
}

/// JSON text with the line ends of its strings as such, and no line too long.
fn readable(text: &str) -> String {
    let (mut out, mut since) = (String::with_capacity(text.len()), 0);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let shown = match (c, rest.peek()) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('t')) => '\t',
            ('\\', Some('"')) => '"',
            (c, _) => c,
        };
        if shown != c {
            rest.next();
        }
        since = if shown == '\n' { 0 } else { since + 1 };
        out.push(shown);
        if since == LINE {
            out.push('\n');
            since = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::id::ToolRunId;

    const TOTAL: u64 = 100 << 20;

    fn page(offset: u64, length: usize) -> OutputPage {
        let content = "line\\n".repeat(length / 6);
        OutputPage { tool_run_id: ToolRunId::new(), offset, content, total_bytes: TOTAL, next_offset: None }
    }

    #[test]
    fn a_window_moves_over_an_output_of_any_size_and_stays_small() {
        let mut pages = Pages::new(TOTAL);
        pages.take(&page(0, 240_000));
        for _ in 0..25 {
            // The last line of what is held is looked at.
            let next = pages.wanted(1_000, 1_000).unwrap();
            assert_eq!((next, pages.wanted(1_000, 1_000)), (pages.end(), None), "it is asked for once");
            pages.take(&page(next, 240_000));
            assert!(pages.held.iter().map(|(_, text)| text.len()).sum::<usize>() <= HELD);
        }
        assert!(pages.moved() < 0, "the beginning is gone");
        let first = pages.held.front().unwrap().0;
        let before = pages.wanted(0, 100_000).unwrap();
        assert_eq!(before, first - BACK);
        pages.take(&page(before, usize::try_from(BACK).unwrap()));
        assert!(pages.moved() > 0 && pages.held.front().unwrap().0 == before);
    }
}
