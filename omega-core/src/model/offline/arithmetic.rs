//! Finding arithmetic that stands openly in a text, as in "what is 2*(3+4)^2?".

use std::ops::Range;

/// Functions that may stand in arithmetic.
const FUNCTIONS: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "cbrt",
    "ceil",
    "combinations",
    "cos",
    "cosh",
    "cross",
    "det",
    "dot",
    "eigs",
    "exp",
    "factorial",
    "floor",
    "gcd",
    "hypot",
    "inv",
    "lcm",
    "ln",
    "log",
    "log10",
    "log2",
    "max",
    "mean",
    "median",
    "min",
    "mod",
    "mode",
    "norm",
    "nthRoot",
    "permutations",
    "pow",
    "prod",
    "round",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "std",
    "sum",
    "tan",
    "tanh",
    "trace",
    "transpose",
    "variance",
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    Operand,
    Function,
    Operator,
    /// A minus, which may also stand before an operand.
    Minus,
    /// Behind an operand: `!`, `%`, `deg`.
    Postfix,
    Open,
    Close,
    Comma,
}

type Placed = (Token, Range<usize>);

/// The stretches of a text that are arithmetic: at least one operator between operands, or a function with its
/// arguments, with balanced brackets.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    runs(text).iter().filter_map(|run| trimmed(run)).collect()
}

/// The text as mathjs reads it: `×`, `÷`, `**`, `ln`, superscripts.
pub(super) fn normalised(text: &str) -> String {
    let mut out = text.trim().to_owned();
    for (from, to) in [
        ("×", "*"),
        ("·", "*"),
        ("÷", "/"),
        ("−", "-"),
        ("**", "^"),
        ("²", "^2"),
        ("³", "^3"),
        ("ln(", "log("),
        (" x ", " * "),
    ] {
        // A letter between spaces is a variable unless figures stand on both sides.
        let is_times = |at: usize| {
            to != " * "
                || (out[..at].ends_with(|c: char| c.is_ascii_digit())
                    && out[at + from.len()..].starts_with(|c: char| c.is_ascii_digit()))
        };
        let places: Vec<usize> = out.match_indices(from).map(|(at, _)| at).filter(|at| is_times(*at)).collect();
        for at in places.into_iter().rev() {
            out.replace_range(at..at + from.len(), to);
        }
    }
    out
}

pub(super) fn is_whole(text: &str) -> bool {
    let trimmed = text.trim();
    matches!(find(trimmed).as_slice(), [only] if only.len() == trimmed.len())
}

fn runs(text: &str) -> Vec<Vec<Placed>> {
    let mut runs = Vec::new();
    let mut run: Vec<Placed> = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (token, length) = token(&text[at..], c);
        let span = at..at + length;
        at += length;
        if c == ' ' {
            continue;
        }
        match token {
            Some(Token::Comma) if depth == 0 => end_run(&mut run, &mut runs),
            Some(token) => {
                match token {
                    Token::Open => depth += 1,
                    Token::Close => depth = depth.saturating_sub(1),
                    _ => {}
                }
                run.push((token, span));
            }
            None => {
                depth = 0;
                end_run(&mut run, &mut runs);
            }
        }
    }
    end_run(&mut run, &mut runs);
    runs
}

fn end_run(run: &mut Vec<Placed>, runs: &mut Vec<Vec<Placed>>) {
    if !run.is_empty() {
        runs.push(std::mem::take(run));
    }
}

/// The token at the start of the text and its length in bytes.
fn token(text: &str, c: char) -> (Option<Token>, usize) {
    if c.is_ascii_digit() || (c == '.' && text[1..].starts_with(|n: char| n.is_ascii_digit())) {
        let bytes = text.as_bytes();
        let mut end = 1;
        while let Some(byte) = bytes.get(end) {
            let in_number =
                byte.is_ascii_digit() || (*byte == b'.' && bytes.get(end + 1).is_some_and(u8::is_ascii_digit));
            if !in_number {
                break;
            }
            end += 1;
        }
        return (Some(Token::Operand), end);
    }
    if c.is_alphabetic() || c == '_' {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
        let word = &text[..end];
        let token = if FUNCTIONS.contains(&word) && text[end..].starts_with('(') {
            Some(Token::Function)
        } else if ["x", "y", "z", "t", "n", "pi", "e"].contains(&word) {
            Some(Token::Operand)
        } else if ["deg", "rad"].contains(&word) {
            Some(Token::Postfix)
        } else {
            None
        };
        return (token, end);
    }
    let token = match c {
        '+' | '*' | '/' | '^' | '×' | '·' | '÷' => Some(Token::Operator),
        '-' | '−' => Some(Token::Minus),
        '!' | '²' | '³' => Some(Token::Postfix),
        '%' if text[1..].trim_start().starts_with(|n: char| n.is_ascii_digit() || n == '(') => Some(Token::Operator),
        '%' => Some(Token::Postfix),
        '(' | '[' => Some(Token::Open),
        ')' | ']' => Some(Token::Close),
        ',' | ';' => Some(Token::Comma),
        _ => None,
    };
    (token, c.len_utf8())
}

fn trimmed(run: &[Placed]) -> Option<Range<usize>> {
    let starts = |token| matches!(token, Token::Operand | Token::Function | Token::Open | Token::Minus);
    let ends = |token| matches!(token, Token::Operand | Token::Close | Token::Postfix);
    let mut run = run;
    while let [(first, _), rest @ ..] = run {
        if starts(*first) {
            break;
        }
        run = rest;
    }
    while let [rest @ .., (last, _)] = run {
        // A mark of exclamation that ends a sentence is no factorial unless there is nothing else to compute.
        if ends(*last) && closes(run) {
            break;
        }
        run = rest;
    }
    while opens_too_much(run) {
        run = run.get(1..)?;
    }
    let works = computes(run) && !opens_too_much(run) && closes(run);
    match run {
        [(_, first), .., (_, last)] if works => Some(first.start..last.end),
        _ => None,
    }
}

fn depth(run: &[Placed]) -> (i32, i32) {
    run.iter().fold((0, 0), |(depth, least), (token, _)| {
        let depth = match token {
            Token::Open => depth + 1,
            Token::Close => depth - 1,
            _ => depth,
        };
        (depth, least.min(depth))
    })
}

fn closes(run: &[Placed]) -> bool {
    depth(run).1 >= 0
}

fn opens_too_much(run: &[Placed]) -> bool {
    depth(run).0 > 0
}

fn computes(run: &[Placed]) -> bool {
    let operator = run.windows(3).any(|three| {
        let left = matches!(three[0].0, Token::Operand | Token::Close | Token::Postfix);
        let middle = matches!(three[1].0, Token::Operator | Token::Minus);
        let right = matches!(three[2].0, Token::Operand | Token::Open | Token::Function | Token::Minus);
        left && middle && right
    });
    operator || run.iter().any(|(token, _)| *token == Token::Function)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn arithmetic_is_found_in_prose() {
        for (text, expected) in [
            ("what is 2*(3+4)^2?", vec!["2*(3+4)^2"]),
            ("det([[2,1],[1,3]])", vec!["det([[2,1],[1,3]])"]),
            ("compute sqrt(16) + 2, please", vec!["sqrt(16) + 2"]),
            ("the derivative of x^2 + 3x", vec!["x^2 + 3x"]),
            ("(1 + 2) * 3!", vec!["(1 + 2) * 3!"]),
            ("(see 1 + 2)", vec!["1 + 2"]),
            ("sin(30 deg)", vec!["sin(30 deg)"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn lists_words_and_lone_figures_are_no_arithmetic() {
        for text in [
            "median of 3, 5, 1",
            "[1, -2, 3]",
            "UTF-8 and 15% of 80",
            "either/or",
            "- 3 items",
            "c++",
            "((((",
            "-",
            "5!",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn other_signs_become_those_of_mathjs() {
        assert_eq!(normalised("3 × 4 ÷ 2"), "3 * 4 / 2");
        assert_eq!(normalised("3 x 4"), "3 * 4");
        assert_eq!(normalised("x²"), "x^2");
        assert!(is_whole(" 1 + 2 ") && !is_whole("1 + 2 apples"));
    }
}
