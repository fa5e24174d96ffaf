//! Algebra in words: derivatives and simplification, which mathjs does, and what only a tool for symbolic algebra does.

use super::{
    arithmetic,
    math::{prose, says},
    message::{Datum, Kind, Message},
};

/// Words for algebra that a calculator does not do; `{}` is what it is done to.
const SYMBOLIC: &[(&str, &str)] = &[
    ("integral", "integral({})"),
    ("integrate", "integral({})"),
    ("antiderivative", "integral({})"),
    ("factor", "factor({})"),
    ("factorize", "factor({})"),
    ("factorise", "factor({})"),
    ("expand", "expand({})"),
    ("roots", "roots({})"),
    ("solve", "roots({})"),
];

/// The expression of a request for symbolic algebra, for a tool that does it: "integral of x^2" is `integral(x^2)`, and
/// an equation is solved by the roots of its difference.
pub(super) fn symbolic(message: &Message) -> Option<String> {
    let prose = prose(message);
    let (_, form) = SYMBOLIC.iter().find(|(word, _)| says(&prose, word))?;
    let subjects: Vec<&Datum> =
        message.data.iter().filter(|d| matches!(d.kind, Kind::Expression | Kind::Number) || d.is_text()).collect();
    let equals = |left: &Datum, right: &Datum| {
        message.plain(left.span.end..right.span.start).is_some_and(|between| between.trim() == "=")
    };
    let subject = match subjects.as_slice() {
        [left, right, ..] if equals(left, right) => format!("{} - ({})", left.text, right.text),
        [only, ..] if only.kind != Kind::Number => match only.text.split_once('=') {
            Some((left, right)) => format!("{} - ({})", left.trim(), right.trim()),
            None => only.text.clone(),
        },
        _ => return None,
    };
    subject.chars().any(char::is_alphabetic).then(|| form.replace("{}", &arithmetic::normalised(&subject)))
}

/// Whether a tool says that it does symbolic algebra.
pub(super) fn is_symbolic(about: &str) -> bool {
    let about = about.to_lowercase();
    about.contains("algebra") || about.contains("symbolic")
}

/// Derivatives and simplification work on an expression as text; `string` makes the answer readable.
pub(super) fn derivative(message: &Message, prose: &str) -> Option<String> {
    let derives = ["derivative", "derive", "differentiate"].iter().any(|word| says(prose, word));
    let simplifies = says(prose, "simplify") || says(prose, "simplified");
    if !derives && !simplifies {
        return None;
    }
    let subject = message.data.iter().find(|d| d.kind == Kind::Expression || (d.is_text() && !d.text.contains('"')))?;
    let subject = arithmetic::normalised(&subject.text);
    if simplifies && !derives {
        return Some(format!("string(simplify(\"{subject}\"))"));
    }
    let named = prose.split(" respect to ").nth(1).and_then(|rest| rest.split(' ').next()).filter(|v| v.len() == 1);
    let variable = named.map(str::to_owned).or_else(|| variable_of(&subject))?;
    Some(format!("string(derivative(\"{subject}\", \"{variable}\"))"))
}

fn variable_of(subject: &str) -> Option<String> {
    let mut names = subject.split(|c: char| !c.is_alphabetic()).filter(|name| name.len() == 1 && *name != "e");
    names.next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algebra_in_words_becomes_an_expression_for_a_tool_that_does_it() {
        for (text, expected) in [
            ("integral of x^2", Some("integral(x^2)")),
            ("solve 2x + 3 = 7", Some("roots(2x + 3 - (7))")),
            ("factor \"x^2 - 1\"", Some("factor(x^2 - 1)")),
            ("what is the factor between 2 and 3", None),
        ] {
            assert_eq!(symbolic(&Message::read(text)).as_deref(), expected, "{text}");
        }
    }
}
