//! The terminal as a place that is entered and left: whatever happens in between, it is given back as it was.

use crate::{
    links::{self, Linking, Links},
    picture::{self, Placed, Showing},
};
use crossterm::{
    event::{
        DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
        KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
    },
    execute,
    style::Print,
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        SetTitle, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};
use std::{
    cell::RefCell,
    io::{self, Stdout, Write},
    rc::Rc,
    sync::Once,
};

/// Buttons, the wheel and drags (1002), by cells beyond column 223 too (1006). Not every move of the mouse (1003): nothing
/// here depends on where it is, and each one would be a frame.
const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// The title that was there before (22, 23), as far as the terminal keeps one.
const KEEP_TITLE: &str = "\x1b[22;0t";
const RESTORE_TITLE: &str = "\x1b[23;0t";

/// The entered terminal; dropping it leaves.
pub struct Screen {
    terminal: Terminal<Linking<CrosstermBackend<Stdout>>>,
    links: Rc<RefCell<Links>>,
    has_mouse: bool,
    /// The picture that is on it.
    shown: Option<Placed>,
}

impl Screen {
    /// Takes the whole screen, the mouse, and pastes in one piece.
    pub fn enter() -> io::Result<Self> {
        restore_on_panic();
        let var = |name| std::env::var(name).unwrap_or_default();
        let links = Rc::<RefCell<Links>>::default();
        let is_on = links::are_understood(&var("TERM"), !var("STY").is_empty());
        let backend = Linking::new(CrosstermBackend::new(io::stdout()), Rc::clone(&links), is_on);
        let entered = take(true).and_then(|()| Terminal::new(backend));
        entered.map(|terminal| Self { terminal, links, has_mouse: true, shown: None }).inspect_err(|_| leave())
    }

    /// Gives the terminal to somebody else: an editor, the shell.
    pub fn leave_for_a_while(&mut self) -> io::Result<()> {
        leave();
        io::stdout().flush()
    }

    /// Takes it again, and draws everything anew.
    pub fn come_back(&mut self) -> io::Result<()> {
        take(self.has_mouse)?;
        self.clear()
    }

    /// Sends the terminal a sequence that draws nothing.
    pub fn send(&mut self, sequence: &str) -> io::Result<()> {
        execute!(io::stdout(), Print(sequence))
    }

    pub fn set_title(&mut self, title: &str) -> io::Result<()> {
        execute!(io::stdout(), SetTitle(title))
    }

    /// Tells a person who does not look: by the two sequences that terminals have for it, through tmux, and by the bell.
    pub fn notify(&mut self, words: &str) -> io::Result<()> {
        let is_tmux = std::env::var_os("TMUX").is_some_and(|it| !it.is_empty());
        self.send(&notification(words, is_tmux))
    }

    /// Draws a frame in one go, so that half of it is never seen; drawing it says which links are on it.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>) -> Links) -> io::Result<()> {
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        let links = Rc::clone(&self.links);
        let drawn = self.terminal.draw(|frame| *links.borrow_mut() = draw(frame)).map(|_| ());
        execute!(io::stdout(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Forgets what is on the screen, so that the next frame draws every cell. Not by the terminal's own clearing, which
    /// would ask where the cursor is and wait for an answer that a reader of keys may take.
    pub fn clear(&mut self) -> io::Result<()> {
        self.terminal.swap_buffers();
        self.shown = None;
        execute!(io::stdout(), Clear(ClearType::All))
    }

    /// Shows this picture and no other; true when everything is to be drawn again first.
    pub fn show(&mut self, placed: Option<&Placed>, showing: Showing) -> io::Result<bool> {
        if self.shown.as_ref() == placed {
            return Ok(false);
        }
        if self.shown.take().is_some() {
            match picture::gone(showing) {
                Some(sequence) => self.send(&sequence)?,
                // It goes with the cells that it is on.
                None => return self.clear().map(|()| true),
            }
        }
        if let Some(placed) = placed {
            self.send(&placed.sequence(showing))?;
            self.shown = Some(placed.clone());
        }
        Ok(false)
    }

    /// Takes the mouse or gives it back.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.has_mouse = on;
        if on { execute!(io::stdout(), Print(TAKE_MOUSE)) } else { execute!(io::stdout(), DisableMouseCapture) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// The size of a cell in pixels, where the terminal says it.
pub fn cell() -> Option<(u32, u32)> {
    let size = crossterm::terminal::window_size().ok()?;
    let per = |pixels: u16, cells: u16| u32::from(pixels).checked_div(u32::from(cells)).filter(|it| *it > 0);
    Some((per(size.width, size.columns)?, per(size.height, size.rows)?))
}

/// OSC 9 (iTerm2, Windows Terminal, kitty), OSC 777 (urxvt, foot, WezTerm), and the bell.
fn notification(words: &str, is_tmux: bool) -> String {
    let words: String = words.chars().filter(|c| !c.is_control() && *c != ';').collect();
    let sequences = format!("\x1b]9;{words}\x1b\\\x1b]777;notify;omega;{words}\x1b\\");
    match is_tmux {
        // tmux hands on what is in this envelope, with each escape twice, where it is allowed to.
        true => format!("\x1bPtmux;{}\x1b\\\x07", sequences.replace('\x1b', "\x1b\x1b")),
        false => format!("{sequences}\x07"),
    }
}

fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        Print(KEEP_TITLE),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        Print(if mouse { TAKE_MOUSE } else { "" }),
        // Terminals that don't know it ignore it; those that do can tell shift+enter from enter.
        PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES)
    )
}

/// Undoes [`Screen::enter`]. A terminal that is gone can't be given back, so failures don't matter.
fn leave() {
    let _ = execute!(
        io::stdout(),
        PopKeyboardEnhancementFlags,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Print(RESTORE_TITLE),
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

/// The signal of a keyboard's ctrl+z, when it comes from outside: signal(7).
#[cfg(unix)]
pub const SUSPEND: i32 = rustix::process::Signal::TSTP.as_raw();
#[cfg(not(unix))]
pub const SUSPEND: i32 = 0;

/// Stops this job until the shell lets it go on. The signal that can't be caught: the other one is caught here.
#[cfg(unix)]
pub fn stop() {
    // Without a group there is nobody to come back from.
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
}

#[cfg(not(unix))]
pub fn stop() {}

/// Waits for a signal that asks the process to end, or to stop for a while.
#[cfg(unix)]
pub struct Stopped {
    signals: [(i32, tokio::signal::unix::Signal); 4],
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
                listen(SignalKind::from_raw(SUSPEND))?,
            ],
        })
    }

    /// The number of the next one.
    pub async fn next(&mut self) -> i32 {
        let [(a, first), (b, second), (c, third), (d, fourth)] = &mut self.signals;
        tokio::select! {
            _ = first.recv() => *a,
            _ = second.recv() => *b,
            _ = third.recv() => *c,
            _ = fourth.recv() => *d,
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

/// Waits until the terminal is gone. Its signal goes to the processes that it controls alone, and a reader of keys does not
/// notice: it reads nothing, again and again.
#[cfg(unix)]
pub async fn gone() {
    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::Errno,
    };
    let (tell, told) = tokio::sync::oneshot::channel();
    // Sleeps until then, or as long as the process lives.
    std::thread::spawn(move || {
        let stdin = io::stdin();
        loop {
            let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) if !watched[0].revents().is_empty() => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
        let _ = tell.send(());
    });
    if told.await.is_err() {
        std::future::pending().await
    }
}

#[cfg(not(unix))]
pub async fn gone() {
    std::future::pending().await
}

/// What the terminal said about its ground.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Probed {
    /// Its colour, if it answered.
    pub ground: Option<u32>,
    /// What the user typed meanwhile.
    pub typed: String,
    /// Whether it reads kitty's protocol for pictures.
    pub reads_kitty: bool,
}

/// Asks the terminal for the colour of its ground (OSC 11), whether it shows pictures (kitty's protocol), and for its attributes (DA1), which nearly every terminal
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
    // Two terminals print a question that they do not know.
    let var = |name| std::env::var(name).unwrap_or_default();
    let prints = var("TERM") == "linux" || var("TERM_PROGRAM") == "Apple_Terminal";
    let asks = format!("\x1b]11;?\x1b\\{}\x1b[c", if prints { "" } else { picture::ASKS });
    if out.write_all(asks.as_bytes()).and_then(|()| out.flush()).is_err() {
        return Probed::default();
    }
    let (mut bytes, asked) = (Vec::new(), time::Instant::now());
    // Half an answer would leave the other half among the keys.
    let is_cut = |bytes: &[u8]| is_cut(bytes) && asked.elapsed() < 5 * PATIENCE;
    while (asked.elapsed() < PATIENCE || is_cut(&bytes)) && !is_answered(&bytes) {
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

/// Whether an answer began and did not end.
fn is_cut(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.rfind("\x1b]").is_some_and(|at| !text[at + 1..].contains(['\x07', '\x1b']))
}

/// Takes the two answers apart from what was typed.
fn read_answers(bytes: &[u8]) -> Probed {
    let text = String::from_utf8_lossy(bytes);
    let mut probed = Probed::default();
    let mut rest = text.as_ref();
    while let Some(c) = rest.chars().next() {
        if let Some(answer) = rest.strip_prefix("\x1b]11;") {
            let end = answer.find(['\x07', '\x1b']).unwrap_or(answer.len());
            probed.ground = colour_of(&answer[..end]);
            rest = answer[end..].trim_start_matches('\x07');
            rest = rest.strip_prefix("\x1b\\").unwrap_or(rest);
        } else if let Some(answer) = rest.strip_prefix(picture::ANSWERS) {
            let (answer, after) = answer.split_once("\x1b\\").unwrap_or((answer, ""));
            (probed.reads_kitty, rest) = (answer == "OK", after);
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
pub fn colour_of(answer: &str) -> Option<u32> {
    let mut colors = answer.strip_prefix("rgb:").or_else(|| answer.strip_prefix("rgba:"))?.split('/').map(|digits| {
        let value = u32::from_str_radix(digits, 16).ok()?;
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1)?;
        let value = value.checked_mul(255)?.checked_div(most)?;
        u8::try_from(value).ok()
    });
    let mut next = || colors.next().flatten();
    Some(u32::from_be_bytes([0, next()?, next()?, next()?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_terminals_are_read() {
        let cases: &[(&[u8], Option<u32>, &str)] = &[
            (b"\x1b]11;rgb:0a0a/0a0a/0a0a\x1b\\\x1b[?62;4c", Some(0x0A_0A_0A), ""),
            (b"\x1b]11;rgb:ffff/ffff/f0f0\x07\x1b[?1;2c", Some(0xFF_FF_F0), ""),
            (b"\x1b]11;rgba:ff/ff/ff/ff\x07", Some(0xFF_FF_FF), ""),
            (b"\x1b[?6c", None, ""),
            (b"\x1b_Gi=31;OK\x1b\\\x1b]11;rgb:00/00/00\x07x\x1b[?62c", Some(0), "x"),
            (b"a\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\\x1b[?62c", None, "a"),
            (b"", None, ""),
            (b"\x1b]11;nonsense", None, ""),
            (b"hi\x1b]11;rgb:00/00/00\x07 there\x1b[?6c!", Some(0), "hi there!"),
            (b"\x1b]11;rgb:fffff/0/0\x07", Some(0xFF_00_00), ""),
        ];
        for (bytes, ground, typed) in cases {
            let reads_kitty = bytes.starts_with(b"\x1b_G");
            let expected = Probed { ground: *ground, typed: (*typed).to_owned(), reads_kitty };
            assert_eq!(read_answers(bytes), expected, "{}", String::from_utf8_lossy(bytes).escape_debug());
        }
    }

    #[test]
    fn half_an_answer_is_waited_for() {
        let cases: [(&[u8], bool); 5] = [
            (b"", false),
            (b"\x1b[A", false),
            (b"hi\x1b]11;rgb:0a", true),
            (b"\x1b]11;rgb:0a/0a/0a\x07", false),
            (b"\x1b]11;rgb:0a/0a/0a\x1b\\", false),
        ];
        for (bytes, cut) in cases {
            assert_eq!(is_cut(bytes), cut, "{}", String::from_utf8_lossy(bytes).escape_debug());
        }
    }

    #[test]
    fn a_notification_goes_through_tmux_and_takes_nothing_along() {
        let plain = notification("it waits; \u{7}now", false);
        assert_eq!(plain, "\x1b]9;it waits now\x1b\\\x1b]777;notify;omega;it waits now\x1b\\\x07");
        let tmux = notification("x", true);
        assert_eq!(tmux, "\x1bPtmux;\x1b\x1b]9;x\x1b\x1b\\\x1b\x1b]777;notify;omega;x\x1b\x1b\\\x1b\\\x07");
    }
}
