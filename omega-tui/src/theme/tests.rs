//! What can be read on which ground, and what the environment decides.

use super::{palette::*, *};

/// What xterm paints for one of its 256 colours.
fn painted_as(index: u8) -> u32 {
    let [r, g, b] = match index {
        232.. => [8 + 10 * (index - 232); 3],
        _ => [36, 6, 1].map(|place| CUBE[usize::from((index - 16) / place % 6)]),
    };
    u32::from_be_bytes([0, r, g, b])
}

fn texts(p: &Palette) -> [u32; 10] {
    [p.text, p.secondary, p.dim, p.accent, p.ok, p.warn, p.error, p.running, p.keyword, p.name]
}

#[test]
fn every_text_can_be_read_on_the_terminals_own_ground() {
    // Solarized, gruvbox, nord, dracula, GNOME, a plain grey, and paper.
    let grounds = [
        0x00_2B_36, 0xFD_F6_E3, 0x28_28_28, 0xFB_F1_C7, 0x2E_34_40, 0x28_2A_36, 0x30_0A_24, 0x80_80_80, 0xC0_C0_C0,
        0xEE_EE_DD, 0x00_00_00, 0xFF_FF_FF,
    ];
    for ground in grounds {
        for palette in [DARK, LIGHT] {
            let p = palette.moved_to(ground);
            for text in texts(&p) {
                for on in [p.ground, p.panel, p.selected] {
                    let c = contrast(text, on);
                    assert!(c >= READABLE || (text == 0 || text == 0xFF_FF_FF), "#{text:06X} on #{on:06X}: {c:.2}");
                }
            }
        }
    }
    assert_eq!(Theme::on(Mode::Dark, Some(0x00_2B_36), Depth::True).text.bg, None, "nothing is painted over it");
}

#[test]
fn the_sixteen_colours_can_be_read_in_the_palettes_that_terminals_come_with() {
    // xterm and the console of Linux, on black and on white.
    let palettes: [fn(Color) -> Option<u32>; 2] = [
        |color| match color {
            Color::Red => Some(0xCD_00_00),
            Color::Green => Some(0x00_CD_00),
            Color::Yellow => Some(0xCD_CD_00),
            Color::Blue => Some(0x00_00_EE),
            Color::Cyan => Some(0x00_CD_CD),
            Color::LightRed => Some(0xFF_00_00),
            _ => None,
        },
        |color| match color {
            Color::Red => Some(0xAA_00_00),
            Color::Green => Some(0x00_AA_00),
            Color::Yellow => Some(0xAA_55_00),
            Color::Blue => Some(0x00_00_AA),
            Color::Cyan => Some(0x00_AA_AA),
            Color::LightRed => Some(0xFF_55_55),
            _ => None,
        },
    ];
    for (mode, ground) in [(Mode::Dark, 0x00_00_00), (Mode::Light, 0xFF_FF_FF)] {
        let theme = Theme::new(mode, Depth::Sixteen);
        let styles = [theme.accent, theme.ok, theme.warn, theme.error, theme.running, theme.keyword, theme.link];
        for color in styles.iter().filter_map(|style| style.fg) {
            for palette in palettes {
                let c = contrast(palette(color).unwrap(), ground);
                // The console's brown is the darkest yellow that there is.
                assert!(c >= if color == Color::Yellow { 4.0 } else { READABLE }, "{color:?} on #{ground:06X}: {c:.2}");
            }
        }
    }
}

#[test]
fn every_text_can_be_read_on_every_ground() {
    let as_asked: fn(u32) -> u32 = |rgb| rgb;
    for (p, shown) in [DARK, LIGHT].iter().flat_map(|p| [(p, as_asked), (p, |rgb| painted_as(indexed(rgb)))]) {
        for text in texts(p) {
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
