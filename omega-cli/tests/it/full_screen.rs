//! The terminal UI as a person has it: the real binary on a pseudo-terminal, with the real server behind it.

use crate::{
    home::{Home, signal},
    terminal::{talk, talk_as},
    window::{Window, is_zombie},
};
use omega_core::testing::{Reply, Script, StandIn};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

async fn with(script: Script, test: impl FnOnce(Home) + Send + 'static) {
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || test(home)).await.unwrap();
}

/// The drafts that are kept in a home.
fn drafts(home: &Home) -> Vec<String> {
    let text = fs::read_to_string(home.path().join("data/drafts.json")).unwrap_or_default();
    let drafts: Value = serde_json::from_str(&text).unwrap_or_default();
    drafts.as_array().into_iter().flatten().map(|draft| draft["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_terminal_has_lost_no_word_that_was_written() {
    with(Script::new().turn(Reply::text("One.")), |home| {
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let home = &home;
            scope.spawn(move || {
                let keys: [(&str, &[u8]); 1] = [("ask for something", b"half a thought")];
                talk_as(home, &[], &keys, |pid| tell.send(pid).unwrap())
            });
            let pid = told.recv().unwrap();
            for _ in 0..1200 {
                if drafts(home) == ["half a thought"] {
                    break;
                }
                thread::sleep(Duration::from_millis(25));
            }
            signal("KILL", pid.into());
        });
        assert_eq!(drafts(&home), ["half a thought"]);
        let (screen, code) = talk(&home, &[], &[("this was not sent", b"!\r"), ("One.", b"\x04")]);
        assert_eq!(code, 0, "{screen}");
        let shown = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(shown["messages"][0]["content"], "half a thought!");
        assert_eq!(drafts(&home), [""; 0], "what was sent is no draft");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_behind_is_the_way_back_and_not_the_answer() {
    with(Script::new().turn(Reply::text("Zebras have **stripes**.")), |home| {
        let keys: [(&str, &[u8]); 2] = [("ask for something", b"hi\r"), ("stripes", b"\x04\x04")];
        let (screen, code) = talk(&home, &[], &keys);
        assert_eq!(code, 0, "{screen}");
        let left = screen.rsplit("\u{1b}[?1049l").next().unwrap();
        assert!(left.contains("come back with: omega chat --conversation "), "{left:?}");
        // And where a first start keeps its key.
        let lines = left.lines().filter(|line| !line.contains("The API key of your local server")).count();
        assert!(!left.contains("**") && lines == 2, "a title and the way back: {left:?}");
        // Every mode that was taken is given back.
        for (taken, given) in [("?1049h", "?1049l"), ("?1002h", "?1002l"), ("?1004h", "?1004l"), ("?2004h", "?2004l")] {
            let (taken, given) = (format!("\u{1b}[{taken}"), format!("\u{1b}[{given}"));
            assert!(screen.rfind(&given) > screen.rfind(&taken), "{given:?}");
        }
        assert!(!screen.contains("\u{1b}[?1003h"), "no frame for each move of the mouse");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_copied_by_the_terminal_and_it_says_so() {
    with(Script::new().turn(Reply::text("Zebras have *stripes*.")), |home| {
        let home = home.env("SSH_CONNECTION", "somewhere");
        let keys: [(&str, &[u8]); 4] =
            [("ask for something", b"hi\r"), ("stripes", b"\t"), ("▌", b"\x19"), ("copied", b"\x04\x04")];
        let (screen, code) = talk(&home, &[], &keys);
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("\u{1b}]52;c;WmVicmFzIGhhdmUgKnN0cmlwZXMqLg==\u{7}"), "{screen:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_written_in_the_person_s_own_editor() {
    with(Script::new().turn(Reply::text("One.")), |home| {
        let editor = home.file("editor.sh", "#!/bin/sh\nprintf 'begun, and ended in the editor' > \"$1\"\n");
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o700)).unwrap();
        let home = home.env("VISUAL", editor.to_str().unwrap());
        let keys: [(&str, &[u8]); 3] =
            [("ask for something", b"begun\x07"), ("ended in the editor", b"\r"), ("One.", b"\x04\x04")];
        let (screen, code) = talk(&home, &[], &keys);
        assert_eq!(code, 0, "{screen}");
        let shown = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(shown["messages"][0]["content"], "begun, and ended in the editor");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_what_a_person_s_file_says_and_a_fault_in_it_is_told_before_the_screen_is_taken() {
    with(Script::new(), |home| {
        let file = home.path().join("config/keys.toml");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "[global]\npalete = 'f5'\n").unwrap();
        let (screen, code) = talk(&home, &[], &[]);
        assert_eq!(code, 2, "{screen}");
        assert!(screen.contains("keys.toml can't be used: line 2"), "{screen:?}");
        assert!(screen.contains("`palette` is near") && !screen.contains("?1049h"), "{screen:?}");
        fs::write(&file, "[global]\npalette = 'f5'\n").unwrap();
        let keys: [(&str, &[u8]); 2] = [("ask for something", b"\x1b[15~"), ("what do you want to do?", b"\x03\x04")];
        let (screen, code) = talk(&home, &[], &keys);
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("f5"), "the hint says the key: {screen:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_gone_ends_it_though_no_signal_says_so() {
    with(Script::new(), |home| {
        let plain = home.command(&["chat"]);
        let omega = plain.get_program().to_str().unwrap();
        // A window in the window, whose signals go to another session than the one that omega is in.
        let mut inner = Command::new("script");
        inner.args(["-qfc", &format!("setsid -w {omega} chat"), "/dev/null"]);
        for (name, value) in plain.get_envs() {
            inner.env(name, value.unwrap_or_default());
        }
        let window = Window::of(&home, &inner, 100, 30);
        window.sees("ask for something");
        // Who still draws notices it by that.
        thread::sleep(Duration::from_secs(2));
        let omega: Vec<u64> = descendants(window.pid().into());
        let chat = *omega.iter().find(|pid| says_chat(**pid)).expect("omega runs");
        window.kill();
        let begun = Instant::now();
        while Path::new(&format!("/proc/{chat}")).exists() && !is_zombie(chat) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it goes on without a terminal");
            thread::sleep(Duration::from_millis(20));
        }
    })
    .await;
}

/// The processes that a process has started, and those that they have.
fn descendants(of: u64) -> Vec<u64> {
    let children = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let children: Vec<u64> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    let below: Vec<u64> = children.iter().flat_map(|child| descendants(*child)).collect();
    [children, below].concat()
}

/// Whether that is `omega chat` itself, and not what starts it.
fn says_chat(pid: u64) -> bool {
    let said = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    said.ends_with("omega\0chat\0") && !said.contains("setsid")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_is_there_before_the_server_and_what_is_sent_meanwhile_waits_for_it() {
    with(Script::new().turn(Reply::text("Zebras have stripes.")), |home| {
        // Another command is about to start the server.
        fs::create_dir_all(home.path().join("run")).unwrap();
        let starting = fs::File::create(home.path().join("run/start.lock")).unwrap();
        starting.lock().unwrap();
        let mut window = Window::open(&home, &["chat"]);
        window.sees("ask for something");
        window.sees("connecting");
        window.types("what do zebras have?\r");
        window.sees("sending");
        window.types("and a draft");
        window.until("the draft is kept", |_| drafts(&home).iter().any(|it| it.ends_with("and a draft")));
        assert!(home.server().is_none());
        starting.unlock().unwrap();
        let screen = window.sees("Zebras have stripes.");
        assert!(screen.contains("and a draft"), "{screen}");
        // What the command says beside the screen is not written over it.
        assert!(!window.raw().contains("is kept in"), "{}", window.raw());
        window.types("\x03\x04");
        window.sees("is kept in");
    })
    .await;
}

#[test]
fn a_server_that_does_not_start_ends_the_screen_with_its_reason_and_keeps_what_was_written() {
    let home = Home::new();
    // A folder is no database.
    fs::create_dir_all(home.path().join("data/omega.db")).unwrap();
    let starting = home.path().join("run/start.lock");
    fs::create_dir_all(starting.parent().unwrap()).unwrap();
    let starting = fs::File::create(starting).unwrap();
    starting.lock().unwrap();
    let mut window = Window::open(&home, &["chat"]);
    window.sees("connecting");
    window.types("half a thought");
    window.until("the draft is kept", |_| drafts(&home) == ["half a thought"]);
    starting.unlock().unwrap();
    let screen = window.sees("error: the local server did not start");
    let left = window.raw();
    let left = left.rsplit("\u{1b}[?1049l").next().unwrap();
    assert!(left.contains("did not start") && left.contains("what you wrote and did not send is kept"), "{left:?}");
    assert!(!screen.contains("ask for something"), "{screen}");
    assert_eq!(window.ends(), 6);
    assert_eq!(drafts(&home), ["half a thought"]);
}
