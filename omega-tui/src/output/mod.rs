//! What tools give, as lines: by what kind of thing it is.
//!
//! The promise: a text keeps its lines and its columns, a tree is valid JSON when it is unfolded, a table has a cell for each
//! value, and nothing foreign reaches a cell with its powers.

mod changes;
mod shape;
mod tree;

pub use changes::changes;
pub use shape::{Rows, Shape, asked, came, plain, table};
pub use tree::{Tree, at_path};

use crate::{
    blob::shorten,
    clean::{clean, one_line},
    markdown::{Document, code_lines},
    numbers::bytes,
    picture,
    theme::Theme,
    wrap::{fit, width},
};
use ratatui::text::{Line, Span};
use serde_json::Value;

/// Cells of a column at most.
const WIDEST: usize = 60;
const BETWEEN: &str = " │ ";

/// An output in a way to look at it. Lines of texts and tables may be wider than the screen where `cuts` is not set.
pub fn lines(value: &Value, shape: Shape, theme: &Theme, max: usize, cuts: bool) -> Vec<Line<'static>> {
    let text = plain(value);
    match shape {
        Shape::Plain => text_lines(&text, theme, max, cuts),
        Shape::Markdown => Document::default().layout(&text, max, theme),
        Shape::Code(language) => {
            let is_json = language == "json";
            let pretty = if is_json { pretty(value).unwrap_or(text) } else { text };
            let pretty = clean(&pretty).into_owned();
            let widest = pretty.lines().map(width).max().unwrap_or(0);
            code_lines(language, pretty.trim_end_matches('\n'), if cuts { max } else { widest.max(max) }, theme)
        }
        Shape::Table => match table(value) {
            Some(rows) => table_lines(&rows, theme, if cuts { max } else { usize::MAX }),
            None => text_lines(&text, theme, max, cuts),
        },
        Shape::Picture => match picture::of(value) {
            Some(picture) => {
                let words = format!("{picture}, {}", bytes(picture.bytes.len() as u64));
                vec![fit(vec![Span::styled(words, theme.text)], max)]
            }
            None => text_lines(&text, theme, max, cuts),
        },
        Shape::Tree => Tree::of(value.clone()).lines(theme, if cuts { max } else { usize::MAX }),
    }
}

fn pretty(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).ok()?).ok(),
        value => serde_json::to_string_pretty(value).ok(),
    }
}

/// A text by its own lines: a chart is one only as long as no line of it is broken.
fn text_lines(text: &str, theme: &Theme, max: usize, cuts: bool) -> Vec<Line<'static>> {
    let text = clean(text);
    let text = shorten(&text);
    let line = |line: &str| {
        let spans = vec![Span::styled(line.to_owned(), theme.text)];
        if cuts { fit(spans, max) } else { Line::from(spans) }
    };
    text.trim_end_matches('\n').split('\n').map(line).collect()
}

fn table_lines(rows: &Rows, theme: &Theme, max: usize) -> Vec<Line<'static>> {
    let cells = |row: &Vec<String>| row.iter().map(|cell| one_line(&shorten(cell))).collect::<Vec<_>>();
    let head = cells(&rows.head);
    let rows: Vec<Vec<String>> = rows.rows.iter().map(cells).collect();
    let widest = |at: usize| {
        let all = rows.iter().chain([&head]).filter_map(|row| row.get(at));
        all.map(|cell| width(cell)).max().unwrap_or(0).clamp(1, WIDEST)
    };
    let widths: Vec<usize> = (0..head.len()).map(widest).collect();
    // Numbers stand below one another.
    let is_number = |cell: &String| cell.is_empty() || cell.parse::<f64>().is_ok();
    let right: Vec<bool> =
        (0..head.len()).map(|at| rows.iter().all(|row| row.get(at).is_some_and(is_number))).collect();
    let line = |row: &[String], style| {
        let mut spans = Vec::new();
        for (at, (cell, &room)) in row.iter().zip(&widths).enumerate() {
            if at > 0 {
                spans.push(Span::styled(BETWEEN, theme.strong_border));
            }
            let cell = fit(vec![Span::styled(cell.clone(), style)], room);
            let pad = " ".repeat(room.saturating_sub(cell.width()));
            match right.get(at) {
                Some(true) => {
                    spans.push(Span::raw(pad));
                    spans.extend(cell.spans);
                }
                _ => {
                    spans.extend(cell.spans);
                    spans.push(Span::raw(pad));
                }
            }
        }
        fit(spans, max)
    };
    let rule = widths.iter().map(|&room| "─".repeat(room)).collect::<Vec<_>>().join("─┼─");
    let mut lines = vec![line(&head, theme.secondary), fit(vec![Span::styled(rule, theme.strong_border)], max)];
    lines.extend(rows.iter().map(|row| line(row, theme.text)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Depth, Mode};
    use serde_json::json;

    fn shown(value: &Value, max: usize) -> Vec<String> {
        let theme = Theme::new(Mode::Dark, Depth::None);
        lines(value, Shape::of(value), &theme, max, true)
            .iter()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn a_chart_is_a_chart_and_a_list_of_objects_a_table() {
        assert_eq!(shown(&json!("  12 ┤ ╭╮\n   3 ┤─╯╰\n"), 20), ["  12 ┤ ╭╮", "   3 ┤─╯╰"]);
        assert_eq!(
            shown(&json!([{"name": "Ada", "age": 36}, {"name": "Grace", "age": 4}]), 40),
            ["name  │ age", "──────┼────", "Ada   │  36", "Grace │   4"]
        );
        assert_eq!(shown(&json!("diff --git a b\n-x\n+y"), 40), ["diff --git a b", "-x", "+y"]);
    }

    #[test]
    fn nothing_foreign_keeps_its_powers() {
        for value in
            [json!("a\u{1b}[2Jb\nc"), json!([{"a\u{1b}c": "\u{202e}"}, {"b": "\u{9b}"}]), json!({"\u{1b}[m": "\u{7}"})]
        {
            for shape in [Shape::Plain, Shape::Markdown, Shape::Code("json"), Shape::Table, Shape::Tree] {
                let theme = Theme::new(Mode::Dark, Depth::None);
                for line in lines(&value, shape, &theme, 60, true) {
                    let text = line.to_string();
                    assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{shape:?}: {text:?}");
                }
            }
        }
    }
}
