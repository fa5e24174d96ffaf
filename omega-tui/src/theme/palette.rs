//! The colours of each role, for a dark and a light ground, and how they are moved for any other one; and which of the 256
//! colours of xterm each of them is.

use super::Mode;

#[derive(Clone, Copy)]
pub struct Palette {
    pub ground: u32,
    pub panel: u32,
    pub selected: u32,
    pub text: u32,
    pub secondary: u32,
    pub dim: u32,
    pub accent: u32,
    pub border: u32,
    pub strong: u32,
    pub ok: u32,
    pub warn: u32,
    pub error: u32,
    pub running: u32,
    pub keyword: u32,
    pub name: u32,
}

pub const DARK: Palette = Palette {
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
    keyword: 0xC5_8A_F0,
    name: 0x6C_B6_FF,
};

pub const LIGHT: Palette = Palette {
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
    keyword: 0x87_00_AF,
    name: 0x00_5F_AF,
};

impl Palette {
    /// The same colours for another ground, each as far away from it as it has to be.
    pub fn moved_to(self, ground: u32) -> Self {
        let is_dark = Mode::of(ground) == Mode::Dark;
        let far = if is_dark { 0xFF_FF_FF } else { 0 };
        let (panel, selected) = (mixed(ground, far, 0.05), mixed(ground, far, 0.12));
        // What can be read on a selected row can be read on all grounds.
        let readable = |rgb: u32| {
            let steps = (0..=20).map(|step| mixed(rgb, far, f64::from(step) / 20.0));
            steps.into_iter().find(|rgb| contrast(*rgb, selected) >= READABLE).unwrap_or(far)
        };
        Self {
            ground,
            panel,
            selected,
            text: readable(self.text),
            secondary: readable(self.secondary),
            dim: readable(self.dim),
            accent: readable(self.accent),
            border: mixed(ground, far, 0.15),
            strong: mixed(ground, far, 0.3),
            ok: readable(self.ok),
            warn: readable(self.warn),
            error: readable(self.error),
            running: readable(self.running),
            keyword: readable(self.keyword),
            name: readable(self.name),
        }
    }
}

/// WCAG 2.2, 1.4.3: the contrast that text needs.
pub const READABLE: f64 = 4.5;

/// A colour with so much of another in it.
fn mixed(rgb: u32, other: u32, share: f64) -> u32 {
    let ([_, r, g, b], [_, x, y, z]) = (rgb.to_be_bytes(), other.to_be_bytes());
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of two bytes is a byte")]
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    u32::from_be_bytes([0, mix(r, x), mix(g, y), mix(b, z)])
}

/// WCAG 2.2, relative luminance.
pub fn luminance(rgb: u32) -> f64 {
    let [_, r, g, b] = rgb.to_be_bytes();
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

pub fn contrast(a: u32, b: u32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The steps of a colour in xterm's cube.
pub const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// A colour of the palette among xterm's 256: the nearest, but where that is too light to read, the next darker one.
pub fn indexed(rgb: u32) -> u8 {
    match rgb {
        0xA6_59_2D => 94,
        0x14_7D_3C => 22,
        _ => nearest_indexed(rgb),
    }
}

/// The nearest of xterm's 256 colours: the 6x6x6 cube or the ramp of 24 greys.
pub fn nearest_indexed(rgb: u32) -> u8 {
    let [_, r, g, b] = rgb.to_be_bytes();
    let step = |v: u8| (0..6_u8).min_by_key(|&i| CUBE[usize::from(i)].abs_diff(v)).unwrap_or(0);
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let grey = (0..24_u8).min_by_key(|&i| (8 + 10 * i).abs_diff(g)).unwrap_or(0);
    let distance = |c: [u8; 3]| -> u32 { c.iter().zip([r, g, b]).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    let cube = [CUBE[usize::from(ri)], CUBE[usize::from(gi)], CUBE[usize::from(bi)]];
    if distance(cube) <= distance([8 + 10 * grey; 3]) { 16 + 36 * ri + 6 * gi + bi } else { 232 + grey }
}
