//! A table in a width: columns as wide as their content where it fits, narrower and wrapped where it does not, and one
//! record below the other where the columns would be too narrow to read.

use crate::{
    theme::Theme,
    wrap::{width, wrap},
};
use pulldown_cmark::Alignment;
use ratatui::{
    style::Modifier,
    text::{Line, Span},
};

type Cell = Vec<Span<'static>>;

/// Below this a column is no column.
const NARROWEST: usize = 5;
const BETWEEN: &str = " │ ";

/// A table while its cells come in.
pub struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Cell>>,
    row: Vec<Cell>,
}

impl Table {
    pub fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, rows: Vec::new(), row: Vec::new() }
    }

    pub fn cell(&mut self, cell: Cell) {
        self.row.push(cell);
    }

    pub fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }

    /// The first row is the head.
    pub fn layout(&self, max: usize, theme: &Theme) -> Vec<Line<'static>> {
        let natural: Vec<usize> = (0..self.alignments.len())
            .map(|column| self.rows.iter().map(|row| row.get(column).map_or(0, cell_width)).max().unwrap_or(0))
            .collect();
        let room = max.saturating_sub(BETWEEN.chars().count() * natural.len().saturating_sub(1));
        match column_widths(&natural, room) {
            Some(widths) => self.columns(&widths, theme),
            None => self.records(max, theme),
        }
    }

    fn columns(&self, widths: &[usize], theme: &Theme) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let cells: Vec<Vec<Line<'static>>> = widths
                .iter()
                .enumerate()
                .map(|(column, &w)| {
                    let cell = row.get(column).cloned().unwrap_or_default();
                    wrap(&if index == 0 { bold(cell) } else { cell }, w)
                })
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for at in 0..height {
                let mut spans = Vec::new();
                for (column, (cell, &w)) in cells.iter().zip(widths).enumerate() {
                    if column > 0 {
                        spans.push(Span::styled(BETWEEN, theme.strong_border));
                    }
                    let line = cell.get(at).cloned().unwrap_or_default();
                    let free = w.saturating_sub(line.width());
                    let left = match self.alignments.get(column) {
                        Some(Alignment::Right) => free,
                        Some(Alignment::Center) => free / 2,
                        _ => 0,
                    };
                    spans.push(Span::styled(" ".repeat(left), theme.text));
                    spans.extend(line.spans);
                    spans.push(Span::styled(" ".repeat(free - left), theme.text));
                }
                lines.push(Line::from(spans));
            }
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|&w| "─".repeat(w)).collect();
                lines.push(Line::styled(rule.join("─┼─"), theme.strong_border));
            }
        }
        lines
    }

    fn records(&self, max: usize, theme: &Theme) -> Vec<Line<'static>> {
        let Some((head, rows)) = self.rows.split_first() else { return Vec::new() };
        let mut lines = Vec::new();
        for row in rows {
            if !lines.is_empty() {
                lines.push(Line::styled("┄".repeat(max), theme.strong_border));
            }
            for (name, cell) in head.iter().zip(row) {
                let mut spans = bold(name.clone());
                spans.push(Span::styled(": ", theme.dim));
                spans.extend(cell.iter().cloned());
                lines.extend(wrap(&spans, max));
            }
        }
        if rows.is_empty() {
            lines = head.iter().flat_map(|name| wrap(&bold(name.clone()), max)).collect();
        }
        lines
    }
}

fn bold(cell: Cell) -> Cell {
    cell.into_iter().map(|span| Span::styled(span.content, span.style.add_modifier(Modifier::BOLD))).collect()
}

fn cell_width(cell: &Cell) -> usize {
    cell.iter().map(|span| width(&span.content)).sum()
}

/// Takes from the widest columns until all fit; `None` when they would be too narrow.
fn column_widths(natural: &[usize], room: usize) -> Option<Vec<usize>> {
    if natural.iter().sum::<usize>() <= room {
        return Some(natural.to_vec());
    }
    let least: usize = natural.iter().map(|&w| w.min(NARROWEST)).sum();
    if least > room {
        return None;
    }
    // The largest limit for a column with which all fit.
    let fits = |limit: usize| natural.iter().map(|&w| w.min(limit)).sum::<usize>() <= room;
    let limit = (NARROWEST..=room).rev().find(|&limit| fits(limit))?;
    let mut widths: Vec<usize> = natural.iter().map(|&w| w.min(limit)).collect();
    let mut spare = room - widths.iter().sum::<usize>();
    for (width, &wanted) in widths.iter_mut().zip(natural) {
        if spare > 0 && *width < wanted {
            *width += 1;
            spare -= 1;
        }
    }
    Some(widths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_way_first() {
        for (natural, room, widths) in [
            (vec![3, 10], 20, Some(vec![3, 10])),
            (vec![3, 30], 20, Some(vec![3, 17])),
            (vec![20, 30], 21, Some(vec![11, 10])),
            (vec![20, 30, 9], 12, None),
            (vec![], 5, Some(vec![])),
        ] {
            assert_eq!(column_widths(&natural, room), widths, "{natural:?} in {room}");
        }
    }
}
