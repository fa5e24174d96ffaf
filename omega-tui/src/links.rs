//! Links that a terminal can open (OSC 8): only where what a person reads is where the link leads.
//!
//! The promises: the address of a link always stands on the screen, whole; only `http`, `https` and `mailto` lead anywhere, without
//! a user's name in front of the host and in plain ASCII; and words that look like an address never lead to another one.
//!
//! A cell has no place for a link. It has bits of its modifiers that nobody uses: by those a link goes through all breaking,
//! scrolling and comparing of lines, until they are taken off before the terminal sees them.

use omega_core::sanitize::is_invisible;
use ratatui::{
    backend::{Backend, ClearType, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
    style::{Modifier, Style},
};
use std::{
    cell::RefCell,
    collections::HashMap,
    io::{self, Write},
    rc::Rc,
};

/// Longer addresses are cut by terminals.
const LONGEST: usize = 2_000;

/// Where the unused bits begin, and how many marks fit into them.
const SHIFT: u32 = Modifier::all().bits().count_ones();
const MARKS: u16 = (1 << (u16::BITS - SHIFT)) - 1;

/// The bits of a modifier that are a mark.
fn mark_of(modifier: Modifier) -> u16 {
    modifier.bits() >> SHIFT
}

/// The marks of one text, in the order of its links. Where they begin depends on the text, so that two texts on one screen
/// seldom share any.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Marks(Vec<(u16, String)>);

impl Marks {
    /// The style of words that lead to an address.
    pub fn linked(&mut self, style: Style, address: &str) -> Style {
        let known = self.0.iter().find(|(_, known)| known == address).map(|(mark, _)| *mark);
        match known.or_else(|| self.next(address)) {
            Some(mark) => style.add_modifier(Modifier::from_bits_retain(mark << SHIFT)),
            // As many links lead nowhere as there are marks too few.
            None => style,
        }
    }

    fn next(&mut self, address: &str) -> Option<u16> {
        if self.0.len() >= usize::from(MARKS) {
            return None;
        }
        let mark = match self.0.last() {
            Some((last, _)) => last % MARKS + 1,
            None => address.bytes().fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % MARKS + 1,
        };
        self.0.push((mark, address.to_owned()));
        Some(mark)
    }
}

/// The links that are on the screen, by their marks. Two with one mark lead nowhere.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Links(HashMap<u16, Option<String>>);

impl Links {
    /// Those of a text are on it.
    pub fn add(&mut self, marks: &Marks) {
        for (mark, address) in &marks.0 {
            let entry = self.0.entry(*mark).or_insert_with(|| Some(address.clone()));
            if entry.as_deref() != Some(address) {
                *entry = None;
            }
        }
    }

    fn address(&self, mark: u16) -> Option<&str> {
        self.0.get(&mark)?.as_deref()
    }
}

/// Whether a terminal may be told of an address.
pub fn may_open(address: &str) -> bool {
    let is_plain = address.len() <= LONGEST && address.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    let lower = address.to_ascii_lowercase();
    let is_safe = match lower.split_once(':') {
        Some(("http" | "https", rest)) => rest.strip_prefix("//").is_some_and(|rest| {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            !authority.is_empty() && !authority.contains(['@', '\\'])
        }),
        Some(("mailto", rest)) => rest.contains('@'),
        _ => false,
    };
    is_plain && is_safe
}

/// Whether words could be taken for an address themselves: then they lead only to what they say.
pub fn looks_like_an_address(words: &str) -> bool {
    let chars: Vec<char> = words.chars().collect();
    let is_dotted = chars.windows(3).any(|it| it[0].is_alphanumeric() && is_dot(it[1]) && it[2].is_alphanumeric());
    is_dotted || words.contains(['/', '\\', '@', ':', '∕', '／', '：']) || words.chars().any(is_invisible)
}

/// A dot, or what browsers take for one.
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '。' | '．' | '｡')
}

/// Whether the terminal of this environment eats what it does not know.
pub fn are_understood(term: &str, is_screen: bool) -> bool {
    !matches!(term, "" | "dumb" | "linux") && !is_screen
}

/// A backend that opens and closes links around the cells that have their marks.
pub struct Linking<B> {
    inner: B,
    links: Rc<RefCell<Links>>,
    is_on: bool,
}

impl<B> Linking<B> {
    /// With the links of the frame that is drawn.
    pub fn new(inner: B, links: Rc<RefCell<Links>>, is_on: bool) -> Self {
        Self { inner, links, is_on }
    }
}

impl<B: Backend<Error = io::Error> + Write> Backend for Linking<B> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let cells: Vec<(u16, u16, &Cell)> = content.collect();
        let links = Rc::clone(&self.links);
        let links = links.borrow();
        for run in cells.chunk_by(|(.., a), (.., b)| mark_of(a.modifier) == mark_of(b.modifier)) {
            let Some(mark) = run.first().map(|(.., cell)| mark_of(cell.modifier)) else { continue };
            if mark == 0 {
                self.inner.draw(run.iter().copied())?;
                continue;
            }
            let plain: Vec<(u16, u16, Cell)> = run.iter().map(|(x, y, cell)| (*x, *y, unmarked(cell))).collect();
            let plain = plain.iter().map(|(x, y, cell)| (*x, *y, cell));
            match links.address(mark).filter(|address| self.is_on && may_open(address)) {
                Some(address) => {
                    write!(self.inner, "{}", opened(mark, address))?;
                    self.inner.draw(plain)?;
                    write!(self.inner, "\x1b]8;;\x1b\\")?;
                }
                None => self.inner.draw(plain)?,
            }
        }
        Ok(())
    }

    fn append_lines(&mut self, n: u16) -> io::Result<()> {
        self.inner.append_lines(n)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

/// The sequence that opens a link. The pieces of one that is broken over lines have one id, and are one to the mouse.
fn opened(mark: u16, address: &str) -> String {
    format!("\x1b]8;id=omega{mark};{address}\x1b\\")
}

fn unmarked(cell: &Cell) -> Cell {
    let mut plain = cell.clone();
    plain.modifier = Modifier::from_bits_truncate(cell.modifier.bits());
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::{Terminal, backend::CrosstermBackend, text::Line};

    #[test]
    fn only_what_can_be_read_whole_is_opened() {
        let yes = ["https://a.b/c?d=e#f", "HTTP://A.B", "mailto:a@b.c"];
        let no = [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://google.com@evil.test",
            "https://google.com\\@evil.test",
            "https://",
            "https://a.b/\u{1b}]8;;x",
            "https://a.b/ c",
            "https://аpple.com",
            "ssh://a",
            "/path",
            "",
        ];
        for address in yes {
            assert!(may_open(address), "{address}");
        }
        for address in no {
            assert!(!may_open(address), "{address}");
        }
        assert!(!may_open(&format!("https://a.b/{}", "c".repeat(LONGEST))));
    }

    #[test]
    fn words_that_look_like_an_address_are_told_from_words() {
        for words in ["https://a.b", "google.com", "a@b", "www.x.y", "path/to", "google。com", "v1.2"] {
            assert!(looks_like_an_address(words), "{words}");
        }
        for words in ["the docs", "Read more...", "See it.", "日本"] {
            assert!(!looks_like_an_address(words), "{words}");
        }
    }

    /// What a terminal gets for a line with words that lead to an address.
    fn sent(address: &str, known: &[&str], is_on: bool) -> String {
        let mut links = Links::default();
        let mut marks = Marks::default();
        let style = marks.linked(Style::new(), address);
        links.add(&if known.is_empty() { Marks::default() } else { marks });
        let bytes = Rc::new(RefCell::new(Vec::new()));
        struct Shared(Rc<RefCell<Vec<u8>>>);
        impl Write for Shared {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.borrow_mut().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let backend = CrosstermBackend::new(Shared(Rc::clone(&bytes)));
        let mut backend = Linking::new(backend, Rc::new(RefCell::new(links)), is_on);
        let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 12, 1));
        buffer.set_line(0, 0, &Line::from(vec!["see ".into(), ratatui::text::Span::styled("docs", style)]), 12);
        let cells = buffer.content.iter().zip(0..).map(|(cell, x)| (x, 0, cell));
        backend.draw(cells).unwrap();
        String::from_utf8(bytes.take()).unwrap()
    }

    #[test]
    fn a_link_is_opened_around_its_words_and_closed_behind_them() {
        let text = sent("https://a.b", &["https://a.b"], true);
        let open = text.find("\x1b]8;id=omega").unwrap();
        let close = text.find("\x1b]8;;\x1b\\").unwrap();
        assert!(text[open..close].contains("https://a.b\x1b\\") && text[open..close].contains("docs"), "{text:?}");
        assert!(!text[..open].contains("docs") && text[..open].contains("see"), "{text:?}");
    }

    #[test]
    fn a_mark_without_a_safe_address_is_taken_off() {
        for (address, known, is_on) in [
            ("https://a.b", &[][..], true),
            ("https://a.b", &["https://a.b"][..], false),
            ("javascript:x", &["javascript:x"][..], true),
        ] {
            let text = sent(address, known, is_on);
            assert!(text.contains("docs") && !text.contains("\x1b]8"), "{text:?}");
        }
    }

    #[test]
    fn two_addresses_with_one_mark_lead_nowhere() {
        let mut links = Links::default();
        links.add(&Marks(vec![(5, String::from("https://other.test"))]));
        assert_eq!(links.address(5), Some("https://other.test"));
        for _ in 0..2 {
            links.add(&Marks(vec![(5, String::from("https://a.b"))]));
            assert_eq!(links.address(5), None);
        }
    }

    #[test]
    fn each_address_of_a_text_has_a_mark_of_its_own_as_long_as_there_are_some() {
        let mut marks = Marks::default();
        let styles: Vec<Style> = (0..200).map(|n| marks.linked(Style::new(), &format!("https://a.b/{n}"))).collect();
        let mut given: Vec<u16> = styles.iter().map(|style| mark_of(style.add_modifier)).filter(|it| *it > 0).collect();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), usize::from(MARKS));
        assert_eq!(marks.linked(Style::new(), "https://a.b/3"), styles[3]);
        assert_eq!(styles.last(), Some(&Style::new()));
    }

    #[test]
    fn a_terminal_that_may_print_it_gets_none() {
        assert!(are_understood("xterm-256color", false));
        assert!(!are_understood("linux", false) && !are_understood("screen", true) && !are_understood("dumb", false));
    }

    #[test]
    fn the_screen_can_be_drawn_through_it() {
        let backend = Linking::new(CrosstermBackend::new(Vec::new()), Rc::default(), true);
        assert!(
            Terminal::with_options(
                backend,
                ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 5, 1)) }
            )
            .is_ok()
        );
    }
}
