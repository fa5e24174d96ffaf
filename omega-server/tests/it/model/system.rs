//! The system under test: the real store, used as the engine uses it.

use super::{
    ledger::Ledger,
    reference::{ASKED, BROUGHT, Model, Question, Said},
    transition::{Again, Names, Shown, Transition, Who},
};
use crate::harness::callers::{access, owned, part};
use omega_core::{
    agent::RunConfig,
    api::{
        Accepted, Approval, Author, ConversationDetail, Decide, Decision, PlanMode, RequiredAction, RunStatus, Save,
        Timestamp, ToolRun, Usage,
    },
    edition::Edition,
    event::Event,
    id::{ConversationId, PlanId, PlanSetId, RunId},
    view::View,
};
use omega_engine::{
    domain::{
        grant::Grant,
        sealed::{CredentialPlace, Scope, Sealed},
    },
    process::clock::Clock,
    store::{
        INLINE_OUTPUT_BYTES, IdempotencyKey, Lease, Provided, Release, Section, Send, StepStart, Store, StoreError,
    },
};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

const NODE: &str = "node";
pub const TOOL: &str = "pkg::tool";
/// The data key that the template of the database has.
pub const DATA_KEY: &str = "a data key";

pub type Result<T> = std::result::Result<T, StoreError>;

/// One conversation.
pub struct Talk {
    pub(super) id: ConversationId,
    pub(super) ledger: Ledger,
    pub(super) detail: ConversationDetail,
    pub(super) sends: Vec<(Send, Accepted)>,
    pub(super) lease: Option<Lease>,
    pub(super) late: Vec<Lease>,
    pub(super) step: Option<StepStart>,
    pub(super) usage: Usage,
    pub(super) approvals: Vec<Approval>,
    pub(super) sets: Vec<(PlanSetId, PlanId)>,
}

pub struct System {
    pub(super) url: String,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) people: [Author; 3],
    pub(super) talks: Vec<Talk>,
}

impl System {
    /// On a database that has the owner, two guests and a data key.
    pub async fn open(url: String, people: [Author; 3]) -> Self {
        let clock = Clock::default();
        let store = Store::open(&url).await.unwrap().with_clock(clock.clone());
        let mut talks = Vec::new();
        for _ in 0..2 {
            let id = store.create_conversation(&people[0], Some("t"), "m/m", None, <_>::default()).await.unwrap().id;
            for guest in &people[1..] {
                access(&store, guest, id).await;
            }
            let owner = access(&store, &people[0], id).await;
            let detail = store.detail(&owner, Section::Newest, 1_000, INLINE_OUTPUT_BYTES).await.unwrap();
            talks.push(Talk {
                id,
                ledger: Ledger::of(View::of(detail.clone())),
                detail,
                sends: Vec::new(),
                lease: None,
                late: Vec::new(),
                step: None,
                usage: Usage::default(),
                approvals: Vec::new(),
                sets: Vec::new(),
            });
        }
        Self { url, store, clock, people, talks }
    }

    pub fn events(&self) -> u64 {
        self.talks.iter().map(|talk| talk.ledger.events).sum()
    }

    fn author(&self, who: Who) -> Author {
        self.people[who as usize].clone()
    }

    /// Does it; `before` and `after` are the reference then.
    pub async fn apply(mut self, before: &Model, after: &Model, transition: &Transition, expected: Said) -> Self {
        // No two transitions at the same time: orders are those of the reference.
        self.clock.advance(Duration::from_millis(10));
        if *transition == Transition::Restart {
            let Self { url, store, clock, people, talks } = self;
            // A SQLite database is one process's: nothing may be left of the one before.
            drop(store);
            let store = Store::open(&url).await.unwrap().with_clock(clock.clone());
            self = Self { url, store, clock, people, talks };
        }
        let said = match self.perform(before, after, transition).await {
            Ok(()) => Said::Done,
            Err(StoreError::RunActive(_)) => Said::RunActive,
            Err(StoreError::NotYours) => Said::NotYours,
            Err(StoreError::OwnerOnly) => Said::OwnerOnly,
            Err(StoreError::AlreadyDecided) => Said::AlreadyDecided,
            Err(StoreError::NotAwaited) => Said::NotAwaited,
            Err(StoreError::NotFound) => Said::NotFound,
            Err(StoreError::Unfit(..)) => Said::Unfit,
            Err(StoreError::KeyReused) => Said::KeyReused,
            Err(StoreError::LeaseLost) => Said::LeaseLost,
            Err(other) => panic!("{transition:?}: {other}"),
        };
        assert_eq!(said, expected, "{transition:?}");
        let changes = said == Said::Done && !matches!(transition, Transition::SendAgain { .. });
        for talk in 0..self.talks.len() {
            let concerned = transition.talk().is_none_or(|of| of == talk);
            let new = self.read(talk).await;
            assert!(changes && concerned || new == 0, "{new} events, and nothing was to happen: {transition:?}");
            if concerned {
                self.check(talk, before, after).await;
            }
        }
        self
    }

    /// Reads the events that are new, and gives their number.
    async fn read(&mut self, at: usize) -> usize {
        let talk = &mut self.talks[at];
        let new = self.store.events_after(talk.id, talk.ledger.seq(), 1_000).await.unwrap();
        for envelope in &new {
            talk.ledger.take(envelope);
            match &envelope.event {
                Event::RunRequiresAction { action: RequiredAction::Approval { approvals, .. } } => {
                    talk.approvals.extend(approvals.iter().cloned());
                }
                Event::PlanProposed { plan_set_id, plans } => talk.sets.push((*plan_set_id, plans[0].id)),
                _ => {}
            }
        }
        new.len()
    }

    /// Compares what is stored with the log and with the reference.
    async fn check(&mut self, at: usize, before: &Model, after: &Model) {
        let Self { store, talks, people, .. } = self;
        let talk = &mut talks[at];
        let owner = access(store, &people[0], talk.id).await;
        talk.detail = store.detail(&owner, Section::Newest, 1_000, INLINE_OUTPUT_BYTES).await.unwrap();
        talk.ledger.agrees(&talk.detail);
        let known = &after.talks[at];
        assert_eq!(talk.detail.runs.len(), known.runs.len());
        for (place, (stored, run)) in talk.detail.runs.iter().zip(&known.runs).enumerate() {
            assert_eq!((stored.id, stored.status), (talk.sends[place].1.run_id, run.status), "run {place}");
            assert_eq!(stored.steps, run.steps + u32::from(run.half), "run {place}");
            assert_eq!(stored.requires_action.is_some(), run.question.is_some());
            if let (Some(RequiredAction::Approval { approvals, .. }), Some(Question::Approvals(waiting))) =
                (&stored.requires_action, &run.question)
            {
                let ids = |known: &[Approval]| known.iter().map(|approval| approval.id).collect::<Vec<_>>();
                let expected: Vec<_> = waiting.iter().map(|at| talk.approvals[*at].id).collect();
                assert_eq!(ids(approvals), expected, "what is still open");
            }
            let calls: Vec<_> = talk.detail.tool_runs.iter().filter(|call| call.run_id == stored.id).collect();
            let states: Vec<_> = calls.iter().map(|call| call.status).collect();
            assert_eq!(states, run.calls.iter().map(|call| call.status).collect::<Vec<_>>(), "calls of run {place}");
            let old = before.talks[at].runs.get(place);
            if old.is_none_or(|old| old.env != run.env || !old.env.is_empty()) {
                let env: BTreeSet<String> =
                    store.run_env(stored.id).await.unwrap().into_iter().map(|kept| kept.place.name).collect();
                assert!(
                    env.iter().map(String::as_str).eq(run.env.iter().copied()),
                    "variables of run {place}: {env:?}"
                );
            }
        }
    }

    async fn perform(&mut self, before: &Model, after: &Model, transition: &Transition) -> Result<()> {
        match transition {
            Transition::Claim => self.claim(before, after).await,
            Transition::Restart => self.restart(before).await,
            Transition::Heartbeat => self.heartbeat(after).await,
            Transition::Days(days) => {
                self.clock.advance(Duration::from_secs(days * 24 * 3600));
                self.store.expire_pauses().await?;
                Ok(())
            }
            Transition::Send { .. } | Transition::SendAgain { .. } => self.send(transition).await,
            Transition::Cancel { talk, run } => {
                let run_id = self.talks[*talk].sends[*run].1.run_id;
                let of = part(&self.store, &self.people[0], run_id).await;
                let (status, _) = self.store.request_cancel(&of, "enough").await?;
                assert_eq!(status, after.talks[*talk].runs[*run].status);
                Ok(())
            }
            Transition::CancelCall { talk, run, call } => {
                let tool_run = self.call(*talk, *run, *call).id;
                let was = &before.talks[*talk].runs[*run].calls[*call];
                let of = part(&self.store, &self.people[0], tool_run).await;
                assert_eq!(self.store.request_tool_cancel(&of).await?, was.is_open() && !was.cancel);
                Ok(())
            }
            Transition::Decide { talk, approval, who, yes, shown, other_input, remember } => {
                let asked = &self.talks[*talk].approvals[*approval];
                let decide = Decide {
                    decision: if *yes { Decision::Approve } else { Decision::Deny },
                    remember: *remember,
                    reason: None,
                    args_digest: match shown {
                        Shown::Nothing => None,
                        Shown::Same => Some(asked.args_digest.clone()),
                        Shown::Another => Some("0".repeat(64)),
                    },
                    input: other_input.then(|| json!({ "n": "another" })),
                };
                let of = part(&self.store, &self.author(*who), asked.id).await;
                self.store.decide(&of, &decide).await.map(drop)
            }
            Transition::Provide { talk, names, save } => self.provide(*talk, *names, *save).await,
            Transition::Select { talk, set, who, another, elsewhere } => {
                let conversation = self.talks[if *elsewhere { 1 - talk } else { *talk }].id;
                let plan = self.talks[*talk].sets[*set].1;
                let note = another.then_some("shorter");
                let access = access(&self.store, &self.author(*who), conversation).await;
                self.store.select_plan(&access, plan, note).await.map(drop)
            }
            Transition::Late { talk } => self.late(*talk).await,
            _ => self.work(before, after, transition).await,
        }
    }

    pub(super) fn call(&self, talk: usize, run: usize, call: usize) -> ToolRun {
        let run = self.talks[talk].sends[run].1.run_id;
        self.talks[talk].detail.tool_runs.iter().filter(|known| known.run_id == run).nth(call).unwrap().clone()
    }

    async fn claim(&mut self, before: &Model, after: &Model) -> Result<()> {
        let claimed = self.store.claim(NODE, 16).await?;
        let mut expected = 0;
        for (at, talk) in self.talks.iter_mut().enumerate() {
            let Some(run) = after.talks[at].active().filter(|run| {
                before.talks[at].active().is_none() && after.talks[at].runs[*run].status == RunStatus::Running
            }) else {
                continue;
            };
            expected += 1;
            let of = claimed.iter().find(|claimed| claimed.lease.conversation == talk.id).unwrap();
            assert_eq!(of.lease.run, talk.sends[run].1.run_id, "the oldest one");
            let known = &after.talks[at].runs[run];
            assert_eq!((of.attempt, of.is_first), (known.attempt, !known.was_begun));
            assert!(talk.late.iter().filter(|late| late.run == of.lease.run).all(|late| late.fence < of.lease.fence));
            talk.lease = Some(of.lease);
        }
        assert_eq!(claimed.len(), expected);
        Ok(())
    }

    /// The process ended without a word; another one begins.
    async fn restart(&mut self, before: &Model) -> Result<()> {
        let held = self.talks.iter_mut().zip(&before.talks).filter_map(|(talk, known)| {
            let running = known.active().is_some_and(|at| known.runs[at].status == RunStatus::Running);
            running.then(|| talk.lose())
        });
        let held = held.count();
        assert_eq!(self.store.recover(true).await?.len(), held);
        assert!(self.store.recover(true).await?.is_empty(), "once is enough");
        Ok(())
    }

    async fn heartbeat(&mut self, known: &Model) -> Result<()> {
        let beat = self.store.heartbeat(NODE).await?;
        assert!(self.store.heartbeat("another node").await?.held.is_empty());
        assert!(self.store.recover(false).await?.is_empty(), "leases that are kept alive are nobody else's");
        let (mut held, mut stopped) = (0, 0);
        for (talk, known) in self.talks.iter().zip(&known.talks) {
            let Some(at) = known.active().filter(|at| known.runs[*at].status == RunStatus::Running) else { continue };
            held += 1;
            assert!(beat.held.contains(&(talk.lease.unwrap(), known.runs[at].cancel)));
            stopped += known.runs[at].calls.iter().filter(|call| call.cancel && call.is_open()).count();
        }
        assert_eq!((beat.held.len(), beat.cancelled_tools.len()), (held, stopped));
        Ok(())
    }

    async fn send(&mut self, transition: &Transition) -> Result<()> {
        if let Transition::SendAgain { talk, run, how } = transition {
            let (mut send, accepted) = self.talks[*talk].sends[*run].clone();
            match how {
                Again::Key => send.client_message_id = None,
                Again::OtherBody => send.idempotency.as_mut().unwrap().fingerprint = vec![2],
                Again::ClientId => send.idempotency = None,
            }
            send.run = RunId::new();
            let sent = self.store.send(send).await?;
            assert_eq!((sent.accepted, sent.committed), (accepted, None));
            return Ok(());
        }
        let Transition::Send { talk, who, on_active, plan, env } = transition else { panic!("{transition:?}") };
        let author = self.author(*who);
        let known = &self.talks[*talk];
        let mut config = RunConfig::new("m/m", Vec::new());
        config.plan = if *plan { PlanMode::Always } else { PlanMode::Never };
        let name = format!("{talk} {}", uuid::Uuid::new_v4());
        let send = Send {
            access: access(&self.store, &author, known.id).await,
            run: RunId::new(),
            text: format!("message {}", known.sends.len()),
            data: None,
            removed: <_>::default(),
            client_message_id: Some(name.clone()),
            replaces: None,
            on_active: *on_active,
            config: serde_json::to_value(config).unwrap(),
            env: if *env { vec![(BROUGHT.into(), sealed())] } else { Vec::new() },
            idempotency: Some(IdempotencyKey {
                principal: author.user_id.to_string(),
                key: name,
                route: "POST".into(),
                fingerprint: vec![1],
            }),
        };
        let sent = self.store.send(send.clone()).await?;
        assert!(sent.committed.is_some());
        self.talks[*talk].sends.push((send, sent.accepted));
        Ok(())
    }

    async fn provide(&mut self, talk: usize, names: Names, save: Save) -> Result<()> {
        let owner = self.people[0].user_id;
        let known = &self.talks[talk];
        let paused = self.store.paused_run(known.id).await?;
        // An answer that comes too late is for the last run.
        let run = paused.map_or(known.sends.last().unwrap().1.run_id, |run| run.id);
        let given: &[&'static str] = match names {
            Names::Right => &ASKED,
            Names::TooFew => &ASKED[..1],
            Names::Others => &[ASKED[0], ASKED[1], "KEY_C"],
            Names::None => &[],
        };
        let scope = if save == Save::Tool { Scope::Tool } else { Scope::Global };
        let of = if save == Save::Tool { TOOL } else { "" };
        let kept: Vec<&str> = if save == Save::Once { Vec::new() } else { given.to_vec() };
        let before = self.store.credentials_of(owner).await?.len();
        let provided = Provided {
            run,
            names: given.iter().copied().collect(),
            run_env: given.iter().map(|name| (*name, sealed())).collect(),
            credentials: kept
                .iter()
                .map(|name| {
                    let place = CredentialPlace { user: owner, scope, of: of.into(), name: (*name).into() };
                    (place, sealed(), None, Edition { version: "1.2.3".into(), ..Edition::default() })
                })
                .collect(),
            grants: kept.iter().filter(|_| save == Save::Global).map(|name| grant(name, self.store.now())).collect(),
            save,
        };
        let done = self.store.provide(&owned(&self.store, &self.people[0], known.id).await, provided).await.map(drop);
        if done.is_err() {
            assert_eq!(self.store.credentials_of(owner).await?.len(), before, "what is refused is not kept");
        }
        done
    }

    /// A worker that lost its run writes nothing.
    async fn late(&mut self, talk: usize) -> Result<()> {
        let known = &self.talks[talk];
        let mut late = known.late.clone();
        late.extend(known.lease.map(|lease| Lease { fence: lease.fence + 1, ..lease }));
        for lease in &late {
            assert_eq!(self.store.release(lease, Release::Crashed).await?, None);
            match self.store.run_log(lease).await {
                Err(StoreError::LeaseLost) => {}
                other => panic!("{lease:?} writes: {:?}", other.map(|log| log.next_seq())),
            }
        }
        Err(StoreError::LeaseLost)
    }
}

impl Talk {
    /// The worker is gone.
    pub(super) fn lose(&mut self) {
        self.late.extend(self.lease.take());
        self.step = None;
    }
}

pub fn sealed() -> Sealed {
    Sealed { dek_id: DATA_KEY.into(), nonce: vec![0; 12], ciphertext: vec![1; 20] }
}

fn grant(name: &str, granted_at: Timestamp) -> Grant {
    Grant {
        name: name.into(),
        tool: TOOL.parse().unwrap(),
        publisher: "pkg".into(),
        edition: Some(Edition { version: "1.2.3".into(), ..Edition::default() }),
        source: "request".into(),
        granted_at,
    }
}
