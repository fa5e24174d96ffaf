//! The network: six layers of attention over the pieces of a text, and the mean of what comes out
//! (<https://arxiv.org/abs/1810.04805>, <https://arxiv.org/abs/1908.10084>).

#[cfg(target_arch = "x86_64")]
use super::kernel::x86;
use super::{
    Vector, WIDE,
    kernel::{Instructions, Plain, Tile, Weights, exp, gelu, multiply_add},
    safetensors::Tensors,
};

const LAYERS: usize = 6;
const HEADS: usize = 12;
const HEAD: usize = WIDE / HEADS;
const INNER: usize = 4 * WIDE;
const WORDS: usize = 30_522;
const POSITIONS: usize = 512;
/// Keeps a variance from being nothing.
const EPSILON: f32 = 1e-12;

pub(super) struct Network {
    instructions: Instructions,
    words: Vec<f32>,
    /// With what all pieces of the first kind of text get.
    positions: Vec<f32>,
    first: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Queries, keys and values.
    attention: Weights,
    output: Weights,
    after_attention: Norm,
    inner: Weights,
    outer: Weights,
    after_inner: Norm,
}

struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Network {
    pub(super) fn read(tensors: &mut Tensors) -> Result<Self, String> {
        let instructions = Instructions::best();
        let words = tensors.read("embeddings.word_embeddings.weight", &[WORDS, WIDE])?;
        let mut positions = tensors.read("embeddings.position_embeddings.weight", &[POSITIONS, WIDE])?;
        let kinds = tensors.read("embeddings.token_type_embeddings.weight", &[2, WIDE])?;
        for position in positions.chunks_exact_mut(WIDE) {
            add(position, &kinds[..WIDE]);
        }
        let first = Norm::read(tensors, "embeddings.LayerNorm")?;
        let layers =
            (0..LAYERS).map(|number| Layer::read(tensors, number, instructions.width())).collect::<Result<_, _>>()?;
        Ok(Self { instructions, words, positions, first, layers })
    }

    /// Pieces that there are weights for.
    pub(super) fn words(&self) -> usize {
        self.words.len() / WIDE
    }

    /// The vectors of some texts, each given as its pieces.
    pub(super) fn vectors(&self, texts: &[Vec<u32>]) -> Vec<Vector> {
        match self.instructions {
            Instructions::Plain => self.forward::<Plain>(texts),
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "`Instructions::best` asked the processor for these")]
            Instructions::Avx2 => unsafe { self.forward_avx2(texts) },
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "`Instructions::best` asked the processor for these")]
            Instructions::Avx512 => unsafe { self.forward_avx512(texts) },
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn forward_avx2(&self, texts: &[Vec<u32>]) -> Vec<Vector> {
        self.forward::<x86::Avx2>(texts)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,fma")]
    fn forward_avx512(&self, texts: &[Vec<u32>]) -> Vec<Vector> {
        self.forward::<x86::Avx512>(texts)
    }

    #[inline(always)]
    fn forward<T: Tile>(&self, texts: &[Vec<u32>]) -> Vec<Vector> {
        let mut rows: Vec<f32> = Vec::with_capacity(texts.iter().map(Vec::len).sum::<usize>() * WIDE);
        for text in texts {
            for (piece, position) in text.iter().zip(self.positions.chunks_exact(WIDE)) {
                let word = &self.words[*piece as usize * WIDE..][..WIDE];
                rows.extend(word.iter().zip(position).map(|(word, position)| word + position));
            }
        }
        self.first.apply(&mut rows);
        for layer in &self.layers {
            let all = layer.attention.apply::<T>(&rows);
            let mut mixed = vec![0.0; rows.len()];
            let mut begin = 0;
            for text in texts {
                let end = begin + text.len();
                attend::<T>(&all[begin * 3 * WIDE..end * 3 * WIDE], &mut mixed[begin * WIDE..end * WIDE]);
                begin = end;
            }
            add(&mut rows, &layer.output.apply::<T>(&mixed));
            layer.after_attention.apply(&mut rows);
            let mut inner = layer.inner.apply::<T>(&rows);
            for value in &mut inner {
                *value = gelu(*value);
            }
            add(&mut rows, &layer.outer.apply::<T>(&inner));
            layer.after_inner.apply(&mut rows);
        }
        let mut rest = rows.as_slice();
        let mean = |text: &Vec<u32>| {
            let (own, others) = rest.split_at(text.len() * WIDE);
            rest = others;
            let mut sum = vec![0.0; WIDE];
            own.chunks_exact(WIDE).for_each(|row| add(&mut sum, row));
            let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            sum.iter_mut().for_each(|x| *x /= length);
            sum
        };
        texts.iter().map(mean).collect()
    }
}

impl Layer {
    fn read(tensors: &mut Tensors, number: usize, width: usize) -> Result<Self, String> {
        let mut rows = |name: &str, outputs: usize, inputs: usize| {
            let weights = tensors.read(&format!("encoder.layer.{number}.{name}.weight"), &[outputs, inputs])?;
            let bias = tensors.read(&format!("encoder.layer.{number}.{name}.bias"), &[outputs])?;
            Ok::<_, String>((weights, bias))
        };
        let (mut all, mut biases) = rows("attention.self.query", WIDE, WIDE)?;
        for name in ["attention.self.key", "attention.self.value"] {
            let (weights, bias) = rows(name, WIDE, WIDE)?;
            all.extend(weights);
            biases.extend(bias);
        }
        let attention = Weights::new(&all, biases, WIDE, width);
        let mut layer = |name: &str, outputs, inputs| {
            rows(name, outputs, inputs).map(|(weights, bias)| Weights::new(&weights, bias, inputs, width))
        };
        let output = layer("attention.output.dense", WIDE, WIDE)?;
        let inner = layer("intermediate.dense", INNER, WIDE)?;
        let outer = layer("output.dense", WIDE, INNER)?;
        let after_attention = Norm::read(tensors, &format!("encoder.layer.{number}.attention.output.LayerNorm"))?;
        let after_inner = Norm::read(tensors, &format!("encoder.layer.{number}.output.LayerNorm"))?;
        Ok(Self { attention, output, after_attention, inner, outer, after_inner })
    }
}

impl Norm {
    fn read(tensors: &mut Tensors, name: &str) -> Result<Self, String> {
        let scale = tensors.read(&format!("{name}.weight"), &[WIDE])?;
        let shift = tensors.read(&format!("{name}.bias"), &[WIDE])?;
        Ok(Self { scale, shift })
    }

    /// Brings each row to mean 0 and variance 1, then to this scale.
    #[inline(always)]
    fn apply(&self, rows: &mut [f32]) {
        #[allow(clippy::cast_precision_loss, reason = "384 is exact")]
        const COUNT: f32 = WIDE as f32;
        for row in rows.chunks_exact_mut(WIDE) {
            let mean = row.iter().sum::<f32>() / COUNT;
            let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / COUNT;
            let factor = 1.0 / (variance + EPSILON).sqrt();
            for ((x, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
                *x = (*x - mean) * factor * scale + shift;
            }
        }
    }
}

#[inline(always)]
fn add(to: &mut [f32], more: &[f32]) {
    for (to, more) in to.iter_mut().zip(more) {
        *to += more;
    }
}

/// What each piece of a text takes from all of them, head by head.
#[inline(always)]
fn attend<T: Tile>(all: &[f32], mixed: &mut [f32]) {
    let pieces = all.len() / (3 * WIDE);
    #[allow(clippy::cast_precision_loss, reason = "32 is exact")]
    let scale = 1.0 / (HEAD as f32).sqrt();
    let mut keys = vec![0.0; HEAD * pieces];
    let mut scores = vec![0.0; pieces];
    for head in 0..HEADS {
        let at = |piece: usize, part: usize| &all[(piece * 3 + part) * WIDE + head * HEAD..][..HEAD];
        for piece in 0..pieces {
            for (place, key) in keys[piece..].iter_mut().step_by(pieces).zip(at(piece, 1)) {
                *place = *key;
            }
        }
        for piece in 0..pieces {
            scores.fill(0.0);
            for (query, keys) in at(piece, 0).iter().zip(keys.chunks_exact(pieces)) {
                for (score, key) in scores.iter_mut().zip(keys) {
                    *score = multiply_add::<T>(*query, *key, *score);
                }
            }
            let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for score in &mut scores {
                *score = exp((*score - most) * scale);
            }
            let factor = 1.0 / scores.iter().sum::<f32>();
            let mut sums = [0.0; HEAD];
            for (other, score) in scores.iter().enumerate() {
                for (sum, value) in sums.iter_mut().zip(at(other, 2)) {
                    *sum = multiply_add::<T>(*score, *value, *sum);
                }
            }
            let place = &mut mixed[piece * WIDE + head * HEAD..][..HEAD];
            for (place, sum) in place.iter_mut().zip(sums) {
                *place = sum * factor;
            }
        }
    }
}
