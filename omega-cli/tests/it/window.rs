//! A terminal window with the real binary in it: what a person sees there, and the keys that they press.

use crate::home::{Home, signal};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    num::NonZeroU16,
    process::Command,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};
use vt100::Parser;

/// Longer than anything here takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at what is no news of the screen.
const LOOK: Duration = Duration::from_millis(50);
/// Longer than questions are deaf to keys.
const MOMENT: Duration = Duration::from_millis(1_500);

#[derive(Default)]
struct Output {
    screen: Option<Parser>,
    raw: Vec<u8>,
    is_over: bool,
}

/// A window that is open; it is closed when it goes.
pub struct Window {
    child: Box<dyn Child + Send + Sync>,
    /// Its other end hangs up without it.
    _master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    output: Arc<(Mutex<Output>, Condvar)>,
}

fn parser(columns: u16, rows: u16) -> Parser {
    let size = |cells| NonZeroU16::new(cells).unwrap();
    Parser::new(size(rows), size(columns), 0)
}

impl Window {
    /// Opens one with a command in it.
    pub fn open(home: &Home, arguments: &[&str]) -> Self {
        Self::of_size(home, arguments, 100, 40)
    }

    pub fn of_size(home: &Home, arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::of(home, &home.command(arguments), columns, rows)
    }

    pub fn of(home: &Home, plain: &Command, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(plain.get_program());
        command.args(plain.get_args());
        command.env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("TERM", "xterm-256color");
        command.cwd(home.path());
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let (mut reader, writer) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
        let output = Output { screen: Some(parser(columns, rows)), ..Output::default() };
        let output = Arc::new((Mutex::new(output), Condvar::new()));
        let kept = Arc::clone(&output);
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            // The end of a terminal is an error on Linux.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let mut output = kept.0.lock().unwrap();
                output.raw.extend_from_slice(&buffer[..count]);
                output.screen.as_mut().unwrap().process(&buffer[..count]);
                kept.1.notify_all();
            }
            kept.0.lock().unwrap().is_over = true;
            kept.1.notify_all();
        });
        Self { child, _master: pty.master, writer, output }
    }

    /// What is on the screen now.
    pub fn screen(&self) -> String {
        self.output.0.lock().unwrap().screen.as_ref().unwrap().screen().contents()
    }

    /// Every byte that was written to it.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.output.0.lock().unwrap().raw).into_owned()
    }

    /// Waits until the screen is as wanted, and gives it.
    #[track_caller]
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let (lock, news) = &*self.output;
        let mut output: MutexGuard<'_, Output> = lock.lock().unwrap();
        let begun = Instant::now();
        loop {
            let screen = output.screen.as_ref().unwrap().screen().contents();
            if wanted(&screen) {
                return screen;
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            if left.is_zero() || output.is_over {
                drop(output);
                panic!("{what}; the screen:\n{screen}");
            }
            // What is wanted may depend on more than the screen.
            output = news.wait_timeout(output, left.min(LOOK)).unwrap().0;
        }
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub fn sees(&self, text: &str) -> String {
        self.until(&format!("{text:?} is not seen"), |screen| screen.contains(text))
    }

    /// Waits until it is there no more.
    #[track_caller]
    pub fn misses(&self, text: &str) -> String {
        self.until(&format!("{text:?} is still seen"), |screen| !screen.contains(text))
    }

    pub fn types(&mut self, keys: &str) -> &mut Self {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Presses a key until a text is on the screen: a question hears none before nobody typed for a moment.
    #[track_caller]
    pub fn presses(&mut self, key: &str, text: &str) {
        let begun = Instant::now();
        while !self.screen().contains(text) {
            assert!(begun.elapsed() < PATIENCE, "{text:?} is not seen; the screen:\n{}", self.screen());
            self.types(key);
            std::thread::park_timeout(MOMENT);
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until its command has ended, for the exit code.
    pub fn ends(mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }

    /// Ends it without a word.
    pub fn kill(mut self) {
        signal("KILL", self.pid().into());
        self.child.wait().unwrap();
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends the home's server without a word.
pub fn kill_server(home: &Home) {
    let pid = home.server().unwrap()["pid"].as_u64().unwrap();
    signal("KILL", pid);
    while std::path::Path::new(&format!("/proc/{pid}")).exists() && !is_zombie(pid) {
        thread::sleep(Duration::from_millis(5));
    }
}

pub fn is_zombie(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z"))
}
