//! Putting text on the clipboard: which way works where, decided from the environment that is passed in.
//!
//! The user's own program comes first where the clipboard is on this machine; in tmux it is tmux that passes it on; over SSH,
//! and where nothing else is there, the terminal is asked by OSC 52. `docs/decisions/terminal.md` says why not by a library.

use crate::numbers::bytes;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// Longer texts are dropped by terminals, and silently.
const OSC_52_LIMIT: usize = 100_000;
const PATIENCE: Duration = Duration::from_secs(2);

/// What decides about the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    pub is_ssh: bool,
    pub is_tmux: bool,
    pub is_wayland: bool,
    pub is_x11: bool,
    pub is_mac: bool,
    pub is_wsl: bool,
}

impl Environment {
    pub fn of_process() -> Self {
        let has = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            is_ssh: has("SSH_CONNECTION") || has("SSH_TTY"),
            is_tmux: has("TMUX"),
            is_wayland: has("WAYLAND_DISPLAY"),
            is_x11: has("DISPLAY"),
            is_mac: cfg!(target_os = "macos"),
            is_wsl: has("WSL_DISTRO_NAME"),
        }
    }
}

/// A way to the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A program that reads it from its input.
    Program(&'static [&'static str]),
    /// The terminal.
    Osc52,
}

/// The ways to try, in order.
pub fn ways(environment: &Environment) -> Vec<Way> {
    let mut ways = Vec::new();
    // Over SSH the clipboard of this machine is nobody's.
    if !environment.is_ssh {
        let programs: [(bool, &'static [&'static str]); 5] = [
            (environment.is_mac, &["pbcopy"]),
            (environment.is_wsl, &["clip.exe"]),
            (environment.is_wayland, &["wl-copy"]),
            (environment.is_x11, &["xclip", "-selection", "clipboard", "-in"]),
            (environment.is_x11, &["xsel", "--clipboard", "--input"]),
        ];
        ways.extend(programs.into_iter().filter(|(is_there, _)| *is_there).map(|(_, program)| Way::Program(program)));
    }
    if environment.is_tmux {
        // -w hands it on to the terminal outside.
        ways.push(Way::Program(&["tmux", "load-buffer", "-w", "-"]));
    }
    ways.push(Way::Osc52);
    ways
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// How much, and how.
    pub words: String,
    /// What the terminal has to be sent for it.
    pub sequence: Option<String>,
}

/// Puts a text on the clipboard by the first way that works.
pub async fn copy(text: String, what: &str, environment: &Environment) -> Result<Copied, String> {
    let lines = text.lines().count();
    let size = bytes(text.len() as u64);
    let size = if lines > 1 { format!("{size}, {lines} lines") } else { size };
    let said = |how: &str| format!("copied {what} ({size}) by {how}");
    for way in ways(environment) {
        match way {
            Way::Program(program) if give(program, &text).await => {
                let how = program.first().copied().unwrap_or_default();
                return Ok(Copied { words: said(how), sequence: None });
            }
            Way::Program(_) => {}
            Way::Osc52 if text.len() <= OSC_52_LIMIT => {
                let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode(&text));
                return Ok(Copied { words: said("your terminal (OSC 52)"), sequence: Some(sequence) });
            }
            Way::Osc52 => {
                let most = bytes(OSC_52_LIMIT as u64);
                return Err(format!(
                    "not copied: {size} is more than a terminal takes ({most}); s in the viewer saves it"
                ));
            }
        }
    }
    Err(String::from("not copied: no way to a clipboard is known here"))
}

/// Whether a program took it.
async fn give(program: &[&str], text: &str) -> bool {
    let Some((name, arguments)) = program.split_first() else { return false };
    let child = Command::new(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut child) = child else { return false };
    let giving = async {
        let mut input = child.stdin.take()?;
        input.write_all(text.as_bytes()).await.ok()?;
        drop(input);
        child.wait().await.ok().filter(std::process::ExitStatus::success)
    };
    timeout(PATIENCE, giving).await.ok().flatten().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_are_those_of_where_the_person_sits() {
        let names = |environment: Environment| {
            let name = |way: Way| match way {
                Way::Program(program) => program[0],
                Way::Osc52 => "osc 52",
            };
            ways(&environment).into_iter().map(name).collect::<Vec<_>>()
        };
        let here = Environment::default();
        let cases: [(Environment, &[&str]); 6] = [
            (here.clone(), &["osc 52"]),
            (Environment { is_x11: true, ..here.clone() }, &["xclip", "xsel", "osc 52"]),
            (Environment { is_wayland: true, is_tmux: true, ..here.clone() }, &["wl-copy", "tmux", "osc 52"]),
            (Environment { is_x11: true, is_ssh: true, ..here.clone() }, &["osc 52"]),
            (Environment { is_ssh: true, is_tmux: true, ..here.clone() }, &["tmux", "osc 52"]),
            (Environment { is_wsl: true, ..here }, &["clip.exe", "osc 52"]),
        ];
        for (environment, expected) in cases {
            assert_eq!(names(environment.clone()), expected, "{environment:?}");
        }
    }

    #[tokio::test]
    async fn how_much_and_how_is_said_and_what_is_too_much_too() {
        let here = Environment { is_ssh: true, ..Environment::default() };
        let copied = copy("one\ntwo".into(), "the answer", &here).await.unwrap();
        assert_eq!(copied.words, "copied the answer (7 bytes, 2 lines) by your terminal (OSC 52)");
        assert_eq!(copied.sequence.as_deref(), Some("\u{1b}]52;c;b25lCnR3bw==\u{7}"));
        let error = copy("x".repeat(200_000), "it", &here).await.unwrap_err();
        assert!(error.contains("200.0 kB is more than a terminal takes"), "{error}");
    }
}
