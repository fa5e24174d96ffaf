//! `omega chat --inline`, and any terminal that can't place text: the conversation line by line.

use crate::{home::Home, terminal::talk_in};
use omega_core::testing::{Reply, Script, StandIn};

async fn with(script: Script, test: impl FnOnce(Home) + Send + 'static) {
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || test(home)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simple_terminal_has_the_whole_conversation_and_nothing_in_it_moves() {
    with(Script::new().turn(Reply::text("Zebras have stripes.")), |home| {
        let keys: [(&str, &[u8]); 4] = [
            ("You: ", b"tell me of \\\rzebras\r"),
            ("Omega: Zebras have stripes.", b"/nope\r"),
            ("there is no /nope", b"who else?\r"),
            ("Omega: Zebras have stripes.", b"\x04"),
        ];
        let (screen, code) = talk_in(&home, "dumb", &[], &keys);
        assert_eq!(code, 0, "{screen}");
        assert!(!screen.contains('\u{1b}'), "no escape at all: {screen:?}");
        assert!(screen.contains("come back with: omega chat --inline --conversation "), "{screen}");
        let shown = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(shown["messages"][0]["content"], "tell me of \nzebras");
        assert_eq!(shown["messages"].as_array().unwrap().len(), 4, "one conversation");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_the_terminal_cuts_is_not_sent_and_who_leaves_by_ctrl_c_finds_back() {
    with(Script::new().turn(Reply::text("Zebras have stripes.")), |home| {
        let long = format!("{}END\r", "a".repeat(9_000));
        let keys: [(&str, &[u8]); 4] = [
            ("You: ", b"hi\r"),
            ("Omega: Zebras have stripes.", long.as_bytes()),
            ("cuts a line at 4095 bytes", b"/quit now\r"),
            ("/quit is not written like that", b"half a thought\x03"),
        ];
        let (screen, code) = talk_in(&home, "xterm-256color", &["chat", "--inline"], &keys);
        assert_eq!(code, 130, "{screen}");
        assert!(screen.contains("\ncome back with: omega chat --inline --conversation "), "{screen}");
        let shown = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(shown["messages"].as_array().unwrap().len(), 2, "{shown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_were_pasted_are_one_message() {
    with(Script::new().turn(Reply::text("Zebras have stripes.")), |home| {
        let keys: [(&str, &[u8]); 2] = [("You: ", b"one of\r  three\r\rlines\r/safe on\r"), ("Safe Mode", b"/quit\r")];
        let (screen, code) = talk_in(&home, "xterm-256color", &["chat", "--inline"], &keys);
        assert_eq!(code, 0, "{screen}");
        let shown = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(shown["messages"][0]["content"], "one of\n  three\n\nlines");
        assert_eq!(shown["messages"].as_array().unwrap().len(), 2, "{shown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_any_terminal_output_only_grows_and_what_was_said_is_said_again() {
    with(Script::new().turn(Reply::text("Zebras have stripes.")), |home| {
        let keys: [(&str, &[u8]); 2] = [("You: ", b"hi\r"), ("Omega: Zebras have stripes.", b"/quit\r")];
        let (screen, code) = talk_in(&home, "xterm-256color", &["chat", "--inline"], &keys);
        assert_eq!(code, 0, "{screen}");
        for moves in ["\u{1b}[1A", "\u{1b}[J", "\u{1b}[?1049h", "⠋"] {
            assert!(!screen.contains(moves), "{moves:?}: {screen:?}");
        }
        let keys: [(&str, &[u8]); 1] = [("You: hi", b"\x04")];
        let (screen, code) = talk_in(&home, "xterm-256color", &["chat", "--inline", "-c"], &keys);
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("Omega: Zebras have stripes."), "{screen}");
    })
    .await;
}
