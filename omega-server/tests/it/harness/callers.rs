//! People at the store: what a handler makes out of a request.

use omega_core::{api::Author, id::ConversationId};
use omega_engine::{
    domain::caller::{Caller, Via},
    store::{
        Store,
        access::{self, Access, Owned, Part, Within},
    },
};

pub fn caller(author: &Author) -> Caller {
    Caller {
        user: author.user_id,
        display_name: author.display_name.clone(),
        gravatar_hash: author.gravatar_hash.clone(),
        is_admin: false,
        via: Via::Vouched,
    }
}

pub async fn access(store: &Store, author: &Author, conversation: ConversationId) -> Access {
    access::open(store, &caller(author), conversation).await.unwrap().0
}

pub async fn owned(store: &Store, author: &Author, conversation: ConversationId) -> Owned {
    access(store, author, conversation).await.owned().unwrap()
}

pub async fn part<T: Part>(store: &Store, author: &Author, id: T) -> Within<T> {
    access::within(store, &caller(author), id).await.unwrap()
}
