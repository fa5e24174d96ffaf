//! The lines of what is looked at, which of them is selected, and which of them are on the screen.

use crate::{
    numbers::grouped,
    output::{self, Shape, Tree, at_path, plain},
    picture::{self, Picture},
    sheet::set_off,
    theme::Theme,
    wrap::width,
};
use ratatui::text::{Line, Span};
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

#[derive(Debug)]
pub struct Content {
    /// What it was before it was filtered.
    whole: Value,
    value: Value,
    path: String,
    shapes: Vec<Shape>,
    tree: Option<Tree>,
    picture: Option<Picture>,
    /// The lines of any other shape, and the width and the theme that they are for.
    lines: Vec<Line<'static>>,
    laid_out: Option<(usize, Theme)>,
    selected: usize,
    top: usize,
    aside: usize,
}

impl Content {
    pub fn of(value: Value) -> Self {
        let mut content = Self {
            whole: Value::Null,
            value: Value::Null,
            path: String::from("."),
            shapes: Vec::new(),
            tree: None,
            picture: None,
            lines: Vec::new(),
            laid_out: None,
            selected: 0,
            top: 0,
            aside: 0,
        };
        content.put(value.clone());
        content.whole = value;
        content
    }

    fn put(&mut self, value: Value) {
        self.shapes = Shape::all(&value);
        self.picture = picture::of(&value);
        self.value = value;
        (self.selected, self.top, self.aside) = (0, 0, 0);
        self.shaped();
    }

    fn shaped(&mut self) {
        self.tree = (self.shape() == Shape::Tree).then(|| Tree::of(self.value.clone()));
        (self.lines, self.laid_out) = (Vec::new(), None);
        (self.selected, self.top) = (0, 0);
    }

    fn shape(&self) -> Shape {
        self.shapes.first().copied().unwrap_or(Shape::Plain)
    }

    /// Puts the pages of a text that is too large to be held, `moved` lines further down than the ones before.
    pub fn put_page(&mut self, text: String, moved: isize) {
        let selected = self.selected.saturating_add_signed(moved);
        self.value = Value::from(text);
        self.shapes = vec![Shape::Plain];
        (self.tree, self.picture) = (None, None);
        (self.lines, self.laid_out) = (Vec::new(), None);
        (self.selected, self.top) = (selected, self.top.saturating_add_signed(moved));
    }

    pub fn is(&self, value: &Value) -> bool {
        self.whole == *value
    }

    pub fn is_filtered(&self) -> bool {
        self.path != "."
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// Shows what a path leads to.
    ///
    /// # Errors
    /// In words, where it leads nowhere.
    pub fn filter(&mut self, typed: &str) -> Result<(), String> {
        let path = if typed.trim().is_empty() { "." } else { typed.trim() };
        let value = match &self.whole {
            // A text that is JSON is looked into as such.
            Value::String(text) if path != "." => {
                let inner = serde_json::from_str(text).map_err(|_| String::from("it is a text and has no paths"))?;
                at_path(&inner, path)?
            }
            whole => at_path(whole, path)?,
        };
        self.put(value);
        path.clone_into(&mut self.path);
        Ok(())
    }

    pub fn next_shape(&mut self) {
        if self.shapes.len() > 1 {
            self.shapes.rotate_left(1);
            self.shaped();
        }
    }

    pub fn shape_name(&self) -> String {
        let filtered =
            if self.is_filtered() { format!(" of {}", crate::clean::one_line(&self.path)) } else { String::new() };
        format!("{}{filtered}", self.shape().name())
    }

    pub fn place_words(&self) -> String {
        let lines = self.len() as u64;
        format!("{} of {}", grouped((self.selected as u64 + 1).min(lines)), grouped(lines))
    }

    /// The picture that it is, while it is looked at as one.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref().filter(|_| self.shape() == Shape::Picture)
    }

    /// The ending of a file with it.
    pub fn ending(&self) -> &'static str {
        if let Some(picture) = self.picture() {
            return picture.format.ending();
        }
        match (&self.value, self.shape()) {
            (Value::String(_), Shape::Table) => "csv",
            (Value::String(_), Shape::Markdown) => "md",
            (Value::String(_), Shape::Code("diff")) => "diff",
            (Value::String(_), Shape::Code("xml")) => "svg",
            (Value::String(_), Shape::Plain) => "txt",
            _ => "json",
        }
    }

    pub fn len(&self) -> usize {
        self.tree.as_ref().map_or(self.lines.len(), |tree| tree.nodes().len())
    }

    pub fn selected(&self) -> usize {
        self.selected
    }

    pub fn go(&mut self, by: isize) {
        let last = self.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    pub fn aside(&mut self, by: isize) {
        self.aside = self.aside.saturating_add_signed(by).min(10_000);
    }

    pub fn fold(&mut self) {
        if let Some(tree) = &mut self.tree {
            tree.fold(self.selected);
            self.go(0);
        }
    }

    pub fn fold_all(&mut self) {
        if let Some(tree) = &mut self.tree {
            tree.fold_all();
            self.go(0);
        }
    }

    fn text(&self, line: usize) -> String {
        match &self.tree {
            Some(tree) => tree.text(line),
            None => self.lines.get(line).map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// Selects the next line with a text, around the end. False when there is none.
    pub fn find(&mut self, typed: &str, forward: bool, from_here: bool) -> bool {
        let (typed, count) = (typed.to_lowercase(), self.len());
        if typed.is_empty() || count == 0 {
            return false;
        }
        let first = usize::from(!from_here);
        let places = (first..=count).map(|step| match forward {
            true => (self.selected + step) % count,
            false => (self.selected + count - step % count) % count,
        });
        let found = places.into_iter().find(|at| self.text(*at).to_lowercase().contains(&typed));
        found.into_iter().for_each(|at| self.selected = at);
        found.is_some()
    }

    /// The selected value, as it was given; the selected line of what is no tree.
    pub fn here(&self) -> Option<String> {
        match &self.tree {
            Some(tree) => tree.value_at(self.selected).map(written),
            None => Some(self.text(self.selected).trim_end().to_owned()),
        }
    }

    /// The path of the selected value.
    pub fn place(&self) -> Option<String> {
        let path = self.tree.as_ref()?.path_at(self.selected)?;
        Some(match (self.path.as_str(), path.as_str()) {
            (".", _) => path,
            (base, ".") => base.to_owned(),
            (base, path) => format!("{base} | {path}"),
        })
    }

    /// All of it, as it was given.
    pub fn whole(&self) -> String {
        written(&self.value)
    }

    /// The lines on the screen, the selected one among them.
    pub fn draw(&mut self, theme: &Theme, max: usize, height: usize, searched: &str) -> Vec<Line<'static>> {
        if self.tree.is_none() && self.laid_out != Some((max, *theme)) {
            let cuts = self.shape() == Shape::Markdown;
            self.lines = output::lines(&self.value, self.shape(), theme, max, cuts);
            self.laid_out = Some((max, *theme));
        }
        self.go(0);
        self.top = self.top.clamp((self.selected + 1).saturating_sub(height), self.selected);
        let shown = self.top..(self.top + height).min(self.len());
        shown.map(|at| self.line(at, theme, max, searched)).collect()
    }

    fn line(&self, at: usize, theme: &Theme, max: usize, searched: &str) -> Line<'static> {
        let is_selected = at == self.selected;
        let mut line = match &self.tree {
            Some(tree) => tree.line(at, theme, usize::MAX, is_selected),
            None => self.lines.get(at).cloned().unwrap_or_default(),
        };
        if is_selected {
            line.spans.iter_mut().for_each(|span| span.style = span.style.patch(theme.selected));
        }
        // What was found stands out of the selected row too.
        let line = set_off(line, searched, theme);
        let mut line = crate::wrap::fit(from_column(line, self.aside).spans, max);
        if is_selected {
            let pad = max.saturating_sub(line.width());
            line.spans.push(Span::styled(" ".repeat(pad), theme.text.patch(theme.selected)));
        }
        line
    }
}

/// A string as it is, anything else as JSON that people can read.
fn written(value: &Value) -> String {
    match value {
        Value::String(_) => plain(value),
        value => serde_json::to_string_pretty(value).unwrap_or_else(|_| plain(value)),
    }
}

/// The line without its first cells.
fn from_column(line: Line<'static>, mut skip: usize) -> Line<'static> {
    let style = line.style;
    let mut spans = Vec::new();
    for span in line.spans {
        let mut from = 0;
        for (at, grapheme) in span.content.grapheme_indices(true) {
            if skip == 0 {
                break;
            }
            skip = skip.saturating_sub(width(grapheme));
            from = at + grapheme.len();
        }
        spans.push(Span::styled(span.content[from..].to_owned(), style.patch(span.style)));
    }
    Line::from(spans)
}
