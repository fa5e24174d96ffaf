//! The fold's promise as a property: however the stream of a run is cut, replayed and doubled, and whenever a reader joins,
//! the view that comes out is the same.

use omega_core::{
    api::{
        Author, Conversation, ConversationDetail, ExecutionState, FinishReason, Message, MessageStatus, Part, Role,
        Run, RunError, RunStatus, Timestamp, ToolRunStatus, Usage,
    },
    event::{Envelope, Event, VERSION},
    id::{ConversationId, MessageId, RunId, ToolRunId, UserId},
    view::{Applied, View},
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;
use uuid::Uuid;

/// How one call of a step goes.
#[derive(Debug, Clone, Copy)]
enum Call {
    Succeeds,
    Fails,
    Unknown,
    NeverStarts,
}

/// One try to get a model's answer, as pieces of text.
#[derive(Debug, Clone)]
struct Step {
    /// Tries that broke off: their pieces were shown and are void.
    lost: Vec<Vec<String>>,
    reasoning: Vec<String>,
    text: Vec<String>,
    calls: Vec<Call>,
}

/// How a run ends, or that it does not yet.
#[derive(Debug, Clone, Copy)]
enum End {
    Completed,
    Failed,
    Cancelled,
    /// In the middle of an answer that was cancelled.
    Discarded,
    Working,
}

fn pieces(most: usize) -> impl Strategy<Value = Vec<String>> {
    vec("[a-zß→😀 ]{1,6}", 0..=most)
}

fn step() -> impl Strategy<Value = Step> {
    let call = prop_oneof![Just(Call::Succeeds), Just(Call::Fails), Just(Call::Unknown), Just(Call::NeverStarts)];
    (vec(pieces(3), 0..3), pieces(2), pieces(6), vec(call, 0..4)).prop_map(|(lost, reasoning, text, calls)| Step {
        lost,
        reasoning,
        text,
        calls,
    })
}

fn run() -> impl Strategy<Value = (Vec<Step>, End)> {
    let end = prop_oneof![
        Just(End::Completed),
        Just(End::Failed),
        Just(End::Cancelled),
        Just(End::Discarded),
        Just(End::Working)
    ];
    (vec(step(), 1..4), end)
}

/// Writes the events of a conversation as a server would.
struct Writer {
    conversation: ConversationId,
    seq: u64,
    ids: u128,
    frames: Vec<Envelope>,
}

impl Writer {
    fn uuid(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    fn frame(&mut self, run: Option<RunId>, seq: Option<u64>, event: Event) {
        let at = Timestamp(i64::try_from(self.frames.len()).unwrap());
        self.frames.push(Envelope { v: VERSION, seq, conversation_id: self.conversation, run_id: run, at, event });
    }

    fn stored(&mut self, run: RunId, event: Event) {
        self.seq += 1;
        self.frame(Some(run), Some(self.seq), event);
    }

    fn deltas(&mut self, run: RunId, message_id: MessageId, part: u32, pieces: &[String], reasoning: bool) {
        let mut offset = 0;
        for piece in pieces {
            let content = piece.clone();
            let event = if reasoning {
                Event::ReasoningDelta { message_id, part, offset, content }
            } else {
                Event::MessageDelta { message_id, part, offset, content }
            };
            self.frame(Some(run), None, event);
            offset += piece.len() as u64;
        }
    }

    fn begin(&mut self, text: &str) -> RunId {
        let (run, message) = (RunId(self.uuid()), MessageId(self.uuid()));
        let author = Author { user_id: UserId(Uuid::nil()), display_name: "p".into(), gravatar_hash: String::new() };
        let at = Timestamp(0);
        let message = Message {
            id: message,
            seq: self.seq + 1,
            run_id: Some(run),
            step: None,
            role: Role::User,
            status: MessageStatus::Complete,
            content: text.into(),
            parts: vec![Part::Text { text: text.into() }],
            author: Some(author),
            finish_reason: None,
            replaces: None,
            created_at: at,
        };
        let queued = Run {
            id: run,
            conversation_id: self.conversation,
            message_id: message.id,
            status: RunStatus::Queued,
            model: "m/m".into(),
            paid_by: None,
            prompt_version: String::new(),
            steps: 0,
            tool_calls: 0,
            usage: Usage::default(),
            requires_action: None,
            plan: None,
            answers: Vec::new(),
            error: None,
            finish_reason: None,
            feedback: Vec::new(),
            created_at: at,
            started_at: None,
            finished_at: None,
        };
        self.stored(run, Event::MessageCreated { message });
        self.stored(run, Event::RunQueued { run: queued, position: 0 });
        run
    }

    fn run(&mut self, run: RunId, steps: &[Step], end: End) {
        let started = Event::RunStarted { attempt: 1, model: "m/m".into(), prompt_version: "v".into() };
        self.stored(run, started);
        let last = steps.len() - 1;
        for (index, step) in steps.iter().enumerate() {
            let number = u32::try_from(index + 1).unwrap();
            let message = MessageId(self.uuid());
            let begun = self.seq + 1;
            for lost in &step.lost {
                self.stored(run, Event::StepStarted { step_index: number, message_id: message });
                self.deltas(run, message, 0, lost, false);
                self.stored(run, Event::MessageReset { message_id: message, step: number });
                let again_at = Some(Timestamp(1_800_000_000_000));
                let status = Event::Status { phase: "retrying".into(), message: "again".into(), again_at };
                self.stored(run, status);
            }
            self.stored(run, Event::StepStarted { step_index: number, message_id: message });
            let mut parts = Vec::new();
            for (pieces, reasoning) in [(&step.reasoning, true), (&step.text, false)] {
                if !pieces.is_empty() {
                    let part = u32::try_from(parts.len()).unwrap();
                    self.deltas(run, message, part, pieces, reasoning);
                    let text = pieces.concat();
                    parts.push(if reasoning { Part::Reasoning { text } } else { Part::Text { text } });
                }
            }
            if index == last && matches!(end, End::Discarded | End::Working) {
                break;
            }
            let whole = Message {
                id: message,
                seq: begun,
                run_id: Some(run),
                step: Some(number),
                role: Role::Assistant,
                status: MessageStatus::Complete,
                content: Message::text_of(&parts),
                parts,
                author: None,
                finish_reason: (index == last).then_some(FinishReason::Length),
                replaces: None,
                created_at: Timestamp(0),
            };
            self.stored(run, Event::MessageCompleted { message: whole });
            self.calls(run, message, &step.calls);
            self.stored(
                run,
                Event::StepCompleted {
                    step_index: number,
                    usage: Usage::default(),
                    run_usage: None,
                    finish_reason: None,
                },
            );
        }
        let (usage, tool_calls) = (Usage::default(), steps.iter().map(|step| step.calls.len()).sum::<usize>());
        let error = RunError { code: "X".into(), error: "no".into(), retryable: false };
        match end {
            End::Completed => {
                let (tool_calls, steps) = (u32::try_from(tool_calls).unwrap(), u32::try_from(steps.len()).unwrap());
                self.stored(
                    run,
                    Event::RunCompleted {
                        answer: String::new(),
                        usage,
                        tool_calls,
                        steps,
                        finish_reason: Some(FinishReason::Length),
                    },
                );
            }
            End::Failed => self.stored(run, Event::RunFailed { error }),
            End::Cancelled | End::Discarded => {
                self.stored(run, Event::RunCancelRequested {});
                self.stored(run, Event::RunCancelled { reason: "enough".into() });
            }
            End::Working => {}
        }
    }

    fn calls(&mut self, run: RunId, message: MessageId, calls: &[Call]) {
        let ids: Vec<ToolRunId> = calls.iter().map(|_| ToolRunId(self.uuid())).collect();
        for id in &ids {
            self.stored(
                run,
                Event::ToolProposed {
                    tool_run_id: *id,
                    message_id: message,
                    tool_call_id: id.to_string(),
                    tool_id: "a::b".into(),
                    tool_name: "b".into(),
                    version: String::new(),
                    input: json!({}),
                },
            );
        }
        for (id, call) in ids.into_iter().zip(calls) {
            let (tool_call_id, tool_name, version) = (id.to_string(), String::from("b"), String::from("1.0.0"));
            if !matches!(call, Call::NeverStarts) {
                self.stored(
                    run,
                    Event::ToolStarted {
                        tool_run_id: id,
                        tool_call_id: tool_call_id.clone(),
                        tool_name: tool_name.clone(),
                        version: version.clone(),
                        input: json!({ "a": 1 }),
                        credentials_used: Vec::new(),
                    },
                );
                for offset in 1..3 {
                    let event = Event::ToolDelta { tool_run_id: id, offset, chunk: json!(offset) };
                    self.frame(Some(run), None, event);
                }
            }
            let status = match call {
                Call::Unknown => {
                    self.stored(run, Event::ToolUnknown { tool_run_id: id, tool_call_id, error: None });
                    continue;
                }
                Call::Succeeds => ToolRunStatus::Succeeded,
                Call::Fails => ToolRunStatus::Failed,
                Call::NeverStarts => ToolRunStatus::Skipped,
            };
            let event = Event::ToolCompleted {
                tool_run_id: id,
                tool_call_id,
                tool_name,
                version,
                status,
                output: Some(json!(7)),
                output_summary: "7".into(),
                output_bytes: 1,
                truncated: false,
                duration_ms: 3,
                is_error: false,
                error: None,
            };
            self.stored(run, event);
        }
    }
}

/// The frames of a conversation in which the messages are answered one after the other, all of them sent at once.
fn conversation(runs: &[(Vec<Step>, End)]) -> Vec<Envelope> {
    let mut writer = Writer { conversation: ConversationId(Uuid::nil()), seq: 0, ids: 0, frames: Vec::new() };
    let ids: Vec<RunId> = (0..runs.len()).map(|n| writer.begin(&format!("message {n}"))).collect();
    for (run, (steps, end)) in ids.into_iter().zip(runs) {
        writer.run(run, steps, *end);
        if matches!(end, End::Working) {
            break;
        }
    }
    writer.frames
}

fn start() -> View {
    View::of(ConversationDetail {
        conversation: Conversation {
            id: ConversationId(Uuid::nil()),
            title: None,
            model: "m/m".into(),
            safe_mode: None,
            guest_credentials: <_>::default(),
            execution_state: ExecutionState::Idle,
            url: String::new(),
            visibility: <_>::default(),
            forked_from: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        },
        is_owner: true,
        participants: Vec::new(),
        messages: Vec::new(),
        tool_runs: Vec::new(),
        runs: Vec::new(),
        message_count: 0,
        tool_run_count: 0,
        usage: Usage::default(),
        last_seq: 0,
    })
}

/// The view of somebody who saw it all, once and in order.
fn whole(frames: &[Envelope]) -> View {
    let mut view = start();
    for frame in frames {
        assert_ne!(view.apply(frame), Applied::Gap, "{frame:?}");
    }
    view
}

/// What a snapshot of a view says: all but the moment.
fn snapshot(view: &View, of: &Envelope) -> Envelope {
    let detail = ConversationDetail {
        conversation: view.conversation.clone().unwrap(),
        is_owner: true,
        participants: view.participants.clone(),
        messages: view.messages.clone(),
        tool_runs: view.tool_runs.clone(),
        runs: view.runs.clone(),
        message_count: 0,
        tool_run_count: 0,
        usage: view.usage(),
        last_seq: view.last_seq,
    };
    Envelope { seq: None, event: Event::Snapshot { conversation: Box::new(detail) }, ..of.clone() }
}

/// Where the frame stands from which a reader with this cursor is served again: right behind the event. Text that streams
/// comes again from the beginning of its message.
fn resumed(frames: &[Envelope], cursor: u64) -> usize {
    frames.iter().position(|frame| frame.seq == Some(cursor)).map_or(0, |index| index + 1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_and_replay_gives_the_same_view(
        runs in vec(run(), 1..4),
        cuts in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..8),
    ) {
        let frames = conversation(&runs);
        let expected = whole(&frames);
        let mut view = start();
        let mut at = 0;
        for (cut, lost) in cuts {
            // The connection breaks somewhere ahead; the last frames before the break may have been lost on the way.
            let to = at + cut.index(frames.len() - at + 1);
            let seen = at + lost.index(to - at + 1);
            for frame in &frames[at..seen] {
                prop_assert_ne!(view.apply(frame), Applied::Gap);
            }
            at = resumed(&frames, view.last_seq);
        }
        for frame in &frames[at..] {
            prop_assert_ne!(view.apply(frame), Applied::Gap);
        }
        prop_assert_eq!(view, expected);
    }

    #[test]
    fn frames_that_come_twice_or_late_change_nothing(
        runs in vec(run(), 1..3),
        doubles in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
    ) {
        let frames = conversation(&runs);
        let expected = whole(&frames);
        let mut view = start();
        for (index, frame) in frames.iter().enumerate() {
            view.apply(frame);
            // Stored events of earlier come again, at any time.
            for (when, which) in &doubles {
                let earlier = &frames[which.index(index + 1)];
                if when.index(frames.len()) == index && earlier.seq.is_some() {
                    prop_assert_eq!(view.apply(earlier), Applied::Ignored);
                }
            }
            // The frame itself once more: a delta twice adds nothing.
            prop_assert_eq!(view.apply(frame), Applied::Ignored);
        }
        prop_assert_eq!(view, expected);
    }

    #[test]
    fn a_reader_who_joins_by_a_snapshot_sees_what_the_others_see(
        runs in vec(run(), 1..3),
        joins in any::<prop::sample::Index>(),
    ) {
        let frames = conversation(&runs);
        let expected = whole(&frames);
        let joined = joins.index(frames.len());
        let mut view = View::default();
        view.apply(&snapshot(&whole(&frames[..joined]), &frames[0]));
        // Text that the snapshot has comes again from its beginning; what overlaps is ignored.
        for frame in &frames[resumed(&frames, view.last_seq)..] {
            prop_assert_ne!(view.apply(frame), Applied::Gap);
        }
        view.notices.clone_from(&expected.notices);
        (view.status, view.again_at) = (expected.status.clone(), expected.again_at);
        prop_assert_eq!(view, expected);
    }

    #[test]
    fn a_missing_event_is_a_gap_and_never_a_wrong_view(runs in vec(run(), 1..3), missing in any::<prop::sample::Index>()) {
        let frames = conversation(&runs);
        let stored: Vec<&Envelope> = frames.iter().filter(|frame| frame.seq.is_some()).collect();
        let missing = missing.index(stored.len());
        let mut view = start();
        for frame in &stored[..missing] {
            view.apply(frame);
        }
        let before = view.clone();
        for frame in &stored[missing + 1..] {
            prop_assert_eq!(view.apply(frame), Applied::Gap);
        }
        prop_assert_eq!(view, before);
    }
}
