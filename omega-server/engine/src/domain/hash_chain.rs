//! The links of a chain, and what is wrong with one. No database in here.

use super::row::row;
use omega_core::api::AuditBreakKind;
use sha2::{Digest, Sha256};

/// Part of what every link is bound to; another way of hashing gets another one.
const DOMAIN: &[u8] = b"omega audit 1";
/// What the first link follows.
pub const GENESIS: [u8; 32] = [0; 32];

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

row! {
    /// A row of the log as it is stored.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[allow(missing_docs, reason = "the columns of `audit_log`")]
    pub struct Link {
        pub chain: String,
        pub n: i64,
        pub id: String,
        pub at: i64,
        pub actor_user_id: Option<String>,
        pub actor_kind: String,
        pub api_key_id: Option<String>,
        pub ip: Option<String>,
        pub request_id: Option<String>,
        pub action: String,
        pub object_type: String,
        pub object_id: Option<String>,
        pub conversation_id: Option<String>,
        pub run_id: Option<String>,
        pub outcome: String,
        pub detail: String,
        pub prev_hash: Vec<u8>,
        pub hash: Vec<u8>,
    }
}

impl Link {
    /// The hash that it must have: over all other columns, each with its length, so that nothing can move from one to the
    /// next.
    pub fn digest(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        let mut field = |bytes: Option<&[u8]>| match bytes {
            None => hash.update([0]),
            Some(bytes) => {
                hash.update([1]);
                hash.update((bytes.len() as u64).to_be_bytes());
                hash.update(bytes);
            }
        };
        let text = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
        field(Some(self.chain.as_bytes()));
        field(Some(&self.n.to_be_bytes()));
        field(Some(self.id.as_bytes()));
        field(Some(&self.at.to_be_bytes()));
        field(text(&self.actor_user_id).as_deref());
        field(Some(self.actor_kind.as_bytes()));
        field(text(&self.api_key_id).as_deref());
        field(text(&self.ip).as_deref());
        field(text(&self.request_id).as_deref());
        field(Some(self.action.as_bytes()));
        field(Some(self.object_type.as_bytes()));
        field(text(&self.object_id).as_deref());
        field(text(&self.conversation_id).as_deref());
        field(text(&self.run_id).as_deref());
        field(Some(self.outcome.as_bytes()));
        field(Some(self.detail.as_bytes()));
        field(Some(&self.prev_hash));
        hash.finalize().to_vec()
    }
}

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub chain: String,
    /// Its last link; 0 when it has none.
    pub n: i64,
    pub hash: Vec<u8>,
}

impl Head {
    /// The head of a chain without links.
    pub fn genesis(chain: &str) -> Self {
        Self { chain: chain.to_owned(), n: 0, hash: GENESIS.to_vec() }
    }
}

/// The first wrong place: the link's number, the id of the row that is there, and what is wrong.
pub type Wrong = (i64, Option<String>, AuditBreakKind);

/// A walk along a chain, from its first link on.
#[derive(Debug)]
pub struct Walk {
    /// The last link that was right, and what is known of it.
    last: Head,
    last_id: Option<String>,
}

impl Walk {
    /// A walk along this chain.
    pub fn new(chain: &str) -> Self {
        Self { last: Head::genesis(chain), last_id: None }
    }

    /// How far it came.
    pub fn last(&self) -> &Head {
        &self.last
    }

    /// The next row, by number. `stood_elsewhere` says whether the chain has a row with this hash: then a row that follows
    /// it was moved.
    ///
    /// # Errors
    /// What is wrong here.
    pub fn step(&mut self, link: &Link, stood_elsewhere: bool) -> Result<(), Wrong> {
        if link.n != self.last.n + 1 {
            return Err((self.last.n + 1, None, AuditBreakKind::Removed));
        }
        let here = |kind| Err((link.n, Some(link.id.clone()), kind));
        match (link.digest() == link.hash, link.prev_hash == self.last.hash) {
            (true, true) => {
                self.last = Head { chain: link.chain.clone(), n: link.n, hash: link.hash.clone() };
                self.last_id = Some(link.id.clone());
                Ok(())
            }
            (false, false) if stood_elsewhere => here(AuditBreakKind::Reordered),
            // This row is as it was recorded, and does not follow the one before: that one was made anew.
            (true, false) if link.n > 1 => Err((self.last.n, self.last_id.clone(), AuditBreakKind::Changed)),
            _ => here(AuditBreakKind::Changed),
        }
    }

    /// Compares the end of the rows with where the chain is said to end.
    ///
    /// # Errors
    /// What is wrong there.
    pub fn finish(&self, head: Option<&Head>) -> Result<(), Wrong> {
        match head {
            None => Err((self.last.n, self.last_id.clone(), AuditBreakKind::Headless)),
            Some(head) if head.n > self.last.n => Err((self.last.n + 1, None, AuditBreakKind::Truncated)),
            Some(head) if head.n < self.last.n => Err((head.n + 1, None, AuditBreakKind::Added)),
            Some(head) if head.hash != self.last.hash => {
                Err((self.last.n, self.last_id.clone(), AuditBreakKind::Changed))
            }
            Some(_) => Ok(()),
        }
    }
}

/// What is wrong, in a sentence.
pub fn explain(kind: AuditBreakKind, n: i64) -> String {
    match kind {
        AuditBreakKind::Changed => format!("row {n} is not as it was recorded"),
        AuditBreakKind::Removed => format!("row {n} was removed; later rows are there"),
        AuditBreakKind::Reordered => format!("the row at place {n} was recorded at another place"),
        AuditBreakKind::Truncated => format!("the newest rows were removed, from row {n} on"),
        AuditBreakKind::Added => format!("row {n} and later ones were added by hand"),
        AuditBreakKind::Headless => format!("the record of where the chain ends was removed (it has {n} rows)"),
        AuditBreakKind::NotAsNoted => format!("row {n} is not the one that was noted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AuditBreakKind::{Added, Changed, Headless, Removed, Reordered, Truncated};

    fn chain(length: i64) -> Vec<Link> {
        let mut prev_hash = GENESIS.to_vec();
        (1..=length)
            .map(|n| {
                let mut link = Link {
                    chain: "00".into(),
                    n,
                    id: format!("id{n}"),
                    at: 1_000 + n,
                    actor_user_id: Some("u".into()),
                    actor_kind: "session".into(),
                    api_key_id: None,
                    ip: Some("127.0.0.1".into()),
                    request_id: Some("r".into()),
                    action: "key.made".into(),
                    object_type: "key".into(),
                    object_id: Some("k".into()),
                    conversation_id: None,
                    run_id: None,
                    outcome: "ok".into(),
                    detail: "{}".into(),
                    prev_hash: prev_hash.clone(),
                    hash: Vec::new(),
                };
                link.hash = link.digest();
                prev_hash.clone_from(&link.hash);
                link
            })
            .collect()
    }

    fn head_of(links: &[Link]) -> Head {
        links
            .last()
            .map_or_else(|| Head::genesis("00"), |link| Head { chain: "00".into(), n: link.n, hash: link.hash.clone() })
    }

    fn walk(links: &[Link], head: Option<&Head>) -> Option<(i64, AuditBreakKind)> {
        let mut walk = Walk::new("00");
        for link in links {
            let elsewhere = links.iter().any(|other| other.hash == link.prev_hash);
            if let Err((n, _, kind)) = walk.step(link, elsewhere) {
                return Some((n, kind));
            }
        }
        walk.finish(head).err().map(|(n, _, kind)| (n, kind))
    }

    #[test]
    fn the_first_wrong_row_is_named_whatever_was_done_to_it() {
        let good = chain(5);
        let head = head_of(&good);
        let seals = |links: &mut [Link], from: usize| {
            for at in from..links.len() {
                if at > 0 {
                    links[at].prev_hash = links[at - 1].hash.clone();
                }
                links[at].hash = links[at].digest();
            }
        };
        type Do = fn(&mut Vec<Link>);
        type Found = Option<(i64, AuditBreakKind)>;
        let table: [(&str, Do, Found); 10] = [
            ("nothing", |_| {}, None),
            ("a field", |links| links[2].detail = "{\"a\":1}".into(), Some((3, Changed))),
            ("a field that had none", |links| links[2].run_id = Some(String::new()), Some((3, Changed))),
            (
                "a byte from one field to the next",
                |links| {
                    links[1].action = "key.mad".into();
                    links[1].object_type = "ekey".into();
                },
                Some((2, Changed)),
            ),
            ("the hash before", |links| links[3].prev_hash[0] ^= 1, Some((4, Changed))),
            ("a row in the middle is gone", |links| drop(links.remove(1)), Some((2, Removed))),
            ("the first row is gone", |links| drop(links.remove(0)), Some((1, Removed))),
            ("the last rows are gone", |links| links.truncate(3), Some((4, Truncated))),
            ("all rows are gone", Vec::clear, Some((1, Truncated))),
            (
                "two rows changed places",
                |links| {
                    links.swap(1, 2);
                    (links[1].n, links[2].n) = (2, 3);
                },
                Some((2, Reordered)),
            ),
        ];
        for (what, change, expected) in table {
            let mut links = good.clone();
            change(&mut links);
            assert_eq!(walk(&links, Some(&head)), expected, "{what}");
        }
        // Made anew with its hash: the next row still knows the old one.
        let mut links = good.clone();
        links[2].outcome = "denied".into();
        links[2].hash = links[2].digest();
        assert_eq!(walk(&links, Some(&head)), Some((3, Changed)));
        // The whole tail made anew: the head still knows the old one.
        let mut links = good.clone();
        links[2].outcome = "denied".into();
        seals(&mut links, 2);
        assert_eq!(walk(&links, Some(&head)), Some((5, Changed)));
        assert_eq!(walk(&good, Some(&head_of(&good[..4]))), Some((5, Added)));
        assert_eq!(walk(&good, None), Some((5, Headless)));
        assert_eq!(walk(&[], Some(&Head::genesis("00"))), None);
    }

    #[test]
    fn every_column_counts() {
        let link = chain(1).remove(0);
        let changes: [fn(&mut Link); 17] = [
            |l| l.chain.push('x'),
            |l| l.n += 1,
            |l| l.id.push('x'),
            |l| l.at += 1,
            |l| l.actor_user_id = None,
            |l| l.actor_kind.push('x'),
            |l| l.api_key_id = Some("k".into()),
            |l| l.ip = None,
            |l| l.request_id = None,
            |l| l.action.push('x'),
            |l| l.object_type.push('x'),
            |l| l.object_id = None,
            |l| l.conversation_id = Some("c".into()),
            |l| l.run_id = Some("r".into()),
            |l| l.outcome.push('x'),
            |l| l.detail.push(' '),
            |l| l.prev_hash.push(0),
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut other = link.clone();
            change(&mut other);
            assert_ne!(other.digest(), link.hash, "column {at}");
        }
    }
}
