//! One Markdown block as styled lines of a width.
//!
//! Everything that was written stays readable: links carry their address, images become links, HTML is shown as text,
//! and nothing is wider than asked except what can't be narrower.

use super::{blocks::OPTIONS, math, table::Table};
use crate::{
    highlight,
    links::{self, Marks},
    theme::Theme,
    wrap::{NO_BREAK, width, wrap},
};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};

/// Lays out a block. Nothing visible (a link definition) gives no lines.
pub fn block(text: &str, max: usize, theme: &Theme) -> Vec<Line<'static>> {
    with_links(text, max, theme, &mut Marks::default())
}

/// The same of a block in a text that has links already.
pub fn with_links(text: &str, max: usize, theme: &Theme, marks: &mut Marks) -> Vec<Line<'static>> {
    let mut writer = Writer::new(max, theme, marks);
    let text = math::dollars(text);
    for event in Parser::new_ext(&text, OPTIONS) {
        writer.event(event);
    }
    writer.flush();
    writer.lines
}

/// What stands in front of the lines of a quote or a list item.
struct Prefix {
    first: Option<Span<'static>>,
    rest: Span<'static>,
}

struct Writer<'t> {
    theme: &'t Theme,
    max: usize,
    lines: Vec<Line<'static>>,
    prefixes: Vec<Prefix>,
    inline: Vec<Span<'static>>,
    styles: Vec<Style>,
    /// Numbers of the lists around, `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Address of the link around, and where its text began in `inline`.
    links: Vec<(String, usize)>,
    /// Of the links that a terminal may open.
    marks: &'t mut Marks,
    code: Option<(String, String)>,
    table: Option<Table>,
    /// Whether the next piece of this block is set off by an empty line.
    gap: bool,
}

impl<'t> Writer<'t> {
    fn new(max: usize, theme: &'t Theme, marks: &'t mut Marks) -> Self {
        Self {
            theme,
            max,
            lines: Vec::new(),
            prefixes: Vec::new(),
            inline: Vec::new(),
            styles: vec![theme.text],
            lists: Vec::new(),
            links: Vec::new(),
            marks,
            code: None,
            table: None,
            gap: false,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => {
                let style = self.theme.inline_code.patch(modifiers(self.style()));
                let code = if self.theme.quotes_code { format!("`{code}`") } else { code.into_string() };
                self.inline.push(Span::styled(code, style));
            }
            Event::Html(html) | Event::InlineHtml(html) => self.text(&html),
            Event::InlineMath(formula) => self.formula(&formula, "$"),
            Event::DisplayMath(formula) => self.formula(&formula, "$$"),
            Event::FootnoteReference(name) => self.text(&format!("[{name}]")),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.text("\n"),
            Event::Rule => {
                let rule = "┄".repeat(self.room());
                self.open_gap();
                self.put(vec![Line::styled(rule, self.theme.strong_border)]);
                self.gap = true;
            }
            Event::TaskListMarker(done) => {
                let style = if done { self.theme.ok } else { self.theme.dim };
                self.inline.push(Span::styled(if done { "[x] " } else { "[ ] " }, style));
            }
        }
    }

    /// A formula as plain text where that is simple, else as it was written.
    fn formula(&mut self, formula: &str, dollars: &str) {
        match math::plain(formula).filter(|_| math::is_formula(formula)) {
            // A short one stays on its line.
            Some(plain) if dollars.len() == 1 && width(&plain) <= 24 => self.text(&plain.replace(' ', NO_BREAK)),
            Some(plain) => self.text(&plain),
            None => self.text(&format!("{dollars}{formula}{dollars}")),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                let [first, second, other] = self.theme.headings;
                self.styles.push(match level {
                    HeadingLevel::H1 => first,
                    HeadingLevel::H2 => second,
                    _ => other,
                });
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.open_gap();
                let bar = Span::styled("│ ", self.theme.strong_border);
                self.prefixes.push(Prefix { first: None, rest: bar });
                self.push_style(|s| s.add_modifier(Modifier::ITALIC));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default().to_owned(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::List(first) => {
                self.flush();
                if self.lists.is_empty() {
                    self.open_gap();
                }
                self.lists.push(first);
            }
            Tag::Item => self.start_item(),
            Tag::Table(alignments) => self.table = Some(Table::new(alignments)),
            Tag::Emphasis => self.push_style(|s| s.add_modifier(Modifier::ITALIC)),
            Tag::Strong => self.push_style(|s| s.add_modifier(Modifier::BOLD)),
            Tag::Strikethrough => self.push_style(|s| s.add_modifier(Modifier::CROSSED_OUT)),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.into_string(), self.inline.len()));
                let link = self.theme.link;
                self.push_style(|s| link.patch(modifiers(s)));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                self.flush();
                self.gap = true;
            }
            TagEnd::Heading(_) => {
                self.flush();
                self.styles.pop();
                self.gap = true;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.styles.pop();
                self.prefixes.pop();
                self.gap = true;
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::HtmlBlock => {
                self.flush();
                self.gap = true;
            }
            TagEnd::Item => {
                self.flush();
                // An item without content still shows its bullet.
                if self.prefixes.last().is_some_and(|p| p.first.is_some()) {
                    self.put(vec![Line::default()]);
                }
                self.prefixes.pop();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap = self.lists.is_empty();
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.open_gap();
                    let lines = table.layout(self.room(), self.theme);
                    self.put(lines);
                    self.gap = true;
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.end_row();
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                if let Some(table) = &mut self.table {
                    table.cell(cell);
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    fn start_item(&mut self) {
        self.flush();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number += 1;
                marker
            }
            _ => String::from("• "),
        };
        let indent = " ".repeat(width(&marker));
        self.prefixes.push(Prefix {
            first: Some(Span::styled(marker, self.theme.accent)),
            rest: Span::styled(indent, self.theme.text),
        });
    }

    fn end_link(&mut self) {
        self.styles.pop();
        let Some((url, from)) = self.links.pop() else { return };
        let text: String = self.inline.get(from..).unwrap_or_default().iter().map(|s| s.content.as_ref()).collect();
        let shown = url.strip_prefix("mailto:").unwrap_or(&url);
        let says_it = text == shown || text == url;
        if links::may_open(&url) {
            let words = self.inline.get_mut(from..).unwrap_or_default();
            for span in words.iter_mut().filter(|_| says_it || !links::looks_like_an_address(&text)) {
                span.style = self.marks.linked(span.style, &url);
            }
        }
        if text == shown || url.is_empty() {
            return;
        }
        let style = if links::may_open(&url) { self.marks.linked(self.theme.dim, &url) } else { self.theme.dim };
        let address = Span::styled(url, style);
        match text.is_empty() {
            true => self.inline.push(address),
            false => {
                self.inline.extend([Span::styled(" (", self.theme.dim), address, Span::styled(")", self.theme.dim)])
            }
        }
    }

    fn end_code(&mut self) {
        let Some((language, code)) = self.code.take() else { return };
        self.open_gap();
        let room = self.room();
        let label = if language.is_empty() { String::new() } else { format!("┄ {language} ") };
        let rule = |label: String| {
            let fill = room.saturating_sub(width(&label));
            Line::styled(format!("{}{}", label, "┄".repeat(fill)), self.theme.dim)
        };
        let mut lines = vec![rule(label)];
        let code = code.strip_suffix('\n').unwrap_or(&code);
        lines.extend(code_lines(&language, code, room, self.theme));
        lines.push(rule(String::new()));
        self.put(lines);
        self.gap = true;
    }

    fn text(&mut self, text: &str) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(text);
            return;
        }
        let style = self.style();
        match self.inline.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(text),
            _ => self.inline.push(Span::styled(text.to_owned(), style)),
        }
    }

    /// Turns the inline text so far into lines.
    fn flush(&mut self) {
        if self.inline.is_empty() {
            return;
        }
        self.open_gap();
        let mut inline = std::mem::take(&mut self.inline);
        if let Some(last) = inline.last_mut() {
            let trimmed = last.content.trim_end_matches('\n').len();
            last.content.to_mut().truncate(trimmed);
        }
        let lines = wrap(&inline, self.room());
        self.put(lines);
    }

    fn open_gap(&mut self) {
        if std::mem::take(&mut self.gap) && !self.lines.is_empty() {
            let blank = self.prefixed(Line::default(), false);
            self.lines.push(blank);
        }
    }

    fn put(&mut self, lines: Vec<Line<'static>>) {
        for line in lines {
            let line = self.prefixed(line, true);
            self.lines.push(line);
        }
    }

    fn prefixed(&mut self, line: Line<'static>, is_text: bool) -> Line<'static> {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for prefix in &mut self.prefixes {
            let first = if is_text { prefix.first.take() } else { None };
            spans.push(first.unwrap_or_else(|| prefix.rest.clone()));
        }
        let style = line.style;
        spans.extend(line.spans.into_iter().map(|span| Span::styled(span.content, style.patch(span.style))));
        Line::from(spans)
    }

    /// Cells left beside the prefixes.
    fn room(&self) -> usize {
        let used: usize = self.prefixes.iter().map(|p| width(&p.rest.content)).sum();
        self.max.saturating_sub(used).max(1)
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or(self.theme.text)
    }

    fn push_style(&mut self, change: impl FnOnce(Style) -> Style) {
        self.styles.push(change(self.style()));
    }
}

/// Bold, italic and the like, without the colours.
fn modifiers(style: Style) -> Style {
    Style { add_modifier: style.add_modifier, ..Style::new() }
}

/// Code in colours, on its own ground. It is cut where the line ends, not at spaces: its columns mean something.
pub fn code_lines(language: &str, code: &str, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for pieces in highlight::lines(language, code) {
        let (mut spans, mut used): (Vec<Span<'static>>, usize) = (Vec::new(), 0);
        for (kind, mut piece) in pieces {
            let style = theme.of_code(kind);
            while !piece.is_empty() {
                let mut head = crate::wrap::prefix(piece, room - used.min(room));
                if head.is_empty() {
                    if used > 0 {
                        lines.push(filled(std::mem::take(&mut spans), used, room, theme));
                        used = 0;
                        continue;
                    }
                    // A character wider than the room: it stands alone.
                    head = piece.char_indices().nth(1).map_or(piece, |(at, _)| &piece[..at]);
                }
                used += width(head);
                match spans.last_mut() {
                    Some(last) if last.style == style => last.content.to_mut().push_str(head),
                    _ => spans.push(Span::styled(head.to_owned(), style)),
                }
                piece = &piece[head.len()..];
            }
        }
        lines.push(filled(spans, used, room, theme));
    }
    lines
}

fn filled(mut spans: Vec<Span<'static>>, used: usize, room: usize, theme: &Theme) -> Line<'static> {
    spans.push(Span::styled(" ".repeat(room.saturating_sub(used)), theme.code));
    Line::from(spans)
}

#[cfg(test)]
mod tests;
