//! Tiles of the x86-64 processors' wide registers.
//!
//! Each is used only where [`Instructions::best`](super::Instructions::best) found its instructions.
#![allow(
    unsafe_code,
    reason = "the processor was asked for these instructions, and arrays are as long as their registers"
)]

use super::Tile;
use std::arch::x86_64::{
    __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps, _mm512_fmadd_ps,
    _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps,
};

macro_rules! tile {
    ($name:ident, $features:literal, $rows:literal rows of 2 $register:ident of $lanes:literal,
     $load:ident, $store:ident, $set:ident, $fused:ident) => {
        pub(in crate::encoder) struct $name;

        impl $name {
            #[inline]
            #[target_feature(enable = $features)]
            fn sums_of(block: &[f32], weights: &[f32], bias: &[f32], sums: &mut [f32]) {
                let load = |from: &[f32; $lanes]| -> $register { unsafe { $load(from.as_ptr()) } };
                let (bias, _) = bias.as_chunks::<$lanes>();
                let mut tile = [[load(&bias[0]), load(&bias[1])]; $rows];
                let (weights, _) = weights.as_chunks::<$lanes>();
                for (inputs, weights) in block.as_chunks::<$rows>().0.iter().zip(weights.as_chunks::<2>().0) {
                    let (first, second) = (load(&weights[0]), load(&weights[1]));
                    for (sums, input) in tile.iter_mut().zip(inputs) {
                        let input = $set(*input);
                        sums[0] = $fused(input, first, sums[0]);
                        sums[1] = $fused(input, second, sums[1]);
                    }
                }
                for (place, sum) in sums.as_chunks_mut::<$lanes>().0.iter_mut().zip(tile.as_flattened()) {
                    unsafe { $store(place.as_mut_ptr(), *sum) };
                }
            }
        }

        impl Tile for $name {
            const ROWS: usize = $rows;
            const WIDTH: usize = 2 * $lanes;
            const FUSED: bool = true;

            #[inline(always)]
            fn sums(block: &[f32], weights: &[f32], bias: &[f32], sums: &mut [f32]) {
                unsafe { Self::sums_of(block, weights, bias, sums) }
            }
        }
    };
}

// Sixteen registers: twelve of sums, two of weights, one of the input.
tile!(Avx2, "avx2,fma", 6 rows of 2 __m256 of 8, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_fmadd_ps);
// Thirty-two of them.
tile!(Avx512, "avx512f,fma", 12 rows of 2 __m512 of 16, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_fmadd_ps);
