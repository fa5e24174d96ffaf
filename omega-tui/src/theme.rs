//! What every part of the screen looks like, by role, so that no widget names a colour.
//!
//! Copper accent, square corners, dotted rules. Three depths: 24-bit (or the nearest of 256), the terminal's own 16, and
//! none at all (`NO_COLOR`), where weight and underline carry the meaning. Every pair of text and ground has a contrast
//! of at least 4.5:1, which a test computes.

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
    /// Ground of code, laid over nothing.
    pub code: Style,
    pub link: Style,
    pub heading: Style,
}

struct Palette {
    ground: u32,
    panel: u32,
    selected: u32,
    text: u32,
    secondary: u32,
    dim: u32,
    accent: u32,
    border: u32,
    strong: u32,
    ok: u32,
    warn: u32,
    error: u32,
    running: u32,
}

const DARK: Palette = Palette {
    ground: 0x0A_0A_0A,
    panel: 0x12_12_12,
    selected: 0x24_24_24,
    text: 0xED_ED_ED,
    secondary: 0xA6_A6_A6,
    // The style guide's #808080 and #DD3C3C fall below 4.5:1 on a selected row.
    dim: 0x90_90_90,
    accent: 0xD1_7A_47,
    border: 0x2E_2E_2E,
    strong: 0x4D_4D_4D,
    ok: 0x2E_B8_60,
    warn: 0xF4_A8_25,
    error: 0xF0_63_63,
    running: 0x3D_97_F0,
};

const LIGHT: Palette = Palette {
    ground: 0xFF_FF_FF,
    panel: 0xFA_FA_FA,
    selected: 0xF5_F5_F5,
    text: 0x0A_0A_0A,
    secondary: 0x40_40_40,
    dim: 0x6E_6E_6E,
    accent: 0xA6_59_2D,
    border: 0xE0_E0_E0,
    strong: 0xB3_B3_B3,
    ok: 0x14_7D_3C,
    warn: 0x8A_5A_00,
    error: 0xD1_1F_1F,
    running: 0x09_69_DA,
};

impl Theme {
    /// The theme for a ground and a number of colours.
    pub fn new(mode: Mode, depth: Depth) -> Self {
        let palette = match mode {
            Mode::Dark => &DARK,
            Mode::Light => &LIGHT,
        };
        match depth {
            Depth::True => Self::painted(palette, |rgb| {
                let [_, r, g, b] = rgb.to_be_bytes();
                Color::Rgb(r, g, b)
            }),
            Depth::Indexed => Self::painted(palette, |rgb| Color::Indexed(indexed(rgb))),
            Depth::Sixteen => Self::sixteen(),
            Depth::None => Self::colourless(),
        }
    }

    fn painted(p: &Palette, color: impl Fn(u32) -> Color) -> Self {
        let on_ground = |rgb| Style::new().fg(color(rgb)).bg(color(p.ground));
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
            code: Style::new().fg(color(p.text)).bg(color(p.panel)),
            link: on_ground(p.running).add_modifier(Modifier::UNDERLINED),
            heading: on_ground(p.accent).add_modifier(Modifier::BOLD),
        }
    }

    /// The terminal's own foreground and ground, so that it is readable on any of its palettes.
    fn sixteen() -> Self {
        let plain = Style::new();
        Self {
            text: plain,
            secondary: plain,
            dim: plain.add_modifier(Modifier::DIM),
            accent: plain.fg(Color::Yellow),
            border: plain.add_modifier(Modifier::DIM),
            strong_border: plain,
            ok: plain.fg(Color::Green),
            warn: plain.fg(Color::Yellow),
            error: plain.fg(Color::Red),
            running: plain.fg(Color::Blue),
            selected: plain.add_modifier(Modifier::REVERSED),
            code: plain.fg(Color::Cyan),
            link: plain.fg(Color::Blue).add_modifier(Modifier::UNDERLINED),
            heading: plain.fg(Color::Yellow).add_modifier(Modifier::BOLD),
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
            code: plain,
            link: plain.add_modifier(Modifier::UNDERLINED),
            heading: plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }
}

/// The steps of a colour in xterm's cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// A colour of the palette among xterm's 256: the nearest, but where that is too light to read, the next darker one.
fn indexed(rgb: u32) -> u8 {
    match rgb {
        0xA6_59_2D => 94,
        0x14_7D_3C => 22,
        _ => nearest_indexed(rgb),
    }
}

/// The nearest of xterm's 256 colours: the 6x6x6 cube or the ramp of 24 greys.
fn nearest_indexed(rgb: u32) -> u8 {
    let [_, r, g, b] = rgb.to_be_bytes();
    let step = |v: u8| (0..6_u8).min_by_key(|&i| CUBE[usize::from(i)].abs_diff(v)).unwrap_or(0);
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let grey = (0..24_u8).min_by_key(|&i| (8 + 10 * i).abs_diff(g)).unwrap_or(0);
    let distance = |c: [u8; 3]| -> u32 { c.iter().zip([r, g, b]).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    let cube = [CUBE[usize::from(ri)], CUBE[usize::from(gi)], CUBE[usize::from(bi)]];
    if distance(cube) <= distance([8 + 10 * grey; 3]) { 16 + 36 * ri + 6 * gi + bi } else { 232 + grey }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(rgb: u32) -> f64 {
        let [_, r, g, b] = rgb.to_be_bytes();
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// What xterm paints for one of its 256 colours.
    fn painted_as(index: u8) -> u32 {
        let [r, g, b] = match index {
            232.. => [8 + 10 * (index - 232); 3],
            _ => [36, 6, 1].map(|place| CUBE[usize::from((index - 16) / place % 6)]),
        };
        u32::from_be_bytes([0, r, g, b])
    }

    #[test]
    fn every_text_can_be_read_on_every_ground() {
        let as_asked: fn(u32) -> u32 = |rgb| rgb;
        for (p, shown) in [DARK, LIGHT].iter().flat_map(|p| [(p, as_asked), (p, |rgb| painted_as(indexed(rgb)))]) {
            for text in [p.text, p.secondary, p.dim, p.accent, p.ok, p.warn, p.error, p.running] {
                for ground in [p.ground, p.panel, p.selected] {
                    let c = contrast(shown(text), shown(ground));
                    assert!(c >= 4.5, "#{text:06X} on #{ground:06X}: {c:.2}");
                }
            }
        }
    }

    #[test]
    fn the_environment_decides_the_depth() {
        let env = |no_color, colorterm: &str, term: &str| Environment {
            no_color,
            colorterm: colorterm.into(),
            term: term.into(),
            ..Environment::default()
        };
        for (environment, depth) in [
            (env(true, "truecolor", "xterm"), Depth::None),
            (env(false, "", "dumb"), Depth::None),
            (env(false, "truecolor", "xterm"), Depth::True),
            (env(false, "", "tmux-256color"), Depth::Indexed),
            (env(false, "", "linux"), Depth::Sixteen),
        ] {
            assert_eq!(environment.depth(), depth, "{environment:?}");
        }
    }

    #[test]
    fn an_unknown_theme_names_the_known_ones() {
        assert_eq!("light".parse(), Ok(ThemeChoice::Light));
        let error = "blue".parse::<ThemeChoice>().unwrap_err();
        assert_eq!(error, "there is no theme `blue`; there are auto, dark and light");
    }

    #[test]
    fn colorfgbg_names_the_ground_last() {
        let mode = |text: &str| Environment { colorfgbg: text.into(), ..Environment::default() }.mode();
        assert_eq!(mode("15;0"), Some(Mode::Dark));
        assert_eq!(mode("0;default;15"), Some(Mode::Light));
        assert_eq!(mode("0;default"), None);
        assert_eq!(mode(""), None);
    }

    #[test]
    fn greys_and_colours_find_their_neighbour_in_256() {
        assert_eq!(nearest_indexed(0xFF_FF_FF), 231);
        assert_eq!(nearest_indexed(0x0A_0A_0A), 232);
        assert_eq!(nearest_indexed(0xD1_7A_47), 173);
    }
}
