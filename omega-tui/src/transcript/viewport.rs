//! Where the top of the screen is in the transcript, without ever measuring all of it.

use super::{PieceKey, Scene, Transcript};

impl Transcript {
    /// The piece and the line of it at the top of the screen, after scrolling and revealing what was asked for.
    pub(super) fn place(&mut self, scene: &Scene<'_>) -> (usize, usize) {
        let height = usize::from(self.height);
        let anchored = self.top.and_then(|(key, line)| self.index_of(key).map(|at| (at, line)));
        let end = self.before_end(scene, height);
        let mut top = anchored.unwrap_or(end);
        let by = std::mem::take(&mut self.scroll_by);
        top = self.moved(scene, top, by);
        if let Some(at) = self.reveal.take().and_then(|key| self.index_of(key)) {
            top = self.revealing(scene, top, at, height);
            if std::mem::take(&mut self.seeks) {
                top = self.seeking(scene, top, at, height);
            }
        }
        // A piece may have become shorter than the line that was at the top.
        top.1 = top.1.min(self.height_of(scene, top.0).saturating_sub(1));
        if top >= end {
            self.top = None;
            return end;
        }
        self.top = Some((self.items[top.0].key, top.1));
        top
    }

    /// The top with which the line that was searched for is in view.
    fn seeking(&mut self, scene: &Scene<'_>, top: (usize, usize), at: usize, height: usize) -> (usize, usize) {
        let searched = self.searched.to_lowercase();
        let gap = usize::from(at > 0 && self.items[at].gap);
        let lines = self.lines(at, scene);
        let Some(line) = lines.iter().position(|line| line.to_string().to_lowercase().contains(&searched)) else {
            return top;
        };
        self.moved(scene, (at, line + gap), -isize::try_from(height / 3).unwrap_or(0))
    }

    fn height_of(&mut self, scene: &Scene<'_>, at: usize) -> usize {
        self.lines(at, scene).len() + usize::from(at > 0 && self.items[at].gap)
    }

    /// The place from which `height` lines are left; the beginning when there are fewer.
    fn before_end(&mut self, scene: &Scene<'_>, height: usize) -> (usize, usize) {
        let mut missing = height;
        for at in (0..self.items.len()).rev() {
            let lines = self.height_of(scene, at);
            if lines >= missing {
                return (at, lines - missing);
            }
            missing -= lines;
        }
        (0, 0)
    }

    fn moved(&mut self, scene: &Scene<'_>, (mut at, mut line): (usize, usize), by: isize) -> (usize, usize) {
        let mut left = by.unsigned_abs();
        while left > 0 {
            if by < 0 {
                if line >= left {
                    return (at, line - left);
                }
                if at == 0 {
                    return (0, 0);
                }
                left -= line + 1;
                at -= 1;
                if self.is_gap(at) {
                    return (at, 0);
                }
                line = self.height_of(scene, at).saturating_sub(1);
            } else {
                let rest = self.height_of(scene, at).saturating_sub(line + 1);
                if rest >= left {
                    return (at, line + left);
                }
                if at + 1 == self.items.len() {
                    return (at, line + rest);
                }
                left -= rest + 1;
                (at, line) = (at + 1, 0);
                if self.is_gap(at) {
                    return (at, 0);
                }
            }
        }
        (at, line)
    }

    /// Whether nobody scrolls over it: what is missing there is to be seen, and loaded.
    fn is_gap(&self, at: usize) -> bool {
        matches!(self.items[at].key, PieceKey::Gap(_))
    }

    /// The nearest top with which the piece is in view: all of it, or its beginning when it is too tall.
    fn revealing(&mut self, scene: &Scene<'_>, top: (usize, usize), at: usize, height: usize) -> (usize, usize) {
        if (at, 0) <= top {
            return (at, 0);
        }
        let until: usize = (top.0..=at).map(|between| self.height_of(scene, between)).sum();
        let below = until.saturating_sub(top.1);
        let over = below.saturating_sub(height);
        let moved = self.moved(scene, top, isize::try_from(over).unwrap_or(0));
        moved.min((at, 0))
    }
}
