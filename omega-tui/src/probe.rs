//! What the terminal says of itself before the first frame.

use crate::picture;
use std::io::{self, Write};

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
    use std::{fs::OpenOptions, io::Read, os::unix::fs::OpenOptionsExt, time};
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
            _ => wait_for_input(),
        }
    }
    read_answers(&bytes)
}

/// Waits until something was typed or answered, and a moment at most. Standard input is asked: not every system can wait for
/// `/dev/tty`.
#[cfg(unix)]
fn wait_for_input() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
    let stdin = io::stdin();
    let mut watched = [PollFd::new(&stdin, PollFlags::IN)];
    let is_there = poll(&mut watched, Some(&MOMENT)).is_ok() && watched[0].revents() == PollFlags::IN;
    if !is_there {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
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
            match c {
                // Enter, as a terminal sends it: what was typed ahead is looked at before it is sent.
                '\r' | '\n' => probed.typed.push('\n'),
                c if !c.is_control() => probed.typed.push(c),
                _ => {}
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    probed.typed.truncate(probed.typed.trim_end_matches('\n').len());
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
            (b"one\rtwo\x1b]11;rgb:00/00/00\x07\n three\r", Some(0), "one\ntwo\n three"),
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
}
