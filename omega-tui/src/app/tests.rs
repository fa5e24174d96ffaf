//! What keys do: before, keys, after.

mod any_order;
mod attention;
mod connection;
mod events;
mod feedback;
mod fork;
mod large;
mod overlays;
mod own_keys;
mod previews;
mod question_focus;
mod reach;
mod remembered;
mod sections;
mod settings;
mod versions;
mod writing;

use super::{Effect, Focus, Input};
use crate::{
    messages::{Command, Link, PauseAnswer, Shown, Stretch, Topic, Update, Wish},
    test_harness::{TestHarness, another_tool, full, rule, stored},
    transcript::SAMPLES,
};
use crossterm::event::{MouseButton, MouseEventKind};
use omega_core::{
    api::{
        ApprovalReason, CredentialScope, Decision, OutputPage, Remember, Run, RunStatus, Save, SelectAlternative,
        SelectPlan, Settings, Visibility,
    },
    client::ExportFormat,
    event::{Envelope, Event},
    id::{ToolId, ToolRunId, UserId},
};
use secrecy::ExposeSecret;
use serde_json::json;

fn sends(draft: u64, text: &str, model: Option<&str>) -> Command {
    Command::Send { draft, text: text.into(), model: model.map(str::to_owned), pins: Vec::new(), safe_mode: None }
}

fn page(tool_run_id: ToolRunId, content: &str) -> OutputPage {
    let total_bytes = content.len() as u64;
    OutputPage { tool_run_id, offset: 0, content: content.into(), total_bytes, next_offset: None }
}

fn tool() -> ToolId {
    "mathjs::evaluate".parse().unwrap()
}

#[test]
fn enter_sends_and_shows_the_message_at_once() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("hello<enter>");
    assert_eq!(stage.commands(), [sends(1, "hello", None)]);
    assert!(stage.app.composer.is_empty());
    assert!(stage.text().contains("sending"), "{}", stage.text());
}

#[test]
fn a_message_is_shown_once_however_receipt_and_event_arrive() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("hello<enter>").open();
    stage.asked("hello");
    assert!(stage.app.here.pending.is_empty());
    assert_eq!(stage.text().matches("hello").count(), 1, "{}", stage.text());
}

#[test]
fn a_message_that_was_not_sent_comes_back() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("hello<enter>again");
    stage.news(Update::SendFailed { draft: 1, error: "the server is away".into() });
    assert_eq!(stage.app.composer.text(), "hello\nagain");
    assert!(stage.text().contains("not sent: the server is away"));
}

#[test]
fn new_lines_and_pastes_send_nothing() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("a<ctrl+j>b<alt+enter>c<shift+enter>").paste("x\r\ny\tz");
    assert_eq!(stage.app.composer.text(), "a\nb\nc\nx\ny\tz");
    assert!(stage.text().contains("y→z"));
    assert_eq!(stage.commands(), []);
}

#[test]
fn esc_takes_the_waiting_message_back_and_then_stops_the_run() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("first");
    let run = stage.app.active_run().unwrap().id;
    let waiting = stage.queued("second");
    stage.keys("<esc>");
    assert_eq!(stage.app.composer.text(), "second");
    stage.keys("<esc>");
    assert_eq!(stage.commands(), [Command::Cancel(waiting), Command::Cancel(run)]);
    assert!(stage.text().contains("stopping"), "{}", stage.text());
    stage.event(Event::RunCancelled { reason: "user".into() });
    assert_eq!(stage.app.here.stopping, None);
    assert!(stage.text().contains("■ stopped"), "{}", stage.text());
}

#[test]
fn a_question_mark_is_help_only_where_nothing_is_written() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("why?");
    assert_eq!(stage.app.composer.text(), "why?");
    stage.keys("<ctrl+u>?");
    assert!(stage.text().contains("keys and commands"), "{}", stage.text());
    stage.keys("x<esc>");
    assert!(stage.app.layers.is_empty() && stage.app.composer.is_empty());
}

#[test]
fn quitting_asks_only_when_something_would_be_lost() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("draft<ctrl+d><esc>");
    assert_eq!(stage.app.composer.text(), "draft");
    assert!(!stage.effects.contains(&Effect::Quit));
    stage.keys("<ctrl+d><enter>");
    assert_eq!(stage.effects.last(), Some(&Effect::Quit));
    let mut stage = TestHarness::new(80, 24);
    stage.keys("<ctrl+d>");
    assert_eq!(stage.effects, [Effect::Quit]);
}

#[test]
fn ctrl_c_stops_the_run_before_it_quits() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("work");
    let run = stage.app.active_run().unwrap().id;
    stage.keys("<ctrl+c>");
    assert_eq!(stage.commands(), [Command::Cancel(run)]);
}

#[test]
fn a_sample_is_taken_into_the_composer() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("<tab><down><enter>");
    assert_eq!(stage.app.composer.text(), SAMPLES[1]);
    assert_eq!(stage.app.focus, Focus::Composer);
}

#[test]
fn typing_in_the_transcript_goes_on_writing() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    stage.keys("<tab>");
    assert_eq!(stage.app.focus, Focus::Transcript);
    stage.keys("Hi");
    assert_eq!((stage.app.focus, stage.app.composer.text()), (Focus::Composer, "Hi"));
}

#[test]
fn commands_are_completed_and_run() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/mo");
    assert!(stage.text().contains("/model NAME"), "{}", stage.text());
    stage.keys("<tab>groq/x<enter>hi<enter>");
    assert_eq!(stage.commands(), [Command::SetModel("groq/x".into()), sends(1, "hi", Some("groq/x"))]);
    stage.keys("/nope<enter>");
    assert_eq!(stage.app.composer.text(), "/nope");
    assert!(stage.text().contains("there is no /nope"));
}

#[test]
fn a_new_conversation_forgets_the_old_one() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    stage.keys("/new<enter>");
    assert_eq!(stage.commands(), [Command::NewConversation]);
    assert!(stage.text().contains("try one"));
    stage.event(Event::ConversationUpdated {
        title: Some("late".into()),
        model: None,
        safe_mode: None,
        guest_credentials: None,
        visibility: None,
        url: None,
        usage: None,
    });
    assert!(!stage.text().contains("late"));
}

#[test]
fn what_is_being_read_does_not_move() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    stage.asked("more");
    stage.keys("<pgup>");
    let reading: Vec<String> = stage.text().lines().take(18).map(str::to_owned).collect();
    for _ in 0..30 {
        stage.says("another line of the answer\n\n");
    }
    let after: Vec<String> = stage.text().lines().take(18).map(str::to_owned).collect();
    assert_eq!(after, reading);
    assert!(stage.text().contains("↓ latest"));
    stage.keys("<ctrl+end>").says("the very last");
    assert!(stage.row_of("the very last").is_some(), "{}", stage.text());
    assert!(!stage.text().contains("↓ latest"));
}

#[test]
fn opening_a_tool_call_keeps_its_line_in_view() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("go");
    for n in 0..30 {
        let call = stage.calls("a::b", json!({"number": n, "more": "x"}));
        stage.gives(call, json!({"result": n}));
    }
    stage.keys("<ctrl+o><ctrl+o>");
    assert!(stage.text().contains("\"number\": 29"), "{}", stage.text());
    stage.keys("<tab><up><up><enter>");
    assert!(stage.text().contains("number 27"), "{}", stage.text());
}

#[test]
fn the_wheel_scrolls_and_a_click_opens() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    let before = stage.text();
    stage.mouse(MouseEventKind::ScrollUp, 5, 5);
    assert_ne!(stage.text(), before);
    stage.mouse(MouseEventKind::ScrollDown, 5, 5);
    assert_eq!(stage.text(), before);
    stage.mouse(MouseEventKind::ScrollUp, 5, 5).mouse(MouseEventKind::ScrollUp, 5, 5);
    assert!(stage.row_of("✓ mathjs det ").is_some(), "{}", stage.text());
    let row = u16::try_from(stage.row_of("✓ mathjs det ").unwrap()).unwrap();
    stage.mouse(MouseEventKind::Down(MouseButton::Left), 10, row);
    stage.mouse(MouseEventKind::Up(MouseButton::Left), 10, row);
    assert!(stage.text().contains("mathjs::det · version 1.2.3"), "{}", stage.text());
}

#[test]
fn a_call_that_a_crash_cut_off_says_that_nobody_knows() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("go");
    let call = stage.calls("a::b", json!({}));
    stage.event(Event::ToolUnknown { tool_run_id: call, tool_call_id: String::new(), error: None });
    assert!(stage.text().contains("? a b · outcome unknown"), "{}", stage.text());
}

#[test]
fn a_large_output_is_loaded_when_it_is_asked_for() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("go");
    let call = stage.calls("a::b", json!({}));
    stage.event(Event::ToolCompleted {
        tool_run_id: call,
        tool_call_id: String::new(),
        tool_name: String::new(),
        version: String::new(),
        status: omega_core::api::ToolRunStatus::Succeeded,
        output: None,
        output_summary: "a long list".into(),
        output_bytes: 100_000,
        truncated: false,
        duration_ms: 5,
        is_error: false,
        error: None,
    });
    stage.keys("<ctrl+o><ctrl+o>");
    assert_eq!(stage.commands(), [Command::LoadOutput(call, 0)]);
    stage.news(Update::Output(call, Box::new(page(call, "[\"first row\"]"))));
    assert!(stage.text().contains("\"first row\""), "{}", stage.text());
}

#[test]
fn earlier_messages_come_when_the_reader_asks_and_move_nothing() {
    let mut before = TestHarness::new(80, 24);
    before.open();
    for n in 0..20 {
        before.asked(&format!("question {n}")).says(&format!("answer {n}")).answered();
    }
    let (early, late) = before.app.here.view.messages.split_at(30);
    let mut stage = TestHarness::new(80, 24);
    stage.conversation = before.conversation;
    let mut detail = before.detail();
    (detail.messages, detail.runs, detail.message_count) = (late.to_vec(), before.app.here.view.runs.clone(), 40);
    stage.open();
    stage.frame(Event::Snapshot { conversation: Box::new(detail.clone()) });
    stage.keys("<pgup><pgup>");
    assert!(stage.text().contains("↑ 30 earlier messages"), "{}", stage.text());
    let question = stage.row_of("question 15");
    stage.keys("<pgup><pgup>");
    assert_eq!(stage.commands(), [Command::LoadSection(Stretch::Before(late[0].seq))]);
    detail.messages = early.to_vec();
    stage.news(Update::Section(Stretch::Before(late[0].seq), Box::new(detail)));
    assert_eq!(stage.row_of("question 15"), question, "{}", stage.text());
    stage.keys("<pgup>");
    assert!(stage.text().contains("answer 14"), "{}", stage.text());
    assert_eq!((stage.app.here.older, stage.app.here.view.messages.len()), (0, 40));
}

#[test]
fn a_conversation_that_is_not_there_says_so() {
    let mut stage = TestHarness::new(80, 24);
    stage.app = super::App::new(stage.app.theme, Some(stage.conversation), None);
    stage.draw();
    assert!(stage.text().contains("loading the conversation"));
    stage.news(Update::Link(Link::Refused { cause: "there is no conversation with this id".into() }));
    assert!(
        stage.text().contains("✗ the conversation can't be shown: there is no conversation with this id"),
        "{}",
        stage.text()
    );
}

#[test]
fn more_words_do_not_list_the_pieces_anew() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("go");
    stage.app.stale = false;
    let mut stale = |text: &str| {
        let offset = stage.app.here.view.messages.last().unwrap().content.len() as u64;
        let message_id = stage.app.here.view.messages.last().unwrap().id;
        let event = Event::MessageDelta { message_id, part: 0, offset, content: text.into() };
        let (v, run_id, at) = (1, None, omega_core::api::Timestamp(0));
        let envelope = Envelope { v, seq: None, conversation_id: stage.conversation, run_id, at, event };
        stage.app.update(Input::Network(Update::Event(Box::new(envelope))), at);
        std::mem::take(&mut stage.app.stale)
    };
    assert!(stale("\n"));
    assert!(stale("one"));
    assert!(!stale(" two"));
}

#[test]
fn a_call_is_allowed_once_here_always_or_refused_with_a_reason() {
    let cases = [
        ("y", Decision::Approve, Remember::Once, None),
        ("c<look>y", Decision::Approve, Remember::Conversation, None),
        ("a<look>y", Decision::Approve, Remember::Always, None),
        ("c<look>n<look>a<look>y", Decision::Approve, Remember::Always, None),
        ("n<enter>", Decision::Deny, Remember::Once, None),
        ("nno way<esc><look>n!<backspace><enter>", Decision::Deny, Remember::Once, Some("no way")),
    ];
    for (keys, decision, remember, reason) in cases {
        let mut stage = TestHarness::new(80, 24);
        let approval = stage.awaits_approval(json!({"expr": "1+1"}));
        assert_eq!(stage.app.focus, Focus::Question);
        stage.keys(keys);
        let (reason, digest) = (reason.map(str::to_owned), String::from("digest"));
        let answer = PauseAnswer::Decide {
            approval,
            tool: tool(),
            digest,
            decision,
            remember,
            reason,
            input: None,
            also: Vec::new(),
        };
        assert_eq!(stage.commands(), [Command::Answer(answer)], "{keys}");
        // The answer is on its way: nothing more is decided.
        stage.keys("yn");
        assert_eq!(stage.commands().len(), 1, "{keys}");
    }
}

#[test]
fn a_letter_of_a_message_is_no_yes() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("wa");
    stage.awaits_approval(json!({}));
    stage.keys("y");
    assert_eq!((stage.app.composer.text(), stage.commands().len()), ("way", 0));
    stage.keys("<ctrl+y><look>n<esc><look><esc>x");
    assert_eq!((stage.app.composer.text(), stage.commands().len()), ("wayx", 0));
}

#[test]
fn a_question_goes_with_its_answer_wherever_that_came_from() {
    let mut stage = TestHarness::new(80, 24);
    stage.awaits_approval(json!({}));
    let before = stage.app.here.view.active_run().unwrap().clone();
    stage.keys("y");
    stage.news(Update::AnswerFailed(Some("not answered: the server is away".into())));
    assert!(stage.text().contains("not answered: the server is away"), "{}", stage.text());
    stage.keys("y");
    assert_eq!(stage.commands().len(), 2, "it can be given again");
    let run = Run { status: RunStatus::Queued, requires_action: None, ..before };
    stage.event(Event::RunQueued { run, position: 0 });
    assert!(stage.app.question.is_none());
    assert_eq!(stage.app.focus, Focus::Composer);
}

#[test]
fn values_are_typed_unseen_and_kept_where_the_person_says() {
    for (key, save) in [("o", Save::Once), ("t", Save::Tool), ("a", Save::Global)] {
        let mut stage = TestHarness::new(80, 24);
        stage.awaits_credentials();
        stage.keys("exa-5ecret<enter>").paste("se\ncond\n").keys("<enter>");
        stage.keys("<look><esc><backspace>D<enter><look>");
        stage.keys(key);
        let commands = stage.commands();
        let [Command::Answer(PauseAnswer::Provide { env, save: kept })] = &commands[..] else { panic!("{commands:?}") };
        let values: Vec<_> = env.0.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        assert_eq!(values, [("EXA_API_KEY", "exa-5ecret"), ("OTHER_KEY", "seconD")]);
        assert_eq!(*kept, save);
        assert!(!format!("{commands:?}{:?}", stage.app.question).contains("5ecret"));
        stage.keys("<esc><up>");
        assert!(!stage.text().contains("5ecret") && stage.app.composer.is_empty(), "{}", stage.text());
    }
}

#[test]
fn a_run_goes_on_without_a_value_only_when_that_is_said_twice() {
    let mut stage = TestHarness::new(80, 24);
    stage.awaits_credentials();
    stage.keys("<enter><look>nx<ctrl+u><enter>");
    assert_eq!(stage.commands(), []);
    stage.keys("<look>y");
    assert_eq!(stage.commands(), [Command::Answer(PauseAnswer::Decline)]);
}

#[test]
fn a_plan_is_chosen_or_another_asked_for() {
    let mut stage = TestHarness::new(80, 24);
    let plans = stage.awaits_plan();
    stage.keys("<down><down><down><enter>");
    assert_eq!(stage.commands(), [Command::Answer(PauseAnswer::Plan(plans[1], SelectPlan::default()))]);
    let mut stage = TestHarness::new(80, 24);
    let plans = stage.awaits_plan();
    stage.keys("ashorter<enter>");
    let body = SelectPlan { another: true, note: Some("shorter".into()) };
    assert_eq!(stage.commands(), [Command::Answer(PauseAnswer::Plan(plans[0], body))]);
}

#[test]
fn a_guest_is_offered_nothing_that_is_the_owners() {
    let mut stage = TestHarness::new(80, 24);
    stage.as_guest(true);
    stage.awaits_approval(json!({"expr": "1+1"}));
    assert!(!stage.text().contains("always") && stage.text().contains("y once"), "{}", stage.text());
    stage.keys("ca");
    assert_eq!(stage.commands(), []);
    stage.keys("y");
    assert_eq!(stage.commands().len(), 1);

    for (is_asker, reason) in [(true, ApprovalReason::GuestCredentials), (false, ApprovalReason::SafeMode)] {
        let mut stage = TestHarness::new(80, 24);
        stage.reason = reason;
        stage.as_guest(is_asker);
        stage.awaits_approval(json!({"expr": "1+1"}));
        assert!(stage.text().contains("the owner is asked"), "{}", stage.text());
        stage.keys("ycane<enter>");
        assert_eq!(stage.commands(), [], "{reason:?}");
    }
    for is_asker in [true, false] {
        let mut stage = TestHarness::new(80, 24);
        stage.as_guest(is_asker);
        stage.awaits_another_tool();
        stage.keys("<enter>");
        assert_eq!(stage.commands().len(), usize::from(is_asker), "{}", stage.text());
    }
    let mut stage = TestHarness::new(80, 24);
    stage.as_guest(true);
    stage.awaits_credentials();
    stage.keys("value<enter>o<ctrl+y><look>o<enter>y");
    assert!(stage.text().contains("the owner is asked"), "{}", stage.text());
    assert_eq!(stage.commands(), []);
}

#[test]
fn the_input_of_a_call_can_be_changed_before_it_is_allowed() {
    let mut stage = TestHarness::new(80, 24);
    let approval = stage.awaits_approval(json!({"expr": "1+1?"}));
    stage.keys("e<ctrl+e><backspace><enter>");
    assert!(stage.text().contains("that is no JSON"), "{}", stage.text());
    stage.keys("}<up><end><left><backspace>!?<enter>");
    let (digest, input) = (String::from("digest"), Some(json!({"expr": "1+1!?"})));
    let (decision, remember) = (Decision::Approve, Remember::Once);
    let answer = PauseAnswer::Decide {
        approval,
        tool: tool(),
        digest,
        decision,
        remember,
        reason: None,
        input,
        also: Vec::new(),
    };
    assert_eq!(stage.commands(), [Command::Answer(answer)]);
}

fn settings(stage: &mut TestHarness) {
    let settings = Settings { safe_mode: true, ..Settings::default() };
    stage.news(Update::Shown(Topic::Settings, Shown::Settings(Box::new(settings), vec![rule()])));
}

#[test]
fn settings_are_rows_that_change_with_enter() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/settings<enter>");
    assert_eq!(stage.commands(), [Command::Look(Topic::Settings)]);
    settings(&mut stage);
    stage.keys("<down><enter>");
    let off = Wish::Set { name: "safe-mode", value: Some("off".into()) };
    assert_eq!(stage.commands().last(), Some(&Command::Do(Some(Topic::Settings), off.clone())));
    // While that is on its way nothing else is changed.
    stage.keys("<enter>");
    assert_eq!(stage.commands().len(), 2);
    stage.news(Update::NotDone("the server is away".into()));
    assert!(stage.text().contains("the server is away"), "{}", stage.text());
    stage.keys("<up><enter><ctrl+u>nonsense<enter>");
    assert!(stage.text().contains("provider/model"), "{}", stage.text());
    stage.keys("<ctrl+u>a/b<enter>");
    let model = Wish::Set { name: "model", value: Some("a/b".into()) };
    assert_eq!(stage.commands().last(), Some(&Command::Do(Some(Topic::Settings), model)));
    settings(&mut stage);
    stage.keys("<down>dn");
    assert_eq!(stage.commands().len(), 3, "no is no");
    stage.keys("dy");
    let default = Wish::Set { name: "safe-mode", value: None };
    assert_eq!(stage.commands().last(), Some(&Command::Do(Some(Topic::Settings), default)));
    settings(&mut stage);
    stage.keys(&"<down>".repeat(20)).keys("<enter>d");
    assert!(stage.text().contains("ask about mathjs::evaluate again?"), "{}", stage.text());
    stage.keys("y");
    let revoke = Wish::RevokeApproval(rule().id);
    assert_eq!(stage.commands().last(), Some(&Command::Do(Some(Topic::Settings), revoke)));
    stage.keys("<esc>x");
    assert_eq!(stage.app.composer.text(), "x");
}

#[test]
fn a_credential_is_typed_unseen_and_deleted_after_a_question() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/keys<enter>");
    stage.news(Update::Shown(Topic::Keys, Shown::Keys(vec![stored("GITHUB_TOKEN", Some("ABCD"))], Vec::new())));
    stage.keys("<down><enter>EXA_API_KEY<enter>exa-5ecret").paste("-more");
    assert!(!stage.text().contains("5ecret"), "{}", stage.text());
    stage.keys("<enter>");
    let commands = stage.commands();
    let Some(Command::Do(Some(Topic::Keys), Wish::PutKey { tool: None, value })) = commands.last() else {
        panic!("{commands:?}")
    };
    assert_eq!(value.0["EXA_API_KEY"].expose_secret(), "exa-5ecret-more");
    assert!(!format!("{commands:?}{:?}", stage.app.layers).contains("5ecret"));
    stage.news(Update::Shown(Topic::Keys, Shown::Keys(vec![stored("GITHUB_TOKEN", Some("ABCD"))], Vec::new())));
    stage.keys("<up>d");
    assert!(stage.text().contains("delete GITHUB_TOKEN of all tools?"), "{}", stage.text());
    stage.keys("y");
    let wish = Wish::DeleteKey { name: "GITHUB_TOKEN".into(), tool: None, scope: CredentialScope::Global };
    assert_eq!(stage.commands().last(), Some(&Command::Do(Some(Topic::Keys), wish)));
}

#[test]
fn a_conversation_is_exported_in_two_formats() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/export<enter>");
    assert_eq!(stage.commands(), [], "there is nothing yet");
    stage.open();
    stage.keys("/export pdf<enter>");
    assert!(stage.text().contains("markdown and json"), "{}", stage.text());
    stage.keys("<ctrl+u>/export json notes.json<enter>");
    let wanted = Command::Export { format: ExportFormat::Json, file: Some("notes.json".into()) };
    assert_eq!(stage.commands(), [wanted]);
    stage.news(Update::Exported("notes.json".into()));
    assert!(stage.text().contains("written to notes.json"), "{}", stage.text());
}

#[test]
fn who_joins_is_said_and_listed() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.event(Event::ParticipantJoined {
        user_id: UserId::new(),
        role: String::from("guest"),
        display_name: String::from("Grace"),
        gravatar_hash: String::new(),
    });
    assert!(stage.text().contains("Grace joined"), "{}", stage.text());
    stage.keys("/participants<enter>");
    for part in ["Ada", "owner", "Grace", "guest"] {
        assert!(stage.text().contains(part), "{part}: {}", stage.text());
    }
}

#[test]
fn another_tool_is_chosen_or_none() {
    let mut stage = TestHarness::new(80, 24);
    let choice = stage.awaits_another_tool();
    stage.keys("<down><down><enter>");
    let tool_run_id = Some(choice.tool_run_id);
    let tool_id = Some(choice.alternatives[1].tool_id.clone());
    let body = SelectAlternative { tool_run_id, tool_id, none: false };
    assert_eq!(stage.commands(), [Command::Answer(PauseAnswer::Alternative(body))]);
    let mut stage = TestHarness::new(80, 24);
    stage.awaits_another_tool();
    stage.keys("<esc>x<ctrl+u><ctrl+y><look>n");
    let body = SelectAlternative { tool_run_id, tool_id: None, none: true };
    assert_eq!(stage.commands(), [Command::Answer(PauseAnswer::Alternative(body))]);
}

#[test]
fn another_tool_is_offered_where_a_value_is_asked_for() {
    let mut stage = TestHarness::new(80, 24);
    stage.offers = vec![another_tool()];
    stage.awaits_credentials();
    stage.keys("<enter><look>");
    assert!(stage.text().contains("t another tool"), "{}", stage.text());
    stage.keys("t<look><esc><look>t<look><enter>");
    let (tool_run_id, tool_id) = (Some(another_tool().tool_run_id), Some("free-search::find".parse().unwrap()));
    let body = SelectAlternative { tool_run_id, tool_id, none: false };
    assert_eq!(stage.commands(), [Command::Answer(PauseAnswer::Alternative(body))]);
    let mut stage = TestHarness::new(80, 24);
    stage.awaits_credentials();
    stage.keys("<enter><look>t<enter>");
    assert!(!stage.text().contains("another tool"), "there is none: {}", stage.text());
    assert_eq!(stage.commands(), []);
}

#[test]
fn the_owner_shares_and_blocks_and_a_guest_sees_the_link_alone() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/share<enter>");
    assert!(stage.text().contains("nothing to share yet"), "{}", stage.text());
    stage.app.known.base_url = String::from("https://omega.test");
    stage.open();
    let guest = UserId::new();
    stage.event(Event::ParticipantJoined {
        user_id: guest,
        role: String::from("guest"),
        display_name: String::from("Grace"),
        gravatar_hash: String::new(),
    });
    stage.keys("<ctrl+u>/share<enter>");
    stage.keys("<down><enter>");
    let private = Wish::Visibility(Visibility::Private);
    assert_eq!(stage.commands(), [Command::Do(None, private)]);
    stage.news(Update::Made);
    stage.event(Event::ConversationUpdated {
        title: None,
        model: None,
        safe_mode: None,
        guest_credentials: None,
        visibility: Some(Visibility::Private),
        url: Some(String::from("/omega/c/2")),
        usage: None,
    });
    assert!(stage.text().contains("https://omega.test/omega/c/2"), "{}", stage.text());
    assert!(stage.text().contains("private: only you"), "{}", stage.text());
    stage.keys("<up>dy");
    assert_eq!(stage.commands().last(), Some(&Command::Do(None, Wish::Rotate)));

    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.event(Event::ParticipantJoined {
        user_id: guest,
        role: String::from("guest"),
        display_name: String::from("Grace"),
        gravatar_hash: String::new(),
    });
    stage.keys("/participants<enter>dy");
    assert_eq!(stage.commands(), [], "the owner can't be blocked");
    stage.keys("<down>dy");
    assert_eq!(stage.commands(), [Command::Do(None, Wish::Block(guest, true))]);
    stage.news(Update::Made);
    stage.event(Event::ParticipantUpdated { user_id: guest, blocked: true });
    assert!(stage.text().contains("guest · blocked"), "{}", stage.text());
    stage.keys("<enter>");
    assert_eq!(stage.commands().last(), Some(&Command::Do(None, Wish::Block(guest, false))));

    let mut stage = TestHarness::new(80, 24);
    stage.as_guest(true).open();
    stage.app.known.base_url = format!("https://{}.test", "long".repeat(20));
    stage.keys("/share<enter>");
    let link = format!("{}{}", stage.app.known.base_url, stage.app.here.view.conversation.as_ref().unwrap().url);
    let shown: String = stage.text().lines().map(|line| line.trim_matches([' ', '│'])).collect();
    assert!(shown.contains(link.trim_end_matches('/')), "a long link is there whole: {shown}");
    stage.keys("y");
    assert!(
        matches!(stage.effects.last(), Some(Effect::Copy { text, .. }) if *text == link),
        "{:?}",
        stage.effects.last()
    );
    stage.keys("<enter>dy<down><enter>");
    assert!(stage.text().contains("link") && !stage.text().contains("who may open it"), "{}", stage.text());
    stage.keys("<esc>/participants<enter>dy");
    assert_eq!(stage.commands(), []);
}

#[test]
fn a_plan_shows_how_far_it_is() {
    let mut stage = TestHarness::new(80, 24);
    let plans = stage.awaits_plan();
    stage.follows(plans[1]);
    stage.step();
    let call = stage.calls("mathjs::det", json!({}));
    stage.keys("/plan<enter>");
    for part in ["1. registrySearchTool", "to do", "2. mathjs::det", "at work"] {
        assert!(stage.text().contains(part), "{part}: {}", stage.text());
    }
    stage.gives(call, json!(1));
    assert!(stage.text().contains("✓ 2. mathjs::det"), "{}", stage.text());
}
