//! A key with its modifiers: as a terminal sends it, and as people write it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::{fmt, str::FromStr};

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub(super) code: KeyCode,
    pub(super) modifiers: KeyModifiers,
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let mut modifiers =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT | KeyModifiers::SUPER);
        if matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab) {
            // The character says it already.
            modifiers.remove(KeyModifiers::SHIFT);
        }
        Self { code: event.code, modifiers }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in
            [(KeyModifiers::CONTROL, "ctrl+"), (KeyModifiers::ALT, "alt+"), (KeyModifiers::SHIFT, "shift+")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "f{n}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("pgup"),
            KeyCode::PageDown => f.write_str("pgdn"),
            KeyCode::BackTab => f.write_str("shift+tab"),
            other => f.write_str(&format!("{other:?}").to_lowercase()),
        }
    }
}

/// Names of keys, as they are read; the first one of several is as good as the others.
const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("return", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("escape", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("↑", KeyCode::Up),
    ("↓", KeyCode::Down),
    ("←", KeyCode::Left),
    ("→", KeyCode::Right),
];

const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("ctrl+", KeyModifiers::CONTROL), ("alt+", KeyModifiers::ALT), ("shift+", KeyModifiers::SHIFT)];

/// Keys that a terminal sends as another one: an old habit of theirs (ECMA-48, C0).
const THE_SAME: [(char, &str); 3] = [('i', "tab"), ('m', "enter"), ('[', "esc")];

impl FromStr for Key {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        let lower = written.trim().to_lowercase();
        let (mut modifiers, mut name) = (KeyModifiers::NONE, lower.as_str());
        while let Some((rest, modifier)) = MODIFIERS.iter().find_map(|(word, it)| Some((name.strip_prefix(word)?, it)))
        {
            (name, modifiers) = (rest, modifiers | *modifier);
        }
        let named = NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
        let function = name.strip_prefix('f').and_then(|n| n.parse().ok()).filter(|n| (1..=24).contains(n));
        let mut chars = name.chars();
        let letter = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() => Some(KeyCode::Char(c)),
            _ => None,
        };
        let Some(mut code) = named.or(function.map(KeyCode::F)).or(letter) else {
            return Err(format!(
                "there is no key `{}`: write it as f5, enter, ctrl+k, alt+enter, shift+tab",
                crate::clean::one_line(written)
            ));
        };
        let is_control = modifiers.contains(KeyModifiers::CONTROL);
        if let (KeyCode::Char(c), true) = (code, is_control)
            && let Some((_, other)) = THE_SAME.iter().find(|(same, _)| *same == c)
        {
            return Err(format!("for a terminal ctrl+{c} is {other}: write that, or take another key"));
        }
        match code {
            // A terminal sends the sign that it types.
            KeyCode::Char(c) if modifiers == KeyModifiers::NONE && named.is_none() => {
                code = KeyCode::Char(written.trim().chars().next().unwrap_or(c));
            }
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::SHIFT) && !is_control => {
                code = KeyCode::Char(c.to_uppercase().next().unwrap_or(c));
                modifiers.remove(KeyModifiers::SHIFT);
            }
            KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => {
                code = KeyCode::BackTab;
                modifiers.remove(KeyModifiers::SHIFT);
            }
            _ => {}
        }
        Ok(Self { code, modifiers })
    }
}

impl Key {
    /// Whether it types a character.
    pub fn types(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && self.modifiers == KeyModifiers::NONE
    }
}
