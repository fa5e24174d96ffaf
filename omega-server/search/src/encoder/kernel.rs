//! The arithmetic that takes the time: products of matrices.
//!
//! Weights are kept in panels of as many outputs as a [`Tile`] has, and texts go through in blocks of as many rows, so that its sums
//! stay in the registers. Where the processor's instructions are known they are named: left to itself, the compiler makes code that
//! is ten times as slow of the same loops. The sums are the same up to rounding.

#[cfg(target_arch = "x86_64")]
pub(super) mod x86;

/// What the processor can do. The widest is looked for once, when a model is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Instructions {
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Plain
    }

    /// Outputs of a panel.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Plain => Plain::WIDTH,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => x86::Avx2::WIDTH,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => x86::Avx512::WIDTH,
        }
    }
}

/// The sums of some rows for some outputs, all in registers.
pub(super) trait Tile {
    const ROWS: usize;
    const WIDTH: usize;
    /// Whether the processor multiplies and adds at once; without it, asking for that would call a function.
    const FUSED: bool;

    /// Writes the sums, row by row. `block` has the rows' numbers input by input, `weights` the outputs' in the same way.
    fn sums(block: &[f32], weights: &[f32], bias: &[f32], sums: &mut [f32]);
}

/// Whatever the compiler makes of it.
pub(super) struct Plain;

impl Tile for Plain {
    const ROWS: usize = 4;
    const WIDTH: usize = 8;
    // That processor family has the instruction for both at once from its first day.
    const FUSED: bool = cfg!(target_arch = "aarch64");

    #[inline(always)]
    fn sums(block: &[f32], weights: &[f32], bias: &[f32], sums: &mut [f32]) {
        let mut tile = [[0.0; Self::WIDTH]; Self::ROWS];
        tile.iter_mut().for_each(|row| row.copy_from_slice(bias));
        let inputs = block.as_chunks::<{ Self::ROWS }>().0.iter().zip(weights.as_chunks::<{ Self::WIDTH }>().0);
        for (inputs, weights) in inputs {
            for (sums, input) in tile.iter_mut().zip(inputs) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = multiply_add::<Self>(*input, *weight, *sum);
                }
            }
        }
        sums.copy_from_slice(tile.as_flattened());
    }
}

/// A layer of weights: `outputs` sums over `inputs` numbers.
pub(super) struct Weights {
    /// Panel by panel, and in it input by input.
    panels: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl Weights {
    /// Weights as files have them: a row for each output. A row's number is a multiple of every width.
    pub(super) fn new(rows: &[f32], bias: Vec<f32>, inputs: usize, width: usize) -> Self {
        let outputs = bias.len();
        let mut panels = Vec::with_capacity(rows.len());
        for panel in (0..outputs).step_by(width) {
            for input in 0..inputs {
                panels.extend((panel..panel + width).map(|output| rows[output * inputs + input]));
            }
        }
        Self { panels, bias, inputs, outputs }
    }

    /// The sums for each of some rows of inputs.
    #[inline(always)]
    pub(super) fn apply<T: Tile>(&self, rows: &[f32]) -> Vec<f32> {
        let count = rows.len() / self.inputs;
        // Blocks of rows, input by input.
        let mut blocks = vec![0.0; count.div_ceil(T::ROWS) * T::ROWS * self.inputs];
        for (number, row) in rows.chunks_exact(self.inputs).enumerate() {
            let block = &mut blocks[number / T::ROWS * T::ROWS * self.inputs..][..T::ROWS * self.inputs];
            for (place, value) in block[number % T::ROWS..].iter_mut().step_by(T::ROWS).zip(row) {
                *place = *value;
            }
        }
        let mut sums = vec![0.0; count * self.outputs];
        let mut tile = vec![0.0; T::ROWS * T::WIDTH];
        let panels = self.panels.chunks_exact(self.inputs * T::WIDTH).zip(self.bias.chunks_exact(T::WIDTH));
        for (panel, (weights, bias)) in panels.enumerate() {
            for (number, block) in blocks.chunks_exact(self.inputs * T::ROWS).enumerate() {
                T::sums(block, weights, bias, &mut tile);
                for (row, tile) in (number * T::ROWS..count).zip(tile.chunks_exact(T::WIDTH)) {
                    sums[row * self.outputs + panel * T::WIDTH..][..T::WIDTH].copy_from_slice(tile);
                }
            }
        }
        sums
    }
}

#[inline(always)]
pub(super) fn multiply_add<T: Tile>(a: f32, b: f32, c: f32) -> f32 {
    if T::FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// The exponential function, to a few parts in ten million (the polynomial of Cephes' `expf`); it has no branches, so that
/// many are computed at once.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Added to a small number, its lowest bits are that number's whole part.
    const WHOLE: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + WHOLE;
    let whole = shifted - WHOLE;
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let power = f32::from_bits(shifted.to_bits().wrapping_sub(WHOLE.to_bits()).wrapping_add(127) << 23);
    let sum = ((((1.987_569_1e-4 * rest + 1.398_199_9e-3) * rest + 8.333_452e-3) * rest + 4.166_579_6e-2) * rest
        + 1.666_666_5e-1)
        * rest
        + 0.5;
    (sum * rest * rest + rest + 1.0) * power
}

/// The model's activation, `x / 2 (1 + erf(x / sqrt 2))`, with Abramowitz and Stegun's 7.1.26 for `erf`.
#[inline(always)]
pub(super) fn gelu(x: f32) -> f32 {
    let y = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (0.327_591_1 * y + 1.0);
    let sum = ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6) * t;
    let erf = (1.0 - sum * exp(-y * y)).copysign(x);
    0.5 * x * (1.0 + erf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    fn a_product_is_the_sum_of_products_whatever_the_block() {
        let (inputs, outputs) = (24, 32);
        let weight = |n: usize| ((n * 37 % 19) as f32 - 9.0) / 8.0;
        let rows: Vec<f32> = (0..inputs * outputs).map(weight).collect();
        let bias: Vec<f32> = (0..outputs).map(|n| n as f32).collect();
        for count in [1, 3, 4, 7, 13, 25] {
            let values: Vec<f32> = (0..count * inputs).map(|n| weight(n + 5)).collect();
            let expected: Vec<f32> = (0..count * outputs)
                .map(|n| {
                    let (row, output) = (&values[n / outputs * inputs..][..inputs], n % outputs);
                    bias[output] + row.iter().zip(&rows[output * inputs..]).map(|(a, b)| a * b).sum::<f32>()
                })
                .collect();
            let with = |width| Weights::new(&rows, bias.clone(), inputs, width);
            let mut all = vec![(with(Plain::WIDTH).apply::<Plain>(&values), "plain")];
            #[cfg(target_arch = "x86_64")]
            {
                use x86::{Avx2, Avx512};
                if Instructions::best() != Instructions::Plain {
                    all.push((with(Avx2::WIDTH).apply::<Avx2>(&values), "AVX2"));
                }
                if Instructions::best() == Instructions::Avx512 {
                    all.push((with(Avx512::WIDTH).apply::<Avx512>(&values), "AVX-512"));
                }
            }
            for (sums, what) in all {
                assert_eq!(sums.len(), expected.len());
                for (sum, expected) in sums.iter().zip(&expected) {
                    assert!((sum - expected).abs() < 1e-3, "{count} rows, {what}: {sum} {expected}");
                }
            }
        }
    }

    #[test]
    fn the_functions_are_those_of_the_books() {
        for n in -400_i16..=400 {
            let x = f32::from(n) / 20.0;
            assert!((exp(x) - x.exp()).abs() <= 4e-7 * x.exp(), "exp {x}: {} {}", exp(x), x.exp());
        }
        // erf's values: https://dlmf.nist.gov/7.23
        for (x, expected) in [(0.0, 0.0), (1.0, 0.841_344_8), (-1.0, -0.158_655_25), (3.0, 2.995_950_2), (-8.0, 0.0)] {
            assert!((gelu(x) - expected).abs() < 1e-6, "gelu {x}: {}", gelu(x));
        }
        assert!(exp(-1e9) < 1e-30 && exp(1e9).is_finite());
    }
}
