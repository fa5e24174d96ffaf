//! Formulas as people would write them in plain text: what is simple of LaTeX as Unicode (`\frac{a}{b}` is `a/b`, `x^2` is
//! `x²`). What is not simple stays as it was written, for half a translation misleads.

mod symbols;

use super::blocks::OPTIONS;
use pulldown_cmark::{Event, Parser};
use std::{borrow::Cow, iter::Peekable, str::Chars};
use symbols::{SYMBOLS, subscript, superscript};

/// Groups within groups; deeper ones are no simple formula.
const DEEPEST: usize = 16;
/// Bytes of a formula at most.
const LONGEST: usize = 2_000;

/// A formula in plain text; `None` where it is not simple.
pub fn plain(formula: &str) -> Option<String> {
    let mut reading = Reading { rest: formula.trim().chars().peekable(), depth: 0 };
    let text = reading.until(None)?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// Whether a piece between dollars is meant as a formula: prices have neither signs nor commands.
pub fn is_formula(text: &str) -> bool {
    text.contains(['\\', '^', '_', '=']) || text.trim().chars().count() == 1
}

/// A block whose formulas stand between `\(` and `\)` or `\[` and `\]`, with dollars in their place, which Markdown knows. Code
/// stays as it is.
pub fn dollars(block: &str) -> Cow<'_, str> {
    if !block.contains("\\(") && !block.contains("\\[") {
        return Cow::Borrowed(block);
    }
    let mut codes = Vec::new();
    for (event, range) in Parser::new_ext(block, OPTIONS).into_offset_iter() {
        let is_code = matches!(event, Event::Code(_))
            || matches!(event, Event::Start(pulldown_cmark::Tag::CodeBlock(_)))
            || matches!(event, Event::Html(_) | Event::InlineHtml(_));
        if is_code {
            codes.push(range);
        }
    }
    let mut codes = codes.into_iter().peekable();
    let (mut out, mut at) = (String::with_capacity(block.len()), 0);
    while let Some(open) = next_open(block, at) {
        while codes.next_if(|code| code.end <= open).is_some() {}
        let is_in_code = codes.peek().is_some_and(|code| code.start <= open);
        let formula = if is_in_code { None } else { formula_at(block, open) };
        out.push_str(&block[at..open]);
        at = match formula {
            Some((formula, dollars, end)) => {
                out.push_str(&format!("{dollars}{formula}{dollars}"));
                end
            }
            None => {
                out.push_str(&block[open..open + 2]);
                open + 2
            }
        };
    }
    out.push_str(&block[at..]);
    Cow::Owned(out)
}

/// The formula between the sign at `open` and the one that closes it, the dollars for it, and where what follows it begins.
fn formula_at(block: &str, open: usize) -> Option<(&str, &'static str, usize)> {
    let inside = block.get(open + 2..)?;
    let inside = &inside[..inside.floor_char_boundary(LONGEST)];
    let (dollars, close) = if block[open..].starts_with("\\(") { ("$", "\\)") } else { ("$$", "\\]") };
    let end = inside.find(close)?;
    let formula = inside[..end].trim();
    let is_one = !formula.is_empty() && !formula.contains('$') && !formula.contains("\n\n");
    is_one.then_some((formula, dollars, open + 2 + end + close.len()))
}

/// Where the next sign is that opens a formula: a backslash before a bracket that no backslash escapes.
fn next_open(block: &str, from: usize) -> Option<usize> {
    let bytes = block.as_bytes();
    let mut at = from;
    while let Some(found) = block.get(at..)?.find('\\') {
        at += found;
        match bytes.get(at + 1) {
            Some(b'(' | b'[') => return Some(at),
            Some(b'\\') => at += 2,
            _ => at += 1,
        }
    }
    None
}

struct Reading<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

impl Reading<'_> {
    /// Everything up to a closing sign, or to the end.
    fn until(&mut self, end: Option<char>) -> Option<String> {
        let mut out = String::new();
        loop {
            match self.rest.next() {
                None if end.is_none() => return Some(out),
                None => return None,
                Some(c) if Some(c) == end => return Some(out),
                Some('^') => {
                    let raised = self.argument()?;
                    out.push_str(&superscript(&raised).unwrap_or_else(|| format!("^{}", bracketed(&raised))));
                }
                Some('_') => {
                    let lowered = self.argument()?;
                    out.push_str(&subscript(&lowered).unwrap_or_else(|| format!("_{}", bracketed(&lowered))));
                }
                Some('{') => out.push_str(&self.group('}')?),
                // A column of a matrix, or an end that nothing began.
                Some('}' | '&' | '#' | '%') => return None,
                Some('~') => out.push(' '),
                Some('\\') => out.push_str(&self.command()?),
                Some('\'') => out.push('′'),
                Some(c) => out.push(c),
            }
        }
    }

    fn group(&mut self, end: char) -> Option<String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let text = self.until(Some(end))?;
        self.depth -= 1;
        Some(text)
    }

    /// What a command or a sign takes: a group, a command, or one character.
    fn argument(&mut self) -> Option<String> {
        while self.rest.peek() == Some(&' ') {
            self.rest.next();
        }
        match self.rest.next()? {
            '{' => self.group('}'),
            '\\' => self.command(),
            '^' | '_' | '}' | '&' => None,
            c => Some(String::from(c)),
        }
    }

    fn command(&mut self) -> Option<String> {
        let mut name = String::new();
        while let Some(c) = self.rest.peek().filter(|c| c.is_ascii_alphabetic()) {
            name.push(*c);
            self.rest.next();
        }
        if name.is_empty() {
            return match self.rest.next()? {
                ',' | ';' | ':' | ' ' => Some(String::from(" ")),
                '!' => Some(String::new()),
                c @ ('{' | '}' | '%' | '$' | '&' | '#' | '_') => Some(String::from(c)),
                '|' => Some(String::from("‖")),
                // A line of several.
                _ => None,
            };
        }
        match name.as_str() {
            "frac" | "dfrac" | "tfrac" => {
                let (above, below) = (self.argument()?, self.argument()?);
                Some(format!("{}/{}", grouped(&above), grouped(&below)))
            }
            "sqrt" => match self.rest.peek() {
                Some('[') => {
                    self.rest.next();
                    let root = superscript(&self.group(']')?)?;
                    Some(format!("{root}√{}", grouped(&self.argument()?)))
                }
                _ => Some(format!("√{}", grouped(&self.argument()?))),
            },
            "text" | "mathrm" | "operatorname" | "mathit" | "textbf" | "mathbf" | "textit" | "boxed" => self.argument(),
            "left" | "right" | "big" | "Big" | "bigg" | "Bigg" | "displaystyle" | "limits" => {
                // `\left.` stands for no bracket at all.
                if self.rest.peek() == Some(&'.') {
                    self.rest.next();
                }
                Some(String::new())
            }
            "mathbb" => symbols::double_struck(&self.argument()?),
            "quad" | "qquad" => Some(String::from("  ")),
            _ => {
                let symbol = SYMBOLS.iter().find(|(known, _)| *known == name).map(|(_, symbol)| *symbol)?;
                // A space after a word of letters belongs to its end, and says nothing.
                let is_word = symbol.chars().all(char::is_alphabetic) && symbol.chars().count() > 1;
                Some(if is_word { format!("{symbol} ") } else { symbol.to_owned() })
            }
        }
    }
}

/// In brackets, unless it is one word or number, or is in brackets already.
fn grouped(text: &str) -> String {
    let text = text.trim();
    let is_one = text.chars().all(|c| c.is_alphanumeric() || "′.√".contains(c) || symbols::is_raised(c));
    if is_one { text.to_owned() } else { format!("({text})") }
}

/// In brackets, unless it is one sign: what is raised must end where it ends.
fn bracketed(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() == 1 { text.to_owned() } else { format!("({text})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn simple_formulas_read_as_people_write_them() {
        let cases = [
            ("E = mc^2", "E = mc²"),
            (r"\frac{a}{b}", "a/b"),
            (r"\frac{-b \pm \sqrt{b^2 - 4ac}}{2a}", "(-b ± √(b² - 4ac))/2a"),
            (r"x_{1} + x_{n+1}", "x₁ + xₙ₊₁"),
            (r"\sum_{i=1}^{n} i", "∑ᵢ₌₁ⁿ i"),
            (r"\alpha \to \infty", "α → ∞"),
            (r"\forall x \in \mathbb{R}", "∀ x ∈ ℝ"),
            (r"e^{i\pi} + 1 = 0", "e^(iπ) + 1 = 0"),
            (r"\sin \theta \leq 1", "sin θ ≤ 1"),
            (r"\left( x \right)", "( x )"),
            (r"\text{speed} = \SI", ""),
            (r"\sqrt[3]{27} = 3", "³√27 = 3"),
            (r"f'(x)", "f′(x)"),
        ];
        for (formula, text) in cases {
            assert_eq!(plain(formula).unwrap_or_default(), text, "{formula}");
        }
    }

    #[test]
    fn what_is_not_simple_stays_as_it_is() {
        for formula in
            [r"\begin{pmatrix}1&2\end{pmatrix}", r"a \\ b", r"\unknown{x}", "{", "}", "x^", r"\frac{1}", "a & b"]
        {
            assert_eq!(plain(formula), None, "{formula}");
        }
        assert_eq!(plain(&"{".repeat(10_000)), None);
    }

    #[test]
    fn brackets_become_dollars_outside_of_code() {
        let cases = [
            (r"so \( x^2 \) is", "so $x^2$ is"),
            ("so \\[\nx^2\n\\] is", "so $$x^2$$ is"),
            (r"`\( x \)` and \(y_1\)", r"`\( x \)` and $y_1$"),
            (r"a \\( b \\)", r"a \\( b \\)"),
            (r"open \( only", r"open \( only"),
            ("```\n\\(x\\)\n```\n", "```\n\\(x\\)\n```\n"),
            (r"\(\)", r"\(\)"),
        ];
        for (block, with) in cases {
            assert_eq!(dollars(block), with);
        }
    }

    #[test]
    fn a_price_is_no_formula() {
        assert!(!is_formula("5-"));
        assert!(is_formula("x^2") && is_formula(r"\pi") && is_formula("n"));
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_panics(text in r"[\\{}^_$()\[\]a-c1 &é]{0,40}") {
            drop(plain(&text));
            drop(dollars(&text));
        }
    }
}
