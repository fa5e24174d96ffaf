//! Time in proportion to the text, whatever the text is.

use super::*;
use std::hint::black_box;

/// What a thread has computed so far, in nanoseconds: other work on the machine does not count.
fn computed() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse().unwrap()
}

fn cost(redactor: &Redactor, text: &str) -> f64 {
    let from = computed();
    black_box(redactor.redact(black_box(text)));
    let mut stream = redactor.stream();
    text.as_bytes().chunks(997).for_each(|chunk| {
        black_box(stream.push(&String::from_utf8_lossy(chunk)));
    });
    black_box(stream.finish());
    (computed() - from) as f64 / text.len() as f64
}

#[test]
#[cfg(target_os = "linux")]
fn no_pattern_takes_more_time_than_in_proportion() {
    let long = format!("{}Q", random(ALPHANUMERIC, 4000));
    let redactor =
        redactor(&[("A", "aaaaaaaaaaaaaaaa"), ("B", "aaaaaaaaaaaaaaab"), ("C", &long), ("D", "%41&amp;\\u0041+")]);
    let mut patterns: Vec<String> = patterns::markers().map(str::to_owned).collect();
    patterns.extend(keys().into_iter().map(|(_, key)| key));
    patterns.extend(patterns::markers().map(|marker| format!("-{marker}")));
    patterns.extend(
        [
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n",
            "-----BEGIN PRIVATE KEY----------END ",
            "-----BEGIN -----END ",
            "-----",
            "eyJ.",
            "eyJhbGciOiJIUzI1NiJ9.",
            "a.b.",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.",
            "a",
            "aaaaaaaaaaaaaaab",
            "aaaaaaaaaaaaaaa-",
            "\\",
            "\\u",
            "\\u00",
            "\\ud83d",
            "\\\\\\\\u0061",
            "%",
            "%6",
            "%61",
            "%c3",
            "%25%32",
            "+",
            "&",
            "&#",
            "&#97;",
            "&amp;",
            "&CounterClockwise",
            "=",
            "=6",
            "=\r\n",
            "\u{1b}",
            "\u{1b}[",
            "\u{1b}]",
            "\u{9d}",
            "\0",
            "\u{200b}",
            "s\0",
            "\u{301}",
            "é",
            "\u{fdfa}",
            "«redacted:A»",
            "a\u{1b}[0m%41\\u0061&#97;=61+",
        ]
        .map(str::to_owned),
    );
    patterns.extend([long[..3999].to_owned(), format!("{}%", &long[..3999]), STANDARD.encode(&long[..3999])]);
    for pattern in patterns {
        let text = |bytes: usize| pattern.repeat(bytes.div_ceil(pattern.len()));
        let (short, twice) = (text(16_000), text(32_000));
        // What measures time may be disturbed; what is not linear is so each time.
        let grows = (0..5).all(|_| cost(&redactor, &twice) > 1.5 * cost(&redactor, &short));
        assert!(!grows, "{:?}", pattern.chars().take(40).collect::<String>());
    }
}
