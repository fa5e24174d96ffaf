//! Lines in pieces that are shared: what was laid out once is not copied for the next frame, however long the text is.

use super::Lines;
use ratatui::text::Line;

/// Lines, one piece after the other.
#[derive(Debug, Clone, Default)]
pub struct Rope {
    /// Each with the number of its first line.
    pieces: Vec<(usize, Lines)>,
    len: usize,
}

impl Rope {
    pub fn push(&mut self, lines: Lines) {
        if !lines.is_empty() {
            let first = self.len;
            self.len += lines.len();
            self.pieces.push((first, lines));
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn get(&self, line: usize) -> Option<&Line<'static>> {
        let at = self.pieces.partition_point(|(first, _)| *first <= line).checked_sub(1)?;
        let (first, lines) = self.pieces.get(at)?;
        lines.get(line - first)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Line<'static>> {
        self.pieces.iter().flat_map(|(_, lines)| lines.iter())
    }
}

impl From<Vec<Line<'static>>> for Rope {
    fn from(lines: Vec<Line<'static>>) -> Self {
        let mut rope = Self::default();
        rope.push(lines.into());
        rope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_in_their_pieces() {
        let mut rope = Rope::default();
        assert!(rope.is_empty() && rope.get(0).is_none());
        for piece in [vec!["a"], vec![], vec!["b", "c"], vec!["d"]] {
            rope.push(piece.into_iter().map(Line::from).collect());
        }
        let by_number = (0..rope.len()).map(|line| rope.get(line).unwrap().to_string()).collect::<String>();
        let in_order = rope.iter().map(ToString::to_string).collect::<String>();
        assert_eq!((by_number.as_str(), in_order.as_str(), rope.get(4)), ("abcd", "abcd", None));
    }
}
