//! What people wrote in a conversation: where a call that no person watches may send things is held against it.

use super::guard::exfil::WrittenAddresses;
use crate::process::offload;
use omega_core::budget;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The texts, read for addresses when the first call has to be held against them.
pub(super) struct WrittenTexts {
    texts: Arc<[String]>,
    known: OnceCell<Arc<WrittenAddresses>>,
}

/// Texts, of which the last ones are left out when there is more than is read.
pub(super) fn within_budget<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut left = budget::WRITTEN.most;
    let fits = |text: &&str| {
        left = left.saturating_sub(text.len());
        left > 0
    };
    texts.take_while(fits).map(str::to_owned).collect()
}

impl WrittenTexts {
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        Self { texts: within_budget(texts).into(), known: OnceCell::new() }
    }

    /// The addresses in them.
    pub async fn known(&self) -> Arc<WrittenAddresses> {
        let read = || {
            let texts = Arc::clone(&self.texts);
            offload::run(texts.iter().map(String::len).sum(), move || {
                Arc::new(WrittenAddresses::of(texts.iter().map(String::as_str)))
            })
        };
        Arc::clone(self.known.get_or_init(read).await)
    }
}
