//! Arithmetic and units in words, as an expression of mathjs. What is not understood whole gives nothing; no expression is
//! ever guessed.

mod writing;

use super::{
    lexicon::lexicon,
    message::{Message, Token, TokenKind, phrases},
    understand::Earlier,
};
pub(super) use writing::with_another;
use writing::{duration, exact};

/// A piece of arithmetic.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Number(String),
    Operator(&'static str),
    Function(&'static str),
    Percent,
    Of,
    Open,
    Close,
    Comma,
    /// Behind an operand: `^2`, `!`.
    Postfix(String),
    /// The answer before.
    It,
    /// What it measures, and its name.
    Unit(&'static str, &'static str),
    /// "one" before a unit: an article.
    Article,
    Many,
    Dress,
    /// A word that makes a list of two into what a rounding asks for.
    Digits,
    /// That there is a rounding.
    Round,
}

/// The expression that a request asks to compute, if it asks for nothing else.
pub(super) fn expression(message: &Message, tokens: &[Token], earlier: &Earlier) -> Option<String> {
    // "Is 5 km 3 miles?" asks for no number.
    if tokens.first().is_some_and(|first| matches!(first.key.as_str(), "is" | "are" | "does")) {
        return None;
    }
    let pieces = pieces(message, tokens)?;
    conversion(&pieces, earlier)
        .or_else(|| arithmetic(&pieces, earlier))
        .filter(|text| !text.contains(ANGLE))
        .map(exact)
}

/// Where an angle lacks its unit.
const ANGLE: &str = " angle";

/// The same for a function of an angle whose unit is not said.
pub(super) fn of_angle(message: &Message, tokens: &[Token], earlier: &Earlier, unit: &str) -> Option<String> {
    let text = arithmetic(&pieces(message, tokens)?, earlier).filter(|text| text.contains(ANGLE))?;
    Some(text.replace(ANGLE, &format!(" {unit}")))
}

fn pieces(message: &Message, tokens: &[Token]) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if token.kind == TokenKind::Number {
            // `555-1234` and `1-2-3` are no subtractions.
            let chunk: Vec<&str> = tokens[at..]
                .iter()
                .take_while(|next| next.chunk == token.chunk && !next.is_pause())
                .map(|next| next.key.as_str())
                .collect();
            if matches!(chunk.as_slice(), [_, "-", _, "-", _, ..])
                || matches!(chunk.as_slice(), [a, "-", b] if a.len() == 3 && b.len() == 4)
            {
                return None;
            }
            let written = message.written(&tokens[at..=at]).replace(',', "");
            pieces.push(Piece::Number(written));
            at += 1;
            continue;
        }
        if let Some(datum) = message.datum(token) {
            // A pair of brackets with figures is a matrix, and a time as `1h 20m` several quantities.
            if datum.kind != super::message::Kind::Duration {
                return None;
            }
            pieces.extend(duration(&datum.text)?);
            at += 1;
            continue;
        }
        // "5!" alone is a factorial; behind a sum it may be a mark of the sentence, and nothing tells which.
        let is_dress = |piece: &Piece| matches!(piece, Piece::Dress | Piece::Many | Piece::Article);
        if token.key == "!"
            && at + 1 == tokens.len()
            && let [before @ .., Piece::Number(_)] = pieces.as_slice()
        {
            if !before.iter().all(is_dress) {
                return None;
            }
            pieces.push(Piece::Postfix("!".into()));
            break;
        }
        let behind_number = matches!(pieces.last(), Some(Piece::Number(_)));
        let (piece, length) = phrase(&tokens[at..], behind_number, pieces.last())?;
        pieces.extend(piece);
        at += length;
    }
    Some(pieces)
}

/// The piece that begins here and its length in tokens; no piece for a pause.
fn phrase(tokens: &[Token], behind_number: bool, last: Option<&Piece>) -> Option<(Option<Piece>, usize)> {
    // "12 in to cm", and "12 in cm".
    let links = |token: &Token| lexicon().meanings(&token.key).contains(&"-link") || token.is_pause();
    if behind_number && tokens[0].key == "in" && tokens.get(1).is_none_or(links) {
        return Some((Some(Piece::Unit("length", "inch")), 1));
    }
    for (length, key, all) in phrases(tokens) {
        let has = |name: &str| all.contains(&name);
        let unit = all.iter().find_map(|name| name.strip_prefix('~')?.split_once(':'));
        let number = all.iter().find_map(|name| name.strip_prefix('#'));
        let operator = all.iter().find_map(|name| name.strip_prefix('@'));
        let operand =
            matches!(last, Some(Piece::Number(_) | Piece::Close | Piece::Percent | Piece::Postfix(_) | Piece::It));
        // One letter is a unit behind a number or behind a word that asks for one.
        let is_unit = key.chars().count() > 1
            || behind_number
            || !key.is_ascii()
            || matches!(last, Some(Piece::Dress | Piece::Many | Piece::Of));
        let piece = match (unit, number, operator) {
            (Some((of, name)), _, None) if is_unit => Piece::Unit(of, name),
            (Some((of, name)), _, Some(_)) if behind_number => Piece::Unit(of, name),
            (_, Some(number), None) => match pieces_of_number(last, number) {
                Some(whole) => return Some((Some(whole), length)),
                None => Piece::Number(number.to_owned()),
            },
            (_, _, Some(operator)) => match operator {
                "%" if operand => Piece::Percent,
                "of" => Piece::Of,
                "(" => Piece::Open,
                ")" => Piece::Close,
                "!" if operand && length == 1 && tokens.len() > 1 => Piece::Postfix("!".into()),
                "!" => return Some((None, length)),
                "^2" => Piece::Postfix("^2".into()),
                "^3" => Piece::Postfix("^3".into()),
                "*" if key == "x" && !operand => return None,
                other => match other.strip_prefix("f:") {
                    Some(function) => Piece::Function(function),
                    None => match other.strip_prefix("const:") {
                        Some(constant) => Piece::Number(constant.to_owned()),
                        None => Piece::Operator(other),
                    },
                },
            },
            _ if has("it") => Piece::It,
            _ if has("-article") => Piece::Article,
            _ if has("digits") && behind_number => Piece::Digits,
            _ if has("round") => Piece::Round,
            _ if has("how-many") || has("how-much") => Piece::Many,
            _ if has("convert") || has("and") || all.iter().any(|name| name.starts_with('-')) => Piece::Dress,
            _ if length == 1 && key == "," => Piece::Comma,
            _ if length == 1 && key == "=" => Piece::Dress,
            _ if length == 1 && tokens[0].is_pause() => return Some((None, length)),
            _ => continue,
        };
        return Some((Some(piece), length));
    }
    None
}

/// Number words side by side, as what stands behind the first: "twenty five" is `20+5`, "three hundred" `3*100`.
fn pieces_of_number(last: Option<&Piece>, number: &str) -> Option<Piece> {
    let Some(Piece::Number(before)) = last else { return None };
    match (before.parse().ok()?, number.parse().ok()?) {
        (1..=999_u64, 100 | 1000 | 1_000_000_u64) => Some(Piece::Postfix(format!("*{number}"))),
        (before @ 20..=90, 1..=9) if before % 10 == 0 => Some(Piece::Postfix(format!("+{number}"))),
        _ => None,
    }
}

/// One quantity and one unit that it is wanted in.
fn conversion(pieces: &[Piece], earlier: &Earlier) -> Option<String> {
    let mut quantity: Vec<(String, &str, &str)> = Vec::new();
    let mut target: Option<(&str, &str)> = None;
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        match (piece, pieces.get(at + 1)) {
            (Piece::Number(number), Some(Piece::Unit(of, name))) => {
                let follows = quantity.is_empty()
                    || matches!(pieces.get(at.wrapping_sub(1)), Some(Piece::Unit(..) | Piece::Dress | Piece::Comma));
                if !follows {
                    return None;
                }
                quantity.push((number.clone(), of, name));
                at += 1;
            }
            (Piece::Article, Some(Piece::Unit(of, name)))
                if quantity.is_empty() && (target.is_some() || at + 2 < pieces.len()) =>
            {
                quantity.push(("1".to_owned(), of, name));
                at += 1;
            }
            (Piece::Unit(of, name), _) if target.is_none() => target = Some((of, name)),
            (Piece::Dress | Piece::Of | Piece::Many | Piece::Article, _) => {}
            (Piece::It, _) if quantity.is_empty() => {}
            _ => return None,
        }
        at += 1;
    }
    if quantity.is_empty() && earlier.result.is_some() {
        quantity = earlier_quantity(earlier)?;
    }
    let (of, to) = target?;
    let (first, rest) = quantity.split_first()?;
    if first.1 != of || rest.iter().any(|part| part.1 != of) || of == "temperature" && !rest.is_empty() {
        return None;
    }
    let amount = |unit: &str| unit.strip_prefix('=').map_or_else(|| unit.to_owned(), |amount| format!("({amount})"));
    let sum: Vec<String> = quantity.iter().map(|(number, _, unit)| format!("{number} {}", amount(unit))).collect();
    Some(match to.strip_prefix('=') {
        Some(unit) => format!("({}) / ({unit})", sum.join(" + ")),
        None => format!("{} to {}", sum.join(" + "), to.trim_matches(['(', ')'])),
    })
}

/// The answer before as a quantity: `16.09344 km`, or days that were counted.
fn earlier_quantity(earlier: &Earlier) -> Option<Vec<(String, &'static str, &'static str)>> {
    let result = earlier.result.as_ref()?.trim();
    let (number, unit) = result.split_once(' ').unwrap_or((result, ""));
    number.parse::<f64>().ok()?;
    let counted = earlier.step.as_ref().map_or("", |step| step.recipe.quantity.as_str());
    let unit = if counted.is_empty() { unit.to_lowercase() } else { counted.to_owned() };
    let key: Vec<String> = lexicon().lexemes(&unit).into_iter().map(|lexeme| lexeme.key).collect();
    let of = lexicon().meanings(&key.join(" ")).iter().find_map(|name| name.strip_prefix('~')?.split_once(':'))?;
    Some(vec![(number.to_owned(), of.0, of.1)])
}

/// Arithmetic without units.
fn arithmetic(pieces: &[Piece], earlier: &Earlier) -> Option<String> {
    let is_dress =
        |piece: &Piece| matches!(piece, Piece::Dress | Piece::Article | Piece::Many | Piece::Comma | Piece::Round);
    let from = pieces.iter().position(|piece| !is_dress(piece) && *piece != Piece::Of)?;
    let to = pieces.iter().rposition(|piece| !is_dress(piece) && *piece != Piece::Of)? + 1;
    let mut inner: Vec<Piece> = pieces[from..to].to_vec();
    let digits = match inner.as_slice() {
        [.., Piece::Number(digits), Piece::Digits] => Some(digits.clone()),
        _ => None,
    };
    if digits.is_some() {
        inner.truncate(inner.len() - 2);
        inner.truncate(inner.iter().rposition(|piece| !is_dress(piece))? + 1);
    }
    if pieces.contains(&Piece::Round) && digits.is_none() {
        return None;
    }
    // "30% of what is 60" is another question than "30% of 60".
    if inner.iter().any(|piece| matches!(piece, Piece::Dress | Piece::Many)) {
        return None;
    }
    inner.retain(|piece| !matches!(piece, Piece::Article | Piece::Round));
    let number = earlier.result.as_deref().map(str::trim).filter(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
    let number = number.filter(|_| !earlier.is_based());
    // The result of a step before is not there yet.
    let earlier = if earlier.piped && !earlier.is_based() { Some("{prev}") } else { number };
    if matches!(inner.first(), Some(Piece::Operator(_) | Piece::Postfix(_)))
        && inner.first() != Some(&Piece::Operator("-"))
        || inner.first() == Some(&Piece::Operator("-")) && earlier.is_some()
    {
        earlier?;
        inner.insert(0, Piece::It);
    }
    let mut parser = Parser { pieces: &inner, at: 0, works: false, earlier, depth: 0 };
    let text = parser.sum()?;
    let whole = parser.at == inner.len() && (parser.works || digits.is_some() && inner.len() > 1);
    whole.then(|| digits.map_or(text.clone(), |digits| format!("round({text}, {digits})")))
}

struct Parser<'a> {
    pieces: &'a [Piece],
    at: usize,
    works: bool,
    earlier: Option<&'a str>,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Piece> {
        self.pieces.get(self.at)
    }

    fn sum(&mut self) -> Option<String> {
        self.depth += 1;
        if self.depth > 40 {
            return None;
        }
        let mut text = self.operand()?;
        loop {
            match self.peek() {
                Some(Piece::Operator(sign)) => {
                    let sign = *sign;
                    self.at += 1;
                    let right = self.operand()?;
                    // mathjs gives the number itself for `10 mod 0`.
                    if sign == "mod" && right.parse::<f64>().is_ok_and(|right| right == 0.0) {
                        return None;
                    }
                    let adds = matches!(sign, "+" | "-");
                    // mathjs reads `10% + 5` as a remainder.
                    if adds && text.ends_with('%') {
                        text = format!("({text})");
                    }
                    let space = if sign == "^" { "" } else { " " };
                    text = format!("{text}{space}{sign}{space}{right}");
                    if adds && right.ends_with('%') && matches!(self.peek(), Some(Piece::Operator(_))) {
                        text = format!("({text})");
                    }
                    self.works = true;
                }
                // "15% of 240", "3/4 of 200"
                Some(Piece::Of) if text.ends_with('%') || text.contains(" / ") => {
                    self.at += 1;
                    let right = self.operand()?;
                    text = format!("{text} * {right}");
                    self.works = true;
                }
                // `10 -3` is written as two numbers.
                Some(Piece::Number(number)) if number.starts_with('-') => {
                    text = format!("{text} - {}", &number[1..]);
                    self.at += 1;
                    self.works = true;
                }
                _ => break,
            }
        }
        self.depth -= 1;
        Some(text)
    }

    /// The unit of an angle that stands here.
    fn angle(&mut self) -> String {
        let Some(Piece::Unit("angle", name)) = self.peek() else { return String::new() };
        let name = format!(" {name}");
        self.at += 1;
        name
    }

    fn operand(&mut self) -> Option<String> {
        let mut text = match self.peek()?.clone() {
            Piece::Operator("-") => {
                self.at += 1;
                format!("-{}", self.operand()?)
            }
            Piece::Number(number) => {
                self.at += 1;
                self.works |= number.starts_with("0x") || number.starts_with("0b");
                number
            }
            Piece::It => {
                self.at += 1;
                self.earlier?.to_owned()
            }
            Piece::Open => {
                self.at += 1;
                let inner = self.sum()? + &self.angle();
                if self.peek() != Some(&Piece::Close) {
                    return None;
                }
                self.at += 1;
                format!("({inner})")
            }
            Piece::Function(name) => {
                self.at += 1;
                if self.peek() == Some(&Piece::Of) {
                    self.at += 1;
                }
                self.works = true;
                let mut operand = self.operand()?;
                if matches!(name, "sin" | "cos" | "tan") {
                    operand += &self.angle();
                    if !["pi", " deg", " rad"].iter().any(|said| operand.contains(said)) && operand != "0" {
                        operand.push_str(ANGLE);
                    }
                }
                apply(name, &operand)
            }
            _ => return None,
        };
        loop {
            match self.pieces.get(self.at..).unwrap_or_default() {
                // "-5 squared" is read in two ways.
                [Piece::Postfix(_), ..] if text.starts_with('-') => return None,
                [Piece::Postfix(sign), ..] => text = format!("({text}{sign})"),
                // "5 factorial"
                [Piece::Function("factorial")] => text = format!("({text}!)"),
                // `10 % 3` is a remainder.
                [Piece::Percent, Piece::Number(_) | Piece::Open, ..] => {
                    self.at += 1;
                    text = format!("{text} mod {}", self.operand()?);
                    self.works = true;
                    continue;
                }
                [Piece::Percent, ..] => {
                    text.push('%');
                    self.at += 1;
                    continue;
                }
                // "225 の 平方根"
                [Piece::Of, Piece::Function(name)] => {
                    text = apply(name, &text);
                    self.at += 1;
                }
                _ => return Some(text),
            }
            self.at += 1;
            self.works = true;
        }
    }
}

fn apply(name: &str, operand: &str) -> String {
    match name {
        "square" => format!("({operand})^2"),
        "cube" => format!("({operand})^3"),
        name => format!(
            "{name}({})",
            operand
                .strip_prefix('(')
                .and_then(|inner| inner.strip_suffix(')'))
                .filter(|inner| !inner.contains(['(', ')']))
                .unwrap_or(operand)
        ),
    }
}

#[cfg(test)]
mod tests;
