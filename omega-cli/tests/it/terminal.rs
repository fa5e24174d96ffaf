//! `omega` where a person looks: a real pseudo-terminal.

use crate::{home::Home, window::Window};
use omega_core::testing::{Fault, Reply, Script, StandIn};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::json;
use std::{
    io::{Read, Write},
    num::NonZero,
};

/// What a command writes to its terminal, and how it ends. `keys` are typed once `after` was seen.
fn on_terminal(home: &Home, arguments: &[&str], after: &str, keys: &[u8]) -> (String, u32) {
    let script = [(after, keys)];
    talk(home, arguments, if keys.is_empty() { &[] } else { &script })
}

/// The same with several keys: each is typed once its text was seen behind that of the one before.
pub fn talk(home: &Home, arguments: &[&str], keys: &[(&str, &[u8])]) -> (String, u32) {
    talk_as(home, arguments, keys, |_| ())
}

/// The same; `began` learns the process.
pub fn talk_as(home: &Home, arguments: &[&str], keys: &[(&str, &[u8])], began: impl FnOnce(u32)) -> (String, u32) {
    converse(home, "xterm-256color", arguments, keys, began)
}

/// The same on another kind of terminal.
pub fn talk_in(home: &Home, term: &str, arguments: &[&str], keys: &[(&str, &[u8])]) -> (String, u32) {
    converse(home, term, arguments, keys, |_| ())
}

fn converse(
    home: &Home,
    term: &str,
    arguments: &[&str],
    keys: &[(&str, &[u8])],
    began: impl FnOnce(u32),
) -> (String, u32) {
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 100, ..PtySize::default() }).unwrap();
    let plain = home.command(arguments);
    let mut command = CommandBuilder::new(plain.get_program());
    command.args(plain.get_args());
    command.env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("TERM", term);
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    began(child.process_id().unwrap());
    let (mut reader, mut writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let (mut seen, mut buffer, mut read, mut keys) = (Vec::new(), [0; 4096], 0, keys.iter());
    let size = [40, 100].map(|cells| NonZero::new(cells).unwrap());
    let (mut terminal, mut before) = (vt100::Parser::new(size[0], size[1], 0), String::new());
    let mut next = keys.next();
    // The end of a terminal is an error on Linux.
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..count]);
        terminal.process(&buffer[..count]);
        let Some((after, typed)) = next else { continue };
        // Of words, only what changed is written: they may be there in pieces.
        let shown = terminal.screen().contents();
        let is_new = shown.contains(after) && !before.contains(after);
        if is_new || String::from_utf8_lossy(&seen[read..]).contains(after) {
            writer.write_all(typed).unwrap();
            (read, next, before) = (seen.len(), keys.next(), shown);
        }
    }
    (String::from_utf8_lossy(&seen).into_owned(), child.wait().unwrap().exit_code())
}

async fn with(script: Script, test: impl FnOnce(Home) + Send + 'static) {
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || test(home)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_a_whole_last_line_and_no_escape_of_a_stranger() {
    with(Script::new().turn(Reply::text("Yes\u{1b}[2J.")), |home| {
        let (screen, code) = on_terminal(&home, &["ask", "-q", "hi"], "", b"");
        assert_eq!((screen.as_str(), code), ("Yes.\r\n", 0));
        let (screen, code) = on_terminal(&home, &["ask", "--raw", "hi"], "", b"");
        assert_eq!(code, 2);
        assert!(screen.contains("--raw is not for a terminal"), "{screen}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_on_the_keyboard_ends_the_question_and_not_the_server() {
    with(Script::new().turn(Reply::text("one two three four").fault(Fault::Hold { after: 3 }, 9)), |home| {
        let (screen, code) = on_terminal(&home, &["ask", "hi"], "one two", b"\x03");
        assert_eq!(code, 130, "{screen}");
        assert!(screen.contains("interrupted; the run was cancelled"), "{screen}");
        let server = home.server().unwrap();
        assert_eq!(home.omega(&["status", "--json"]).expect(0).json()["running"], true);
        assert_eq!(home.server().unwrap(), server);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_model_said_before_its_calls_stands_before_them() {
    let call = Reply::call("registrySearchTool", json!({ "query": "sum" })).and_text("I look for it.");
    with(Script::new().turn(call).turn(Reply::text("Two.")), |home| {
        let window = Window::open(&home, &["ask", "hi"]);
        let screen = window.until("the summary", |screen| screen.contains("omega show"));
        let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text}: {screen}"));
        assert!(place("I look for it.") < place("search") && place("search") < place("Two."), "{screen}");
        assert_eq!(screen.matches("I look for it.").count(), 1, "{screen}");
    })
    .await;
}

/// What a stranger's text must not do to a terminal. Nothing of these is left.
const GONE: [&str; 32] = [
    "\u{1b}[2J",
    "\u{1b}[H",
    "\u{1b}[3J",
    "\u{1b}[20T",
    "\u{1b}[8;10;10t",
    "\u{1b}[5n",
    "\u{1b}[6n",
    "\u{1b}[>c",
    "\u{1b}[?1049l",
    "\u{1b}[?25l",
    "\u{1b}[?1000h",
    "\u{1b}[31;5m",
    "\u{1b}]0;PWNED\u{7}",
    "\u{1b}]2;PWNED\u{1b}\\",
    "\u{1b}]52;c;UFdORUQ=\u{7}",
    "\u{1b}]8;;http://pwned.test\u{1b}\\",
    "\u{1b}]11;PWNED\u{7}",
    "\u{1b}]9;PWNED\u{7}",
    "\u{1b}]1337;File=inline=1:UFdORUQ=\u{7}",
    "\u{1b}Pq#0PWNED\u{1b}\\",
    "\u{1b}_GPWNED\u{1b}\\",
    "\u{1b}^PWNED\u{1b}\\",
    "\u{1b}XPWNED\u{1b}\\",
    "\u{1b}c",
    "\u{1b}7\u{1b}8",
    "\u{9b}2J",
    "\u{9d}0;PWNED\u{9c}",
    "\u{90}PWNED\u{9c}",
    "\u{7}",
    "\u{8}\u{8}\u{8}",
    "\u{7f}",
    "\u{e}\u{f}",
];

/// What hides or turns text. It is shown by its number.
const SHOWN: [char; 10] = [
    '\u{202a}',
    '\u{202b}',
    '\u{202d}',
    '\u{202e}',
    '\u{2066}',
    '\u{2069}',
    '\u{200e}',
    '\u{200f}',
    '\u{61c}',
    '\u{e0041}',
];

#[tokio::test(flavor = "multi_thread")]
async fn forty_hostile_texts_do_nothing_to_a_terminal() {
    let gone = GONE.iter().map(|text| ((*text).to_owned(), String::new()));
    let shown = SHOWN.iter().map(|text| (text.to_string(), format!("\\u{{{:x}}}", u32::from(*text))));
    let (mut hostile, mut harmless) = (String::new(), String::new());
    for (number, (text, seen)) in gone.chain(shown).enumerate() {
        hostile.push_str(&format!("n{number}{text}x "));
        harmless.push_str(&format!("n{number}{seen}x "));
    }
    hostile.push_str("THE-END");
    harmless.push_str("THE-END");
    let script = Script::new().turn(Reply::text(&hostile)).turn(Reply::text(&hostile));
    with(script, move |home| {
        let (screen, code) = talk(&home, &["ask", "-q", "hi"], &[]);
        assert_eq!((screen, code), (format!("{harmless}\r\n"), 0));
        // Twice: while the run has not quite ended, the first one is asked about.
        let keys: [(&str, &[u8]); 2] = [("ask for something", b"hi\r"), ("THE-END", b"\x04\x04")];
        let (screen, code) = talk(&home, &[], &keys);
        assert_eq!(code, 0, "{screen:?}");
        for sign in
            ["PWNED", "UFdORUQ=", "pwned.test", "\u{1b}[8;10;10t", "\u{1b}[5n", "\u{1b}[20T", "\u{1b}[3J", "\u{1b}c"]
        {
            assert!(!screen.contains(sign), "{sign:?}: {screen:?}");
        }
        let is_hidden = |c: char| SHOWN.contains(&c) || ('\u{80}'..'\u{a0}').contains(&c) || c == '\u{7f}';
        assert!(!screen.contains(is_hidden), "{screen:?}");
        assert!(screen.contains("\\u{202e}"), "{screen:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_markdown_as_it_comes_and_is_told_when_a_block_of_it_turns_out_to_be_void() {
    let slow = std::time::Duration::from_millis(120);
    let cut = |text: &str, after| Script::new().turn(Reply::text(text).delay(slow).fault(Fault::Cut { after }, 1));
    with(cut("one\n\ntwo **three** four five\n\nsix seven eight nine", 8), |home| {
        let (screen, code) = on_terminal(&home, &["ask", "hi"], "", b"");
        let void = screen.find("what was printed of this step is void").unwrap_or_else(|| panic!("{screen:?}"));
        assert!(screen[..void].contains("one\r\n") && screen[void..].contains("one\r\n"), "{screen:?}");
        assert!(screen.contains("two \u{1b}[1mthree\u{1b}[0m four five\r\n"), "{screen:?}");
        assert_eq!(code, 0, "{screen:?}");
    })
    .await;
    // Where no block was whole, it is drawn anew and nothing has to be said.
    with(cut("one two three four", 3), |home| {
        let (screen, code) = on_terminal(&home, &["ask", "hi"], "", b"");
        assert!(!screen.contains("void") && screen.contains("one two three four\r\n"), "{screen:?}");
        assert_eq!(code, 0, "{screen:?}");
    })
    .await;
}
