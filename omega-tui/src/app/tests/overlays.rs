//! Everything that lies over the conversation: how it is opened, what it does, and that it goes away.

use super::{page, tool};
use crate::{
    app::Effect,
    messages::{Command, Saving, Shown, Topic, Update, UsedBefore, Wish},
    test_harness::{TestHarness, full, models},
    wrap::width,
};
use crossterm::event::{MouseButton, MouseEventKind};
use omega_core::{
    api::{ExecuteAnswer, Settings, Timestamp, ToolRow},
    event::Event,
    executor::ToolErrorCode,
    id::ConversationId,
};
use serde_json::{Value, json};

fn copied(stage: &TestHarness) -> Option<&str> {
    stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Copy { text, .. } => Some(text.as_str()),
        _ => None,
    })
}

/// A conversation with one call that gave this.
fn gave(output: Value) -> TestHarness {
    let mut stage = TestHarness::new(100, 30);
    stage.open();
    stage.asked("go");
    let call = stage.calls("mathjs::evaluate", json!({"expr": "1+1"}));
    stage.gives(call, output);
    stage
}

#[test]
fn every_overlay_goes_away_with_esc_and_leaves_what_was_written() {
    let keys = ["<f1>", "<ctrl+p>", "<ctrl+r>", "<alt+r>", "<alt+c>", "<alt+v>", "<ctrl+s>"];
    let commands = [
        "/model",
        "/tools",
        "/calls",
        "/settings",
        "/keys",
        "/pins",
        "/share",
        "/participants",
        "/plan",
        "/status",
        "/debug",
        "/copy",
        "/forget",
    ];
    for open in keys.into_iter().map(str::to_owned).chain(commands.into_iter().map(|it| format!("{it}<enter>"))) {
        let mut stage = TestHarness::new(80, 24);
        full(&mut stage);
        let is_key = open.starts_with('<');
        stage.keys(if is_key { "draft" } else { "" }).keys(&open);
        assert!(!stage.app.layers.is_empty(), "{open}: {}", stage.text());
        for (width, height) in [(40, 10), (1, 1), (200, 60), (80, 24)] {
            stage.resize(width, height).keys("<down><up><pgdn><pgup>");
        }
        stage.keys("<esc>");
        assert!(stage.app.layers.is_empty(), "{open}");
        assert_eq!(stage.app.composer.text(), if is_key { "draft" } else { "" }, "{open}");
    }
}

#[test]
fn the_palette_finds_commands_settings_and_conversations() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    let used = UsedBefore { id: ConversationId::new(), title: "Zebras and stripes".into(), updated_at: Timestamp(0) };
    stage.keys("<ctrl+p>").news(Update::Recent(vec![used.clone()]));
    stage.keys("zebra<enter>");
    assert_eq!(stage.commands().last(), Some(&Command::Follow(used.id)));
    let mut stage = TestHarness::new(80, 24);
    stage.keys("<ctrl+p>pinned<enter>");
    assert!(stage.text().contains("pinned tools"), "{}", stage.text());
    stage.keys("<esc><ctrl+p>safe mode here<enter>");
    assert_eq!(stage.app.safe_mode(), Some(true));
    stage.keys("hello<enter>");
    assert!(
        matches!(stage.commands().last(), Some(Command::Send { safe_mode: Some(true), .. })),
        "{:?}",
        stage.commands()
    );
}

#[test]
fn another_conversation_is_gone_to_and_the_draft_stays_with_this_one() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    let other = UsedBefore { id: ConversationId::new(), title: "Other".into(), updated_at: Timestamp(0) };
    stage.keys("draft<alt+r>").news(Update::Recent(vec![other.clone()])).keys("<enter>");
    assert_eq!(stage.commands().last(), Some(&Command::Follow(other.id)));
    let kept = Effect::Command(Command::KeepDraft(Some(stage.conversation), "draft".into()));
    assert!(stage.effects.contains(&kept));
    assert_eq!((stage.app.here.id, stage.app.composer.text()), (Some(other.id), ""));
    assert!(stage.text().contains("loading the conversation"), "{}", stage.text());
}

#[test]
fn a_conversation_leaves_the_list_only_after_a_second_key_and_its_address_is_said() {
    let used: Vec<UsedBefore> = ["Zebra", "Quagga"]
        .map(|title| UsedBefore { id: ConversationId::new(), title: title.into(), updated_at: Timestamp(0) })
        .into();
    let second = used[1].id;
    let forgotten = |stage: &TestHarness| stage.commands().contains(&Command::Forget(second));
    for open in ["<alt+r>", "<ctrl+p>quagga"] {
        let mut stage = TestHarness::new(100, 24);
        full(&mut stage);
        stage.keys(open).news(Update::Recent(used.clone()));
        stage.keys(if open == "<alt+r>" { "<down><delete>" } else { "<delete>" });
        assert!(stage.text().contains(&second.to_string()), "{open}: {}", stage.text());
        // Neither what was meant for the list nor a key that chooses there says yes.
        stage.keys("x<enter>").paste("y");
        assert!(!forgotten(&stage), "{open}");
        stage.keys("<esc>");
        assert!(!forgotten(&stage) && !stage.app.layers.is_empty(), "{open}: only the question went away");
        stage.keys("<delete>y");
        assert!(forgotten(&stage), "{open}: {}", stage.text());
        assert_eq!(stage.app.here.id, Some(stage.conversation), "another one is still on the screen");
        // Of what is left nothing is chosen that was not looked at.
        stage.news(Update::Recent(used[..1].to_vec())).keys("<esc>");
        assert!(stage.app.layers.is_empty());
    }
}

#[test]
fn the_conversation_on_the_screen_is_left_before_it_is_forgotten() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/forget<enter>");
    assert!(stage.app.layers.is_empty() && stage.text().contains("there is no conversation yet"));
    full(&mut stage);
    stage.keys("/forget<enter>n");
    assert_eq!(stage.app.here.id, Some(stage.conversation));
    stage.keys("/forget<enter>y");
    let commands = stage.commands();
    assert_eq!(commands[commands.len() - 2..], [Command::NewConversation, Command::Forget(stage.conversation)]);
    assert_eq!(stage.app.here.id, None);
    // While a message is on its way it is neither left nor forgotten.
    let mut stage = TestHarness::new(80, 24);
    stage.open().keys("hello<enter>/forget<enter>y");
    assert!(!stage.commands().contains(&Command::Forget(stage.conversation)));
    assert_eq!(stage.app.here.id, Some(stage.conversation));
}

#[test]
fn a_model_is_chosen_from_those_that_can_be_used_and_the_others_say_why_not() {
    let mut stage = TestHarness::new(100, 24);
    stage.keys("/model<enter>").news(Update::Models(Box::new(models())));
    let text = stage.text();
    let list: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(list.join("\n").matches("openai/gpt-4.1-mini").count(), 1, "each once: {text}");
    for part in ["$1.25 in, $10 out", "there is no ANTHROPIC_API_KEY"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    stage.keys("gpt-5<enter>");
    assert_eq!(stage.commands().last(), Some(&Command::SetModel("openai/gpt-5".into())));
    stage.keys("/model<enter>").news(Update::Models(Box::new(models()))).keys("anthropic<enter>");
    assert!(stage.text().contains("credentials ─"), "there its key can be stored: {}", stage.text());
}

#[test]
fn what_is_said_to_answer_is_what_answers() {
    let mut stage = TestHarness::new(100, 24);
    stage.news(Update::Models(Box::new(models())));
    assert!(stage.text().contains("openai/gpt-4.1-mini answers: the first"), "{}", stage.text());
    stage.keys("/model groq/x<enter>");
    let text = stage.text();
    assert!(text.contains("groq/x answers: it was chosen") && !text.contains("gpt-4.1-mini"), "{text}");
}

#[test]
fn what_was_written_and_what_tools_gave_is_copied_as_it_is() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    stage.keys("<tab><ctrl+y>");
    assert!(copied(&stage).unwrap().starts_with("The determinant is **-54**.\n\n| step | value |"));
    stage.keys("<up><ctrl+y>");
    assert_eq!(copied(&stage), Some("-54"));
    stage.keys("<alt+c>js<enter>");
    assert_eq!(copied(&stage), Some("det([[2, -1, 0], [1, 3, 4], [0, 5, -2]])\n"));
    stage.keys("<alt+c>link mathjs<enter>");
    assert_eq!(copied(&stage), Some("https://mathjs.org/docs"));
}

#[test]
fn what_is_marked_with_the_mouse_is_copied_without_borders_and_breaks() {
    let mut stage = TestHarness::new(60, 24);
    stage.open();
    let long = "a message that is so long that it goes on over the end of its line and further";
    stage.asked(long);
    stage.says("Some **bold** words and `code` that go on over the end of the line too.");
    let (top, end) = (stage.row_of("a message").unwrap(), stage.row_of("further").unwrap());
    let row = |row: usize| u16::try_from(row).unwrap();
    let left = MouseButton::Left;
    stage.mouse(MouseEventKind::Down(left), 0, row(top)).mouse(MouseEventKind::Drag(left), 59, row(end));
    stage.mouse(MouseEventKind::Up(left), 59, row(end));
    assert_eq!(copied(&stage), Some(long));
    let (top, end) = (stage.row_of("Some bold").unwrap(), stage.row_of("line too").unwrap());
    stage.mouse(MouseEventKind::Down(left), 0, row(top)).mouse(MouseEventKind::Drag(left), 59, row(end));
    stage.mouse(MouseEventKind::Up(left), 59, row(end));
    assert_eq!(copied(&stage), Some("Some **bold** words and `code` that go on over the end of the line too."));
}

#[test]
fn two_presses_mark_a_word_and_three_the_line() {
    let mut stage = TestHarness::new(100, 24);
    stage.open();
    stage.asked("go").says("Read /var/log/app.log, then https://example.com/a?b=c. Done: 日本語 ends it");
    let row = u16::try_from(stage.row_of("Read /var").unwrap()).unwrap();
    let line = stage.text().lines().nth(usize::from(row)).unwrap().to_owned();
    let column = |word: &str| u16::try_from(width(&line[..line.find(word).unwrap()])).unwrap();
    let left = MouseButton::Left;
    let press = |stage: &mut TestHarness, at: u16, times: usize| {
        stage.waits(1_000);
        for _ in 0..times {
            stage.mouse(MouseEventKind::Down(left), at, row).mouse(MouseEventKind::Up(left), at, row);
        }
    };
    for (at, word) in [
        ("app.log", "/var/log/app.log"),
        ("example", "https://example.com/a?b=c"),
        ("Done", "Done"),
        ("\u{672c}", "日本語"),
    ] {
        press(&mut stage, column(at), 2);
        assert_eq!(copied(&stage), Some(word), "{at}");
    }
    press(&mut stage, column("Done"), 3);
    assert_eq!(copied(&stage).map(str::trim), Some(line.trim()));
    // One after the other is no double one, and beside a word there is none.
    let copies = |stage: &TestHarness| stage.effects.iter().filter(|it| matches!(it, Effect::Copy { .. })).count();
    let before = copies(&stage);
    press(&mut stage, column("Done"), 1);
    press(&mut stage, column("Done"), 1);
    press(&mut stage, column(" ends"), 2);
    assert_eq!(copies(&stage), before);
}

#[test]
fn an_output_is_read_searched_filtered_and_copied_over_the_whole_screen() {
    let mut stage = gave(json!({"rows": [{"name": "Ada", "born": 1815}, {"name": "Grace", "born": 1906}], "n": 2}));
    stage.keys("<alt+v>");
    assert!(stage.text().contains("\"name\": \"Ada\""), "{}", stage.text());
    stage.keys("/grace<enter>y");
    assert_eq!(copied(&stage), Some("Grace"));
    stage.keys("p");
    assert_eq!(copied(&stage), Some(".rows[1].name"));
    stage.keys("|<ctrl+u>.rows<enter>");
    assert!(stage.text().contains("table of .rows") && stage.text().contains("Ada   │ 1815"), "{}", stage.text());
    stage.keys("|<ctrl+u>.nope<enter>");
    assert!(stage.text().contains("there is no .nope; there are rows, n"), "{}", stage.text());
    stage.keys("<ctrl+u>.rows[].born<enter>Y");
    assert_eq!(copied(&stage), Some("[\n  1815,\n  1906\n]"));
    stage.keys("s<ctrl+u>born.json<enter>");
    let saved = Command::Save(Saving::Text("[\n  1815,\n  1906\n]".into()), "born.json".into());
    assert_eq!(stage.commands().last(), Some(&saved));
}

#[test]
fn a_chart_keeps_its_lines_in_the_row_in_the_summary_and_over_the_screen() {
    let chart = "  12 ┤ ╭╮\n   3 ┤─╯╰\n";
    let mut stage = gave(json!(chart));
    assert!(stage.text().contains("mathjs evaluate 1+1 → 2 lines"), "{}", stage.text());
    stage.keys("<ctrl+o>");
    assert!(stage.text().contains("  12 ┤ ╭╮\n") && stage.text().contains("   3 ┤─╯╰"), "{}", stage.text());
    stage.keys("<alt+v>");
    assert!(stage.text().contains("  12 ┤ ╭╮"), "{}", stage.text());
    stage.keys("Y");
    assert_eq!(copied(&stage), Some(chart));
}

#[test]
fn a_row_says_what_was_asked_what_came_and_why_it_failed() {
    let mut stage = TestHarness::new(100, 24);
    stage.open();
    stage.asked("go");
    let works = stage.calls("slow::count", json!({"to": 8}));
    stage.frame(Event::ToolDelta {
        tool_run_id: works,
        offset: 0,
        chunk: json!({"done": 3, "log": "tick 1\ntick 2\n"}),
    });
    assert!(stage.text().contains("slow count 8 … tick 2"), "{}", stage.text());
    stage.fails(works, ToolErrorCode::ToolError, "the disk is full");
    assert!(stage.text().contains("✗ slow count 8 · TOOL_ERROR the disk is full"), "{}", stage.text());
}

#[test]
fn one_call_is_stopped_and_its_run_goes_on() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("go");
    let call = stage.calls("slow::count", json!({"to": 8}));
    stage.keys("<tab><delete>");
    assert_eq!(stage.commands(), [Command::CancelCall(call)]);
    stage.keys("<esc>/calls<enter>");
    assert!(stage.text().contains("● slow count 8"), "{}", stage.text());
    stage.keys("<tab>");
    assert_eq!(stage.commands(), [Command::CancelCall(call), Command::CancelCall(call)]);
}

#[test]
fn a_tool_is_run_by_hand_with_what_its_form_takes() {
    let tool: omega_core::registry::Tool = serde_json::from_value(json!({
        "toolId": "mathjs::evaluate", "name": "evaluate", "description": "Computes", "version": "1.0.0", "category": "math",
        "inputSchema": {"type": "object", "required": ["expr"], "properties": {
            "digits": {"type": "integer", "description": "How many"}, "expr": {"type": "string"},
        }},
    }))
    .unwrap();
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/tools <enter>compute");
    stage.news(Update::Tools("compute".into(), vec![ToolRow::new(&tool, None)]));
    stage.keys("<tab><enter>");
    assert!(stage.text().contains("✗ expr is needed"), "{}", stage.text());
    stage.keys("1+1<tab>two<enter>");
    assert!(stage.text().contains("✗ digits is an integer"), "{}", stage.text());
    stage.keys("<ctrl+u>3<enter>");
    let run = Command::RunTool { tool: super::tool(), input: json!({"expr": "1+1", "digits": 3}) };
    assert_eq!(stage.commands().last(), Some(&run));
    let answer: ExecuteAnswer = serde_json::from_value(json!({
        "success": true, "toolId": "mathjs::evaluate", "result": {"value": 2}, "executionTimeMs": 12, "meta": {},
    }))
    .unwrap();
    stage.news(Update::Ran(Box::new(answer)));
    assert!(stage.text().contains("\"value\": 2"), "{}", stage.text());
}

#[test]
fn a_call_is_run_again_with_the_input_that_it_had() {
    let mut stage = gave(json!([1, 2]));
    stage.keys("<alt+v>r<end><backspace>2<enter>");
    let run = Command::RunTool { tool: tool(), input: json!({"expr": "1+2"}) };
    assert_eq!(stage.commands().last(), Some(&run));
}

#[test]
fn a_large_output_is_read_page_by_page() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("go");
    let call = stage.calls("a::b", json!({}));
    stage.gives_away(call, 100 << 20);
    stage.keys("<alt+v>");
    assert_eq!(stage.commands(), [Command::LoadOutput(call, 0)]);
    let mut first = page(call, &format!("\"{}", "line\\n".repeat(40_000)));
    (first.total_bytes, first.next_offset) = (100 << 20, Some(240_001));
    stage.news(Update::Output(call, Box::new(first)));
    assert!(stage.text().contains("1 of 40,0"), "{}", stage.text());
    stage.keys("G");
    assert_eq!(stage.commands().last(), Some(&Command::LoadOutput(call, 240_001)));
    stage.keys("Y");
    assert!(stage.text().contains("too large to copy"), "{}", stage.text());
}

#[test]
fn what_is_searched_for_is_found_and_shown() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    for n in 0..30 {
        stage.asked(&format!("question {n}")).says(&format!("answer {n}")).answered();
    }
    stage.keys("<ctrl+s>question 7");
    assert!(stage.row_of("question 7").is_some(), "{}", stage.text());
    stage.keys("<ctrl+u>answer 1<up>");
    assert!(stage.text().contains("answer 1"), "{}", stage.text());
    stage.keys("<ctrl+u>nowhere");
    assert!(stage.text().contains("✗ not there"), "{}", stage.text());
    stage.keys("<esc>x");
    assert_eq!(stage.app.composer.text(), "x");
}

#[test]
fn safe_mode_is_switched_by_a_key_and_stands_in_the_top_line() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.keys("<s-tab>");
    assert_eq!(stage.commands(), [Command::Do(None, Wish::SafeMode(true))]);
    stage.event(Event::ConversationUpdated {
        title: None,
        model: None,
        safe_mode: Some(true),
        guest_credentials: None,
        visibility: None,
        url: None,
        usage: None,
    });
    assert!(stage.text().lines().next().unwrap().contains("safe mode"), "{}", stage.text());
    stage.keys("<s-tab>");
    assert_eq!(stage.commands().last(), Some(&Command::Do(None, Wish::SafeMode(false))));
    // What the settings say counts where the conversation does not say it.
    let mut stage = TestHarness::new(80, 24);
    let settings = Settings { safe_mode: true, ..Settings::default() };
    stage.news(Update::Shown(Topic::Settings, Shown::Settings(Box::new(settings), Vec::new())));
    assert!(stage.text().lines().next().unwrap().contains("safe mode"), "{}", stage.text());
    stage.keys("<s-tab>hi<enter>");
    assert!(matches!(stage.commands().last(), Some(Command::Send { safe_mode: Some(false), .. })));
    let mut stage = TestHarness::new(80, 24);
    stage.as_guest(true).open().keys("<s-tab>");
    assert_eq!(stage.commands(), []);
}
