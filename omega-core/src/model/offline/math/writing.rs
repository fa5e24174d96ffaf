//! Expressions and quantities as they are written: with another number, in exact figures, from `1h 20m`.

use super::Piece;
use crate::model::offline::{lexicon::named, slots::Given};

/// The same expression for another number: of the one that it has, or of a percentage or what it is taken of.
pub(in crate::model::offline) fn with_another(expression: &str, given: &Given) -> Option<String> {
    let number = given.datum.text.replace(',', "");
    if let Some((share, whole)) = expression.split_once("% * ") {
        let plain = |text: &str| text.parse::<f64>().is_ok();
        let other = if given.percent { format!("{number}% * {whole}") } else { format!("{share}% * {number}") };
        return (plain(share) && plain(whole) && plain(&number)).then_some(other);
    }
    let figures = |c: char| c.is_ascii_digit() || c == '.';
    let from = expression.find(figures)?;
    let length = expression[from..].find(|c| !figures(c)).unwrap_or(expression.len() - from);
    let (before, behind) = (&expression[..from], &expression[from + length..]);
    let only = !behind.contains(figures) && before.ends_with(['(', '"']) && !expression.contains(" to ");
    (only && !given.percent && !number.starts_with('-')).then(|| format!("{before}{number}{behind}"))
}

/// Whole numbers that may grow beyond what a binary fraction holds are counted in decimals.
pub(super) fn exact(text: String) -> String {
    let whole = text.replace("factorial", "").chars().all(|c| c.is_ascii_digit() || " +-*^()!".contains(c));
    let figures = text.chars().filter(char::is_ascii_digit).count();
    let is_factorial = text.contains('!') || text.contains("factorial");
    if !whole || !(is_factorial || figures > 12 || text.contains('^') && !has_one_small_power(&text, figures)) {
        return text;
    }
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - at);
        out.push_str(&format!("{}bignumber(\"{}\")", &rest[..at], &rest[at..at + length]));
        rest = &rest[at + length..];
    }
    out + rest
}

/// Whether all that it comes to is held exactly anyway.
fn has_one_small_power(text: &str, figures: usize) -> bool {
    let mut powers = text.split('^').skip(1).map(|behind| behind.split(|c: char| !c.is_ascii_digit()).next());
    figures <= 6 && matches!((powers.next(), powers.next()), (Some(Some("2" | "3")), None))
}

/// `1h 20m` as quantities.
pub(super) fn duration(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        let letters = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let name = named("%span", letters)?;
        pieces.push(Piece::Number(word[..word.len() - letters.len()].to_owned()));
        pieces.push(Piece::Unit("time", name));
    }
    Some(pieces)
}
