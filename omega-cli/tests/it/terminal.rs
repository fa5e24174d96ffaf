//! `omega` where a person looks: a real pseudo-terminal.

use crate::home::Home;
use omega_core::testing::{Fault, Reply, Script, StandIn};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};

/// What a command writes to its terminal, and how it ends. `keys` are typed once `after` was seen.
fn on_terminal(home: &Home, arguments: &[&str], after: &str, keys: &[u8]) -> (String, u32) {
    let script = [(after, keys)];
    talk(home, arguments, if keys.is_empty() { &[] } else { &script })
}

/// The same with several keys: each is typed once its text was seen behind that of the one before.
pub fn talk(home: &Home, arguments: &[&str], keys: &[(&str, &[u8])]) -> (String, u32) {
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 100, ..PtySize::default() }).unwrap();
    let plain = home.command(arguments);
    let mut command = CommandBuilder::new(plain.get_program());
    command.args(plain.get_args());
    command.env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let (mut reader, mut writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let (mut seen, mut buffer, mut read, mut keys) = (Vec::new(), [0; 4096], 0, keys.iter());
    let mut next = keys.next();
    // The end of a terminal is an error on Linux.
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..count]);
        if let Some((after, typed)) = next
            && String::from_utf8_lossy(&seen[read..]).contains(after)
        {
            writer.write_all(typed).unwrap();
            (read, next) = (seen.len(), keys.next());
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
