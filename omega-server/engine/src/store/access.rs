//! Who may do what to a conversation, as a type.
//!
//! Whatever a caller reads or changes of a conversation needs an [`Access`] (of one run, tool run or approval: a
//! [`Within`]), and only this module makes them: [`open`] from the id in a path, [`within`] from the id of a part. Their
//! fields are private, so a handler that forgot to ask does not compile. The run engine's own work is no caller: it goes by
//! its [`Lease`](crate::store::Lease).
//!
//! What is unknown and what may not be seen is the same [`StoreError::NotFound`], after the same two look-ups. Who has the
//! link and is signed in takes part from then on, which everybody sees (`participant.joined`). A link that was replaced is
//! [`StoreError::Gone`]; whom the owner blocked gets [`StoreError::Blocked`].

use super::{Committed, ConversationEntry, Joining, Result, Store, StoreError};
use crate::domain::boxed;
use crate::domain::{caller::Caller, guest_view::GuestView};
use omega_core::{
    api::Visibility,
    id::{ApprovalId, ConversationId, RunId, ToolRunId, UserId},
};
use sha2::{Digest, Sha256};
use std::{fmt::Display, str::FromStr};

/// A caller's access to one conversation.
#[derive(Debug, Clone)]
pub struct Access {
    conversation: ConversationId,
    owner: UserId,
    caller: Caller,
    /// How often the link was replaced when this was made.
    epoch: i64,
}

/// The access of a conversation's owner.
#[derive(Debug, Clone)]
pub struct Owned(Access);

/// A caller's access to one part of a conversation: a run, a tool run, an approval.
#[derive(Debug, Clone)]
pub struct Within<T> {
    access: Access,
    id: T,
    actor: UserId,
}

/// A part of a conversation that has an id of its own.
pub trait Part: FromStr + Display + Copy + Send + Sync {
    /// Where it is looked up.
    const TABLE: PartOf;
}

/// The kinds of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartOf {
    Run,
    ToolRun,
    Approval,
}

impl Part for RunId {
    const TABLE: PartOf = PartOf::Run;
}
impl Part for ToolRunId {
    const TABLE: PartOf = PartOf::ToolRun;
}
impl Part for ApprovalId {
    const TABLE: PartOf = PartOf::Approval;
}

/// Opens the conversation that an id in a path means: its link, or (for the owner and for whom the link let in) its own id.
/// Gives what was committed when the caller is new there.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Gone`], [`StoreError::Blocked`].
#[boxed]
pub async fn open(store: &Store, caller: &Caller, id: ConversationId) -> Result<(Access, Option<Committed>)> {
    if let Some(place) = store.place(id, caller.user).await? {
        let opened = admit(store, caller, &place, place.link == id).await;
        if matches!(opened, Err(StoreError::NotFound)) {
            // What may not be seen costs as much as what is not there.
            store.retired_place(id, caller.user).await?;
        }
        return opened;
    }
    match store.retired_place(id, caller.user).await? {
        Some(place) if place.owner == caller.user => admit(store, caller, &place, false).await,
        Some(place) if place.visibility == Visibility::Link => Err(StoreError::Gone),
        _ => Err(StoreError::NotFound),
    }
}

#[boxed]
async fn admit(
    store: &Store,
    caller: &Caller,
    place: &ConversationEntry,
    is_link: bool,
) -> Result<(Access, Option<Committed>)> {
    let is_owner = place.owner == caller.user;
    if !is_owner {
        refuse(place)?;
        if !is_link && !place.is_member() {
            return Err(StoreError::Gone);
        }
    }
    let access = Access::at(place, caller);
    let known = place.member.as_ref().filter(|_| is_owner || place.is_member());
    let same = known.is_some_and(|member| {
        member.display_name == caller.display_name && member.gravatar_hash == caller.gravatar_hash
    });
    if same {
        return Ok((access, None));
    }
    let joining = Joining { conversation: place.conversation, epoch: place.epoch, is_owner, author: caller.author() };
    Ok((access, store.join(joining).await?))
}

/// What keeps everybody but the owner out.
fn refuse(place: &ConversationEntry) -> Result<()> {
    if place.visibility == Visibility::Private {
        return Err(StoreError::NotFound);
    }
    match place.member.as_ref().is_some_and(|member| member.is_blocked) {
        true => Err(StoreError::Blocked),
        false => Ok(()),
    }
}

/// Opens a part of a conversation, for the owner and for whom the link let in.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Blocked`].
pub async fn within<T: Part>(store: &Store, caller: &Caller, id: T) -> Result<Within<T>> {
    let found = store.place_of_part(T::TABLE, &id.to_string(), caller.user).await?;
    let (place, actor) = found.ok_or(StoreError::NotFound)?;
    if place.owner != caller.user {
        refuse(&place)?;
        if !place.is_member() {
            return Err(StoreError::NotFound);
        }
    }
    Ok(Within { access: Access::at(&place, caller), id, actor })
}

/// The conversation's runs that have not ended, oldest first.
pub async fn open_runs(store: &Store, access: &Access) -> Result<Vec<Within<RunId>>> {
    let runs = store.open_runs(access.conversation).await?;
    Ok(runs.into_iter().map(|(id, actor)| Within { access: access.clone(), id, actor }).collect())
}

/// How an id that was refused stands in the log: it may be somebody's link.
pub fn hashed(id: &str) -> String {
    Sha256::digest(id.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Access {
    fn at(place: &ConversationEntry, caller: &Caller) -> Self {
        Self { conversation: place.conversation, owner: place.owner, caller: caller.clone(), epoch: place.epoch }
    }

    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    pub fn owner(&self) -> UserId {
        self.owner
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether the caller owns it; everybody else is a guest.
    pub fn is_owner(&self) -> bool {
        self.owner == self.caller.user
    }

    /// The same as the owner's.
    ///
    /// # Errors
    /// [`StoreError::OwnerOnly`] for a guest.
    pub fn owned(self) -> Result<Owned> {
        if self.is_owner() { Ok(Owned(self)) } else { Err(StoreError::OwnerOnly) }
    }

    /// Whether the caller may stop or steer what `actor` began.
    pub fn may_steer(&self, actor: UserId) -> bool {
        self.is_owner() || self.caller.user == actor || self.caller.is_admin
    }

    /// Takes out of a value what a guest is not shown.
    pub fn show<T: GuestView>(&self, mut value: T) -> T {
        if !self.is_owner() {
            value.for_guest();
        }
        value
    }

    /// Whether it still holds: the caller may have been blocked or signed out, the link replaced, the
    /// key revoked, the user disabled.
    pub async fn holds(&self, store: &Store) -> Result<bool> {
        if !store.is_let_in(&self.caller).await? {
            return Ok(false);
        }
        if self.is_owner() {
            return Ok(true);
        }
        let place = store.place(self.conversation, self.caller.user).await?;
        Ok(place.is_some_and(|place| refuse(&place).is_ok() && place.is_member() && place.epoch == self.epoch))
    }
}

impl Owned {
    pub fn access(&self) -> &Access {
        &self.0
    }
}

impl std::ops::Deref for Owned {
    type Target = Access;
    fn deref(&self) -> &Access {
        &self.0
    }
}

impl<T: Copy> Within<T> {
    /// The access to its conversation.
    pub fn access(&self) -> &Access {
        &self.access
    }

    pub fn id(&self) -> T {
        self.id
    }

    /// Who sent the message of its run.
    pub fn actor(&self) -> UserId {
        self.actor
    }

    /// Whether the caller may stop it.
    ///
    /// # Errors
    /// [`StoreError::NotYours`] for a guest whose message it is not.
    pub fn may_stop(&self) -> Result<()> {
        if self.access.may_steer(self.actor) { Ok(()) } else { Err(StoreError::NotYours) }
    }
}

impl<T> std::ops::Deref for Within<T> {
    type Target = Access;
    fn deref(&self) -> &Access {
        &self.access
    }
}
