//! Earlier versions of a message stand folded to one line each, until somebody opens it: the model no longer reads them.
//!
//! What somebody reads does not go away because a newer version of it came, and what is gone to or found is opened.

use super::{Item, PieceKey, Transcript};
use omega_core::id::MessageId;

/// A piece, and the earlier version that it belongs to.
pub(super) type Folded = (Item, Option<MessageId>);

impl Transcript {
    /// Takes in all pieces that there are.
    pub(super) fn fold(&mut self, all: Vec<Folded>) {
        if !self.is_following() {
            let was_seen = |id| self.index_of(PieceKey::User(id)).is_some();
            let became_earlier: Vec<PieceKey> = all
                .iter()
                .map(|(item, _)| item.key)
                .filter(|key| matches!(key, PieceKey::Earlier(id) if self.index_of(*key).is_none() && was_seen(*id)))
                .collect();
            self.levels.extend(became_earlier.into_iter().map(|key| (key, 1)));
        }
        self.all = all;
        // Where the reader is, or was sent before it was listed.
        if let Some((key, _)) = self.top {
            self.open_fold_of(key);
        }
        self.list();
    }

    /// Opens the earlier version that a piece belongs to.
    pub(super) fn open_fold_of(&mut self, key: PieceKey) {
        let fold = self.all.iter().find(|(item, _)| item.key == key).and_then(|(_, fold)| *fold);
        if let Some(fold) = fold {
            self.levels.insert(PieceKey::Earlier(fold), 1);
            self.list();
        }
    }

    /// The earlier version was opened or closed; who read in it is at its line then.
    pub(super) fn turned(&mut self, earlier: MessageId) {
        let is_within = |key| self.all.iter().any(|(item, fold)| item.key == key && *fold == Some(earlier));
        if self.level(PieceKey::Earlier(earlier)) == 0 && self.top.is_some_and(|(key, _)| is_within(key)) {
            self.top = Some((PieceKey::Earlier(earlier), 0));
        }
        self.list();
    }

    fn list(&mut self) {
        let is_open = |fold: &Option<MessageId>| fold.is_none_or(|id| self.level(PieceKey::Earlier(id)) > 0);
        self.items = self.all.iter().filter(|(_, fold)| is_open(fold)).map(|(item, _)| *item).collect();
    }
}
