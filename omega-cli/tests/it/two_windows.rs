//! Two terminals of one person: what is done in one is seen in the other, and what is written in one is its own.

use crate::{home::Home, window::Window};
use omega_core::testing::{Reply, Script, StandIn};
use serde_json::json;

async fn with(script: Script, test: impl FnOnce(&Home) + Send + 'static) {
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || test(&home)).await.unwrap();
}

/// Two windows with the same conversation, in which this was asked.
fn two(home: &Home, message: &str, answer: &str) -> [Window; 2] {
    let mut one = Window::open(home, &[]);
    one.sees("ask for something");
    one.types(message).types("\r");
    one.sees(answer);
    let other = Window::open(home, &["chat", "--continue"]);
    other.sees(answer);
    [one, other]
}

/// The last line in which something is written.
fn written(screen: &str) -> String {
    screen.lines().rfind(|line| line.starts_with(" ›")).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_window_has_its_own_draft_and_killed_ones_lose_none() {
    with(Script::new().turn(Reply::text("One.")), |home| {
        let [mut one, mut other] = two(home, "hi", "One.");
        one.types("of the first");
        other.types("of the second");
        let kept = || std::fs::read_to_string(home.path().join("data/drafts.json")).unwrap_or_default();
        one.until("the drafts are not kept", |_| {
            kept().contains("of the first\"") && kept().contains("of the second\"")
        });
        // A third one takes nothing from the two.
        let third = Window::open(home, &["chat", "--continue"]);
        third.sees("● live");
        assert!(!third.screen().contains("of the"), "{}", third.screen());
        drop(third);
        other.kill();
        let other = Window::open(home, &["chat", "--continue"]);
        other.sees("of the second");
        one.types(", and more");
        one.sees("of the first, and more");
        one.until("the draft is not kept", |_| kept().contains("of the first, and more"));
        one.kill();
        other.kill();
        let again = [0, 1].map(|_| {
            let window = Window::open(home, &["chat", "--continue"]);
            let screen = window.sees("of the ");
            (window, written(&screen))
        });
        let mut drafts = again.map(|(_, draft)| draft);
        drafts.sort();
        assert!(drafts[0].contains("of the first, and more") && drafts[1].contains("of the second"), "{drafts:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_one_window_ends_the_question_in_the_other() {
    let call = json!({ "toolId": "mathjs::evaluate", "params": { "expression": "1+1" } });
    let script = Script::new().turn(Reply::call("registryExecuteTool", call)).turn(Reply::text("As you wish."));
    with(script, |home| {
        home.omega(&["settings", "set", "safe-mode", "on"]).expect(0);
        let [mut one, mut other] = two(home, "what is 1+1?", "allow this call?");
        other.types("written meanwhile");
        other.sees("written meanwhile");
        one.sees("y once");
        one.types("n");
        one.sees("why not?");
        one.types("not today\r");
        one.sees("As you wish.");
        other.misses("allow this call?");
        let screen = other.sees("As you wish.");
        assert!(written(&screen).contains("written meanwhile"), "{screen}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_in_one_window_is_seen_in_the_other() {
    with(Script::new().turn(Reply::text("One.")), |home| {
        let [mut one, mut other] = two(home, "hi", "One.");
        // An overlay that is open sees it by itself.
        other.types("/pins\r");
        other.sees("+ pin a tool");
        one.types("/pins\r");
        one.sees("+ pin a tool");
        one.types("\r");
        one.types("mathjs::evaluate\r");
        other.sees("mathjs::evaluate");
        one.types("\x1b");
        one.misses("+ pin a tool");
        other.types("\x1b");
        other.misses("+ pin a tool");
        // What is typed into an open line stays, whatever comes.
        other.types("/settings\r");
        other.sees("safe-mode");
        one.types("/settings\r");
        one.sees("safe-mode");
        home.omega(&["settings", "set", "safe-mode", "on"]).expect(0);
        for window in [&one, &other] {
            window.until("the top line does not say it", |screen| {
                screen.lines().next().is_some_and(|line| line.contains("safe mode"))
            });
        }
        one.types("\x1b");
        one.misses("safe-mode");
        home.omega(&["settings", "set", "safe-mode", "off"]).expect(0);
        // Who comes back to a window sees what holds.
        one.types("\x1b[O").types("\x1b[I");
        one.until("the top line says what does not hold any more", |screen| {
            screen.lines().next().is_some_and(|line| !line.contains("safe mode"))
        });
    })
    .await;
}
