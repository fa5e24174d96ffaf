//! The terminal as a place that is entered and left: whatever happens in between, it is given back as it was.

use crate::theme::Mode;
use crossterm::{
    event::{
        DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, KeyboardEnhancementFlags,
        PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
    },
    execute,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};
use std::{
    io::{self, Stdout, Write},
    sync::Once,
};

/// The entered terminal; dropping it leaves.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the whole screen, the mouse, and pastes in one piece.
    pub fn enter() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        let entered = execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableMouseCapture,
            // Terminals that don't know it ignore it; those that do can tell shift+enter from enter.
            PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES)
        );
        let terminal = entered.and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        terminal.map(|terminal| Self { terminal }).inspect_err(|_| leave())
    }

    /// Draws a frame in one go, so that half of it is never seen.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(draw).map(|_| ());
        execute!(io::stdout(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Forgets what is on the screen, so that the next frame draws every cell.
    pub fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Takes the mouse or gives it back.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if on { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Undoes [`Screen::enter`]. A terminal that is gone can't be given back, so failures don't matter.
fn leave() {
    let _ = execute!(
        io::stdout(),
        PopKeyboardEnhancementFlags,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        crossterm::cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

/// The message of a panic must not go to the alternate screen, where it would vanish.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            leave();
            before(info);
        }));
    });
}

/// Waits for a signal that asks the process to end.
#[cfg(unix)]
pub struct Stopped {
    signals: [(i32, tokio::signal::unix::Signal); 3],
}

#[cfg(unix)]
impl Stopped {
    pub fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind: SignalKind| signal(kind).map(|signal| (kind.as_raw_value(), signal));
        Ok(Self {
            signals: [
                listen(SignalKind::terminate())?,
                listen(SignalKind::hangup())?,
                listen(SignalKind::interrupt())?,
            ],
        })
    }

    /// The number of the next one.
    pub async fn next(&mut self) -> i32 {
        let [(a, first), (b, second), (c, third)] = &mut self.signals;
        tokio::select! {
            _ = first.recv() => *a,
            _ = second.recv() => *b,
            _ = third.recv() => *c,
        }
    }
}

/// Waits for ctrl+c from outside.
#[cfg(not(unix))]
pub struct Stopped;

#[cfg(not(unix))]
impl Stopped {
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// The number of SIGINT.
    pub async fn next(&mut self) -> i32 {
        let _ = tokio::signal::ctrl_c().await;
        2
    }
}

/// What the terminal said about its ground.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Probed {
    /// Dark or light, if it answered.
    pub mode: Option<Mode>,
    /// What the user typed meanwhile.
    pub typed: String,
}

/// Asks the terminal for the colour of its ground (OSC 11), and for its attributes (DA1), which nearly every terminal
/// answers: when that answer is here, the other one is not coming. Waits no longer than a moment.
#[cfg(unix)]
pub fn probe() -> Probed {
    use std::{fs::OpenOptions, io::Read, os::unix::fs::OpenOptionsExt, thread::sleep, time};
    const NON_BLOCKING: i32 = if cfg!(target_os = "linux") { 0o4000 } else { 0x4 };
    const PATIENCE: time::Duration = time::Duration::from_millis(200);

    let Ok(mut tty) = OpenOptions::new().read(true).custom_flags(NON_BLOCKING).open("/dev/tty") else {
        return Probed::default();
    };
    let mut out = io::stdout();
    if out.write_all(b"\x1b]11;?\x1b\\\x1b[c").and_then(|()| out.flush()).is_err() {
        return Probed::default();
    }
    let (mut bytes, asked) = (Vec::new(), time::Instant::now());
    while asked.elapsed() < PATIENCE && !is_answered(&bytes) {
        let mut buffer = [0; 256];
        match tty.read(&mut buffer) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
            _ => sleep(time::Duration::from_millis(2)),
        }
    }
    read_answers(&bytes)
}

/// Only Unix terminals are asked.
#[cfg(not(unix))]
pub fn probe() -> Probed {
    Probed::default()
}

fn is_answered(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.find("\x1b[?").is_some_and(|at| text[at..].contains('c'))
}

/// Takes the two answers apart from what was typed.
fn read_answers(bytes: &[u8]) -> Probed {
    let text = String::from_utf8_lossy(bytes);
    let mut probed = Probed::default();
    let mut rest = text.as_ref();
    while let Some(c) = rest.chars().next() {
        if let Some(answer) = rest.strip_prefix("\x1b]11;") {
            let end = answer.find(['\x07', '\x1b']).unwrap_or(answer.len());
            probed.mode = mode_of(&answer[..end]);
            rest = answer[end..].trim_start_matches('\x07');
            rest = rest.strip_prefix("\x1b\\").unwrap_or(rest);
        } else if let Some(answer) = rest.strip_prefix("\x1b[?") {
            rest = answer.find('c').map_or("", |end| &answer[end + 1..]);
        } else {
            if !c.is_control() {
                probed.typed.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    probed
}

/// `rgb:0a0a/0a0a/0a0a`, with one to four digits a colour.
fn mode_of(answer: &str) -> Option<Mode> {
    let mut colors = answer.strip_prefix("rgb:").or_else(|| answer.strip_prefix("rgba:"))?.split('/').map(|digits| {
        let value = u32::from_str_radix(digits, 16).ok()?;
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1)?;
        (most > 0).then(|| f64::from(value) / f64::from(most))
    });
    let mut next = || colors.next().flatten();
    let (r, g, b) = (next()?, next()?, next()?);
    let lightness = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    Some(if lightness > 0.5 { Mode::Light } else { Mode::Dark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_terminals_are_read() {
        let cases: &[(&[u8], Option<Mode>, &str)] = &[
            (b"\x1b]11;rgb:0a0a/0a0a/0a0a\x1b\\\x1b[?62;4c", Some(Mode::Dark), ""),
            (b"\x1b]11;rgb:ffff/ffff/f0f0\x07\x1b[?1;2c", Some(Mode::Light), ""),
            (b"\x1b]11;rgba:ff/ff/ff/ff\x07", Some(Mode::Light), ""),
            (b"\x1b[?6c", None, ""),
            (b"", None, ""),
            (b"\x1b]11;nonsense", None, ""),
            (b"hi\x1b]11;rgb:00/00/00\x07 there\x1b[?6c!", Some(Mode::Dark), "hi there!"),
        ];
        for (bytes, mode, typed) in cases {
            let expected = Probed { mode: *mode, typed: (*typed).to_owned() };
            assert_eq!(read_answers(bytes), expected, "{}", String::from_utf8_lossy(bytes).escape_debug());
        }
    }
}
