//! The texts of a question about a call.

use super::{Edit, Texts, words};
use crate::api::{Approval, PackageFacts};

impl Texts for Approval {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self {
            id: _,
            tool_run_id: _,
            tool_id: _,
            tool_name: _,
            version: _,
            integrity: _,
            own: _,
            reason: _,
            because,
            input,
            credentials: _,
            owner_only: _,
            package,
            args_digest: _,
        } = self;
        words(because, editor);
        input.edit(editor);
        package.edit(editor);
    }
}

impl Texts for PackageFacts {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self {
            name: _,
            version: _,
            description,
            publisher,
            published_at: _,
            created_at: _,
            weekly_downloads: _,
            deprecated,
        } = self;
        [description, publisher, deprecated].into_iter().for_each(|said| words(said, editor));
    }
}
