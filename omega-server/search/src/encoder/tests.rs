use super::*;
use serde_json::{Value, json};

/// The folder of the model, where there is one: `OMEGA_TEST_MODEL`.
fn model() -> Option<Encoder> {
    let folder = std::env::var_os("OMEGA_TEST_MODEL")?;
    Some(Encoder::open(Path::new(&folder)).unwrap())
}

/// Computed by another program, in 64 bits: the first numbers of each vector, and how near it is to the first text's.
const KNOWN: [(&str, [f32; 6], f32); 4] = [
    ("That is a happy person", [-0.033_877, 0.091_942, 0.048_701, -0.034_884, -0.064_829, -0.026_686], 1.0),
    ("That is a very happy person", [-0.002_483, 0.091_517, 0.048_386, -0.057_212, -0.066_388, -0.036_143], 0.942_92),
    ("Today is a sunny day", [-0.016_291, 0.104_066, 0.097_408, 0.074_17, 0.037_463, -0.060_712], 0.256_88),
    (
        "parseCsv: reads a CSV file, with Crème-brûlée headers (RFC 4180)!",
        [-0.011_364, 0.014_484, -0.060_873, -0.030_699, -0.011_179, -0.052_551],
        0.015_45,
    ),
];

#[test]
fn vectors_are_those_that_another_program_computes_whatever_they_are_computed_beside() {
    let Some(encoder) = model() else { return };
    let vectors = encoder.vectors(&KNOWN.map(|(text, ..)| text));
    for ((text, begin, near), vector) in KNOWN.iter().zip(&vectors) {
        assert_eq!(vector.len(), WIDE);
        for (number, expected) in vector.iter().zip(begin) {
            assert!((number - expected).abs() < 1e-4, "{text}: {vector:?}");
        }
        assert!((cosine(vector, &vectors[0]) - near).abs() < 1e-4, "{text}");
    }
    let alone = encoder.vector(KNOWN[3].0);
    assert!(alone.iter().zip(&vectors[3]).all(|(alone, beside)| (alone - beside).abs() < 1e-5));
    assert!(encoder.vectors(&[]).is_empty());
    let nothing = encoder.vector("");
    assert!((cosine(&nothing, &nothing) - 1.0).abs() < 1e-4);
}

fn tensors(header: &Value, numbers: usize) -> Vec<u8> {
    let header = header.to_string();
    let length = u64::try_from(header.len()).unwrap();
    [&length.to_le_bytes()[..], header.as_bytes(), &vec![0; numbers]].concat()
}

/// What could lie in the folder in place of the model: none of it is taken, and each says what is wrong.
#[test]
fn what_is_not_the_model_is_an_error_in_words() {
    let vocabulary = json!({ "model": { "vocab": { "[CLS]": 0, "[SEP]": 1, "[UNK]": 2 } } }).to_string();
    let words = |shape: &[usize], offsets: [u64; 2], kind: &str| json!({ "embeddings.word_embeddings.weight": { "dtype": kind, "shape": shape, "data_offsets": offsets } });
    let all = u64::try_from(30_522 * WIDE * 4).unwrap();
    for (vocabulary, weights, said) in [
        ("{}", vec![], "it has no vocabulary"),
        ("not json", vec![], "it has no vocabulary"),
        (r#"{"model":{"vocab":{"[CLS]":0}}}"#, vec![], "its vocabulary has no [SEP]"),
        (&vocabulary, vec![], "shorter than a header"),
        (&vocabulary, vec![0xff; 64], "does not begin with a header"),
        (&vocabulary, [&100_u64.to_le_bytes()[..], b"{"].concat(), "its header is cut"),
        (&vocabulary, [&3_u64.to_le_bytes()[..], b"<a>"].concat(), "is no JSON"),
        (&vocabulary, tensors(&json!({ "x": 7 }), 0), "means nothing"),
        (&vocabulary, tensors(&json!({ "__metadata__": {} }), 0), "it has no embeddings.word_embeddings.weight"),
        (&vocabulary, tensors(&words(&[30_522, 384], [0, all], "F16"), 8), "is F16 [30522, 384], not F32"),
        (&vocabulary, tensors(&words(&[30_522, 768], [0, all], "F32"), 8), "not F32 [30522, 384]"),
        (&vocabulary, tensors(&words(&[30_522, 384], [9, 3], "F32"), 8), "not F32 [30522, 384]"),
        (&vocabulary, tensors(&words(&[30_522, 384], [u64::MAX - all, u64::MAX], "F32"), 8), "it ends within"),
        (&vocabulary, tensors(&words(&[30_522, 384], [0, all], "F32"), 8), "it ends within"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(VOCABULARY), vocabulary).unwrap();
        let missing = Encoder::open(folder.path()).err().unwrap().to_string();
        assert!(missing.contains(WEIGHTS) || missing.contains(said), "{missing}");
        fs::write(folder.path().join(WEIGHTS), weights).unwrap();
        let error = Encoder::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    assert!(matches!(Encoder::open(Path::new("/nowhere")), Err(ModelError::Unreadable(..))));
}
