//! Settings are edited as values: what the rows say in words is never stored.

use crate::{
    app::{Effect, Input},
    messages::{Command, Shown, Topic, Update, Wish},
    test_harness::{TestHarness, grant, rule, stored},
};
use crossterm::event::Event as TerminalEvent;
use omega_core::{
    api::{Settings, StoredGrant},
    sanitize::is_invisible,
    setting::{FIELDS, Field, Kind, named},
};

fn shows(stage: &mut TestHarness, settings: &Settings) {
    stage.news(Update::Shown(Topic::Settings, Shown::Settings(Box::new(settings.clone()), Vec::new())));
}

/// Opens the settings at one of them.
fn at_setting(field: &'static Field, settings: &Settings) -> TestHarness {
    let mut stage = TestHarness::new(80, 30);
    stage.keys("/settings<enter>");
    shows(&mut stage, settings);
    let shown: Vec<&Field> = FIELDS.iter().filter(|field| field.name != "pins").collect();
    let at = shown.iter().position(|it| it.name == field.name).unwrap_or(shown.len());
    stage.keys(&"<down>".repeat(at));
    stage
}

fn wish(stage: &TestHarness) -> Option<Wish> {
    match stage.commands().last() {
        Some(Command::Do(Some(Topic::Settings), wish)) => Some(wish.clone()),
        _ => None,
    }
}

/// Settings with this value in one of them, or without.
fn with_value(field: &Field, value: Option<&str>) -> Settings {
    let mut settings = Settings { prompt: None, ..Settings::default() };
    if field.name == "prompt-mode" {
        named("prompt").unwrap().set(&mut settings, Some("be brief")).unwrap();
    }
    field.set(&mut settings, value).unwrap();
    settings
}

#[test]
fn an_editor_that_is_opened_and_left_changes_no_setting() {
    for field in FIELDS.iter().filter(|field| field.name != "pins") {
        let values: &[Option<&str>] = match field.kind {
            Kind::Switch => &[None, Some("on"), Some("off")],
            Kind::Choice(words) => &[None, Some(words[0]), Some(words[words.len() - 1])],
            Kind::Model => &[None, Some("openai/gpt-5")],
            Kind::Text => &[None, Some("none"), Some("default"), Some(" be brief\n\tbe kind\n")],
            Kind::Models => &[None, Some("anthropic/* openai/gpt-5")],
            Kind::Tools => &[],
        };
        for value in values {
            let settings = with_value(field, *value);
            let mut stage = at_setting(field, &settings);
            stage.keys("<enter>");
            match field.next(&field.show(&settings)) {
                // There is no editor: it goes through its values, and each is a real one.
                Some(next) => {
                    let set = Wish::Set { name: field.name, value: Some(next.into()) };
                    assert_eq!(wish(&stage), Some(set), "{} {value:?}", field.name);
                    field.check(Some(next)).unwrap();
                }
                None => {
                    stage.keys("<enter>");
                    assert_eq!(wish(&stage), None, "{} {value:?}", field.name);
                    assert!(!stage.app.layers.top().unwrap().is_written(), "it is closed: {}", field.name);
                    stage.keys("<enter><esc>");
                    assert_eq!(wish(&stage), None, "{} {value:?}", field.name);
                }
            }
        }
    }
}

#[test]
fn what_is_typed_over_words_for_the_eye_is_the_value_alone() {
    let cases = [
        ("prompt", None, "Always answer in French.", Some("Always answer in French.")),
        ("prompt", Some("be brief"), ", be kind", Some("be brief, be kind")),
        ("prompt", Some("be brief\nbe kind"), "<up><home>always <end>!", Some("always be brief!\nbe kind")),
        ("prompt", None, "one<ctrl+j>two?", Some("one\ntwo?")),
        ("prompt", Some("none"), "<ctrl+u>", None),
        ("model", None, "openai/x", Some("openai/x")),
        ("model", Some("openai/x"), "<left>ab", Some("openai/abx")),
        ("model", Some("openai/x"), "<ctrl+u>  ", None),
    ];
    for (name, before, keys, after) in cases {
        let field = named(name).unwrap();
        let mut stage = at_setting(field, &with_value(field, before));
        stage.keys("<enter>").keys(keys).keys("<enter>");
        let set = Wish::Set { name: field.name, value: after.map(str::to_owned) };
        assert_eq!(wish(&stage), Some(set), "{name} {before:?} {keys}");
    }
}

#[test]
fn a_prompt_that_the_server_refuses_is_not_lost() {
    let field = named("prompt").unwrap();
    let mut stage = at_setting(field, &with_value(field, None));
    stage.keys("<enter>").paste("Answer in rhyme.\nAlways.").keys("<enter>");
    assert_eq!(stage.commands().len(), 2);
    stage.keys("x<enter>");
    assert_eq!(stage.commands().len(), 2, "while it is on its way nothing is typed into it");
    stage.news(Update::NotDone("the server is away".into()));
    assert!(stage.text().contains("Answer in rhyme.") && stage.text().contains("Always."), "{}", stage.text());
    stage.keys("<enter>");
    shows(&mut stage, &with_value(field, Some("Answer in rhyme.\nAlways.")));
    assert!(!stage.app.layers.top().unwrap().is_written(), "{}", stage.text());
    stage.keys("d");
    assert!(stage.text().contains("set prompt back to none?"), "{}", stage.text());
    stage.keys("y");
    assert_eq!(wish(&stage), Some(Wish::Set { name: "prompt", value: None }));
}

/// What was changed elsewhere.
fn seen(stage: &mut TestHarness, settings: &Settings, rules: usize) {
    let approvals = vec![rule(); rules];
    stage.news(Update::Seen(Topic::Settings, Shown::Settings(Box::new(settings.clone()), approvals)));
}

fn looks_again(stage: &TestHarness) -> Vec<Option<Topic>> {
    let looks = stage.effects.iter().filter_map(|effect| match effect {
        Effect::Command(Command::LookAgain(topic)) => Some(*topic),
        _ => None,
    });
    looks.collect()
}

#[test]
fn what_is_changed_elsewhere_is_seen_and_takes_nothing_that_is_typed() {
    let prompt = named("prompt").unwrap();
    let mut stage = at_setting(prompt, &Settings::default());
    stage.keys("<enter>half a prompt");
    seen(&mut stage, &Settings { safe_mode: true, ..Settings::default() }, 2);
    let text = stage.text();
    assert!(text.contains("half a prompt") && text.lines().next().unwrap().contains("safe mode"), "{text}");
    stage.keys("<enter>");
    assert_eq!(wish(&stage), Some(Wish::Set { name: "prompt", value: Some("half a prompt".into()) }));
}

#[test]
fn a_key_is_for_the_row_that_was_looked_at_whatever_comes_before_it_meanwhile() {
    let mut stage = TestHarness::new(80, 24);
    let tools: Vec<omega_core::id::ToolId> = ["a::a", "b::b", "c::c"].map(|it| it.parse().unwrap()).into();
    stage.keys("/pins<enter>").news(Update::Shown(Topic::Pins, Shown::Pins(tools.clone()))).keys("<down>");
    stage.news(Update::Seen(Topic::Pins, Shown::Pins([&["z::z".parse().unwrap()], &tools[..]].concat())));
    stage.keys("dy");
    assert_eq!(stage.commands().last(), Some(&Command::Do(Some(Topic::Pins), Wish::Unpin(tools[1].clone()))));
}

#[test]
fn another_model_of_the_settings_is_the_one_that_answers() {
    let mut stage = TestHarness::new(80, 24);
    seen(&mut stage, &Settings::default(), 0);
    assert_eq!(stage.commands(), []);
    seen(&mut stage, &Settings { model: Some("openai/gpt-5".into()), ..Settings::default() }, 0);
    assert_eq!(stage.commands(), [Command::ListModels]);
}

#[test]
fn it_is_looked_at_again_when_somebody_comes_and_as_long_as_an_overlay_shows_it() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("ab");
    assert_eq!(looks_again(&stage), []);
    stage.input(Input::Terminal(TerminalEvent::FocusGained));
    stage.waits(4_000).keys("<ctrl+u>/pins<enter>");
    assert_eq!(looks_again(&stage), [None, None, Some(Topic::Pins)]);
    stage.keys("<esc>");
    assert_eq!(looks_again(&stage).last(), Some(&None));
}

#[test]
fn nothing_hides_in_the_names_of_credentials_and_publishers() {
    // Of a tool's id nothing of the kind is a part.
    let hidden = "NAME\u{202e}\u{200b}x";
    let given = StoredGrant { name: hidden.into(), publisher: hidden.into(), ..grant() };
    let mut stage = TestHarness::new(100, 24);
    stage.keys("/keys<enter>").news(Update::Shown(Topic::Keys, Shown::Keys(vec![stored(hidden, None)], vec![given])));
    for keys in ["", "d", "<esc>", "<enter>", "<esc>", "<down>", "d"] {
        let text = stage.keys(keys).text();
        assert!(text.contains("NAME\\u{202e}\\u{200b}x"), "{keys}: {text}");
        assert!(!text.chars().any(is_invisible), "{keys}: {text}");
    }
}
