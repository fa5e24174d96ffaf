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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_goes_through_tmux_and_takes_nothing_along() {
        let plain = notification("it waits; \u{7}now", false);
        assert_eq!(plain, "\x1b]9;it waits now\x1b\\\x1b]777;notify;omega;it waits now\x1b\\\x07");
        let tmux = notification("x", true);
        assert_eq!(tmux, "\x1bPtmux;\x1b\x1b]9;x\x1b\x1b\\\x1b\x1b]777;notify;omega;x\x1b\x1b\\\x1b\\\x07");
    }
}
