//! Whose documents are being read as conversations.
//!
//! The promise: a document takes many times its bytes while it is read, so few are held, one is read at a time, and nobody has
//! two under way.

use super::reply::{ApiError, ApiResult};
use omega_core::{api::ErrorCode, id::UserId};
use omega_engine::process::offload;
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// Documents that are held at once, read or about to be.
const HELD: usize = 4;

pub struct ImportLimit {
    users: Mutex<HashSet<UserId>>,
    reading: Semaphore,
}

impl Default for ImportLimit {
    fn default() -> Self {
        Self { users: Mutex::default(), reading: Semaphore::new(1) }
    }
}

/// A user's place among those who import; given back when it goes.
pub struct Turn<'i> {
    importing: &'i ImportLimit,
    user: UserId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.importing.users.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.user);
    }
}

impl ImportLimit {
    /// Takes a place for a user, before anything of the document is read.
    ///
    /// # Errors
    /// When the user has one, or all are taken.
    pub fn begin(&self, user: UserId) -> ApiResult<Turn<'_>> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = |what: &str| {
            let message = format!("{what}; try again when it is done");
            ApiError::new(ErrorCode::Overloaded, message).after(5)
        };
        if users.contains(&user) {
            return Err(busy("another document of yours is being imported"));
        }
        if users.len() >= HELD {
            return Err(busy("other documents are being imported"));
        }
        users.insert(user);
        Ok(Turn { importing: self, user })
    }

    /// Does what has to be done with a document, when no other one is being read.
    pub async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let _place = self.reading.acquire().await;
        offload::run(usize::MAX, work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_one_place_and_there_are_few() {
        let importing = ImportLimit::default();
        let users: Vec<UserId> = (0..=HELD).map(|_| UserId::new()).collect();
        let mut held: Vec<_> = users[..HELD].iter().map(|user| importing.begin(*user).ok().unwrap()).collect();
        assert!(importing.begin(users[0]).is_err() && importing.begin(users[HELD]).is_err());
        held.remove(0);
        assert!(importing.begin(users[0]).is_ok() && importing.begin(users[HELD]).is_ok());
    }
}
