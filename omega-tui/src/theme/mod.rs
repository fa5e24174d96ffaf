//! What every part of the screen looks like, by role, so that no widget names a colour.
//!
//! Copper accent, square corners, dotted rules. Three depths: 24-bit (or the nearest of 256), the terminal's own 16, and
//! none at all (`NO_COLOR`), where weight and underline carry the meaning. Every pair of text and ground has a contrast
//! of at least 4.5:1, which a test computes.
//!
//! The ground is the terminal's own where it said what that is: nothing is painted over it, and the colours are moved away
//! from it until they can be read. Where it did not say, a ground is painted, so that a wrong guess can be read too.

mod palette;
#[cfg(test)]
mod tests;

use crate::highlight::Kind;
use omega_core::id::UserId;
use palette::{DARK, LIGHT, Palette, indexed, luminance};
#[cfg(test)]
pub use palette::{READABLE, contrast};
use ratatui::style::{Color, Modifier, Style};

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeChoice {
    #[default]
    Auto,
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

impl std::str::FromStr for ThemeChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "dark" => Ok(Self::Dark),
            "light" => Ok(Self::Light),
            other => Err(format!("there is no theme `{other}`; there are auto, dark and light")),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

impl Mode {
    /// What a ground calls for.
    pub fn of(ground: u32) -> Self {
        if luminance(ground) > 0.18 { Self::Light } else { Self::Dark }
    }
}

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// 24 bits.
    True,
    /// The 256 of xterm.
    Indexed,
    /// The terminal's own palette.
    Sixteen,
    /// None, or none wanted.
    None,
}

/// The variables that decide about colours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NO_COLOR`, when it is set and not empty.
    pub no_color: bool,
    pub colorterm: String,
    pub term: String,
    /// `COLORFGBG`, as `foreground;background`.
    pub colorfgbg: String,
}

impl Environment {
    pub fn of_process() -> Self {
        let var = |name| std::env::var(name).unwrap_or_default();
        Self {
            no_color: !var("NO_COLOR").is_empty(),
            colorterm: var("COLORTERM"),
            term: var("TERM"),
            colorfgbg: var("COLORFGBG"),
        }
    }

    /// How many colours to use.
    pub fn depth(&self) -> Depth {
        if self.no_color || self.term == "dumb" {
            Depth::None
        } else if matches!(self.colorterm.as_str(), "truecolor" | "24bit") || self.term.ends_with("-direct") {
            Depth::True
        } else if self.term.contains("256color") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        }
    }

    /// What `COLORFGBG` says about the ground: 7 and 9 to 15 are light in the palettes of the terminals that set it.
    pub fn mode(&self) -> Option<Mode> {
        let ground = self.colorfgbg.rsplit(';').next()?.parse::<u8>().ok()?;
        Some(if ground == 7 || (9..=15).contains(&ground) { Mode::Light } else { Mode::Dark })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Theme {
    pub text: Style,
    pub secondary: Style,
    /// Text that may be overlooked.
    pub dim: Style,
    /// Omega itself, the prompt, what is focused.
    pub accent: Style,
    pub border: Style,
    /// Rules that must be seen.
    pub strong_border: Style,
    pub ok: Style,
    pub warn: Style,
    pub error: Style,
    pub running: Style,
    /// Laid over a selected row.
    pub selected: Style,
    /// What lies behind an overlay.
    pub behind: Style,
    /// Ground of code, laid over nothing.
    pub code: Style,
    /// A name within a sentence.
    pub inline_code: Style,
    /// Whether a name within a sentence keeps its quotes, because nothing else sets it off.
    pub quotes_code: bool,
    pub link: Style,
    /// Headings of the first, second and any further level.
    pub headings: [Style; 3],
    /// A place that was searched for.
    pub found: Style,
    pub keyword: Style,
    pub string: Style,
    pub number: Style,
    pub name: Style,
    pub added: Style,
    pub removed: Style,
}

impl Theme {
    /// The theme for a mode and a number of colours, on a ground that is painted.
    pub fn new(mode: Mode, depth: Depth) -> Self {
        Self::on(mode, None, depth)
    }

    /// The theme for a mode and a number of colours; on the terminal's own ground where that is known.
    pub fn on(mode: Mode, ground: Option<u32>, depth: Depth) -> Self {
        let fixed = match mode {
            Mode::Dark => DARK,
            Mode::Light => LIGHT,
        };
        let palette = ground.map_or(fixed, |ground| fixed.moved_to(ground));
        match depth {
            Depth::True => Self::painted(&palette, ground.is_none(), |rgb| {
                let [_, r, g, b] = rgb.to_be_bytes();
                Color::Rgb(r, g, b)
            }),
            Depth::Indexed => Self::painted(&palette, ground.is_none(), |rgb| Color::Indexed(indexed(rgb))),
            Depth::Sixteen => Self::sixteen(mode),
            Depth::None => Self::colourless(),
        }
    }

    /// The colour of a person's name: the same one as long as they take part.
    pub fn of_person(&self, id: UserId) -> Style {
        let colours = [self.accent, self.running, self.keyword, self.ok, self.warn];
        let at = id.to_string().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        colours[at % colours.len()]
    }

    /// The style of a piece of code, on the ground of code.
    pub fn of_code(&self, kind: Kind) -> Style {
        let style = match kind {
            Kind::Plain => return self.code,
            Kind::Comment => self.dim,
            Kind::Text => self.string,
            Kind::Number => self.number,
            Kind::Keyword => self.keyword,
            Kind::Name | Kind::Place => self.name,
            Kind::Added => self.added,
            Kind::Removed => self.removed,
        };
        Style { bg: self.code.bg, ..style }
    }

    fn painted(p: &Palette, paints: bool, color: impl Fn(u32) -> Color) -> Self {
        let on_ground = |rgb| {
            let style = Style::new().fg(color(rgb));
            if paints { style.bg(color(p.ground)) } else { style }
        };
        let bold = |style: Style| style.add_modifier(Modifier::BOLD);
        Self {
            text: on_ground(p.text),
            secondary: on_ground(p.secondary),
            dim: on_ground(p.dim),
            accent: on_ground(p.accent),
            border: on_ground(p.border),
            strong_border: on_ground(p.strong),
            ok: on_ground(p.ok),
            warn: on_ground(p.warn),
            error: on_ground(p.error),
            running: on_ground(p.running),
            selected: Style::new().bg(color(p.selected)),
            behind: Style::new().fg(color(p.dim)),
            code: Style::new().fg(color(p.text)).bg(color(p.panel)),
            inline_code: Style::new().fg(color(p.warn)).bg(color(p.selected)),
            quotes_code: false,
            link: on_ground(p.running).add_modifier(Modifier::UNDERLINED),
            headings: [
                bold(on_ground(p.accent)).add_modifier(Modifier::UNDERLINED),
                bold(on_ground(p.accent)),
                bold(on_ground(p.text)),
            ],
            found: Style::new().fg(color(p.ground)).bg(color(p.warn)),
            keyword: on_ground(p.keyword),
            string: on_ground(p.ok),
            number: on_ground(p.warn),
            name: on_ground(p.name),
            added: on_ground(p.ok),
            removed: on_ground(p.error),
        }
    }

    /// The terminal's own foreground and ground, and those of its colours that can be read on such a ground in the palettes
    /// that terminals come with.
    fn sixteen(mode: Mode) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let [accent, ok, warn, error, running] = match mode {
            Mode::Dark => {
                [Color::Yellow, Color::Green, Color::Yellow, Color::LightRed, Color::Cyan].map(|it| plain.fg(it))
            }
            Mode::Light => [plain.fg(Color::Blue), bold, bold, plain.fg(Color::Red), plain.fg(Color::Blue)],
        };
        Self {
            text: plain,
            secondary: plain,
            dim: plain.add_modifier(Modifier::DIM),
            accent,
            border: plain.add_modifier(Modifier::DIM),
            strong_border: plain,
            ok,
            warn,
            error,
            running,
            selected: plain.add_modifier(Modifier::REVERSED),
            behind: plain.add_modifier(Modifier::DIM),
            code: plain,
            inline_code: accent,
            quotes_code: false,
            link: running.add_modifier(Modifier::UNDERLINED),
            headings: [
                accent.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                accent.add_modifier(Modifier::BOLD),
                bold,
            ],
            found: plain.add_modifier(Modifier::REVERSED),
            keyword: running,
            string: ok,
            number: accent,
            name: plain,
            added: ok,
            removed: error,
        }
    }

    fn colourless() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        Self {
            text: plain,
            secondary: plain,
            dim,
            accent: bold,
            border: dim,
            strong_border: plain,
            ok: plain,
            warn: bold,
            error: bold,
            running: plain,
            selected: plain.add_modifier(Modifier::REVERSED),
            behind: dim,
            code: plain,
            inline_code: plain,
            quotes_code: true,
            link: plain.add_modifier(Modifier::UNDERLINED),
            headings: [plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED), bold, bold],
            found: plain.add_modifier(Modifier::REVERSED),
            keyword: bold,
            string: plain,
            number: plain,
            name: plain,
            added: bold,
            removed: plain,
        }
    }
}
