//! Mathematics in words becomes an expression: "determinant of [[2,1],[1,3]]" is `det([[2,1],[1,3]])`.
//!
//! The expressions are those of mathjs, which other calculators mostly share. What is not understood gives nothing; no
//! expression is ever guessed.

use super::{
    algebra::{derivative, symbolic},
    arithmetic,
    message::{Datum, Kind, Message},
    units, words,
};
use serde_json::Value;

/// Words for functions of one matrix.
const OF_MATRIX: &[(&str, &str)] = &[
    ("determinant", "det"),
    ("det", "det"),
    ("inverse", "inv"),
    ("invert", "inv"),
    ("transpose", "transpose"),
    ("transposed", "transpose"),
    ("trace", "trace"),
    ("norm", "norm"),
];

/// Words for functions of a list of numbers.
const OF_LIST: &[(&str, &str)] = &[
    ("median", "median"),
    ("mode", "mode"),
    ("mean", "mean"),
    ("average", "mean"),
    ("avg", "mean"),
    ("standard deviation", "std"),
    ("stdev", "std"),
    ("std", "std"),
    ("variance", "variance"),
    ("greatest common divisor", "gcd"),
    ("gcd", "gcd"),
    ("least common multiple", "lcm"),
    ("lowest common multiple", "lcm"),
    ("lcm", "lcm"),
    ("product", "prod"),
    ("sum", "sum"),
    ("total", "sum"),
    ("add up", "sum"),
    ("maximum", "max"),
    ("largest", "max"),
    ("biggest", "max"),
    ("highest", "max"),
    ("minimum", "min"),
    ("smallest", "min"),
    ("lowest", "min"),
];

/// Words for functions of one number; `{}` is the number.
const OF_NUMBER: &[(&str, &str)] = &[
    ("square root", "sqrt({})"),
    ("sqrt", "sqrt({})"),
    ("cube root", "cbrt({})"),
    ("factorial", "factorial({})"),
    ("absolute value", "abs({})"),
    ("natural logarithm", "log({})"),
    ("natural log", "log({})"),
    ("log10", "log10({})"),
    ("log2", "log2({})"),
    ("logarithm", "log({})"),
    ("exponential", "exp({})"),
    ("squared", "{}^2"),
    ("square of", "{}^2"),
    ("cubed", "{}^3"),
    ("cube of", "{}^3"),
    ("sine", "sin({})"),
    ("sin", "sin({})"),
    ("cosine", "cos({})"),
    ("cos", "cos({})"),
    ("tangent", "tan({})"),
    ("tan", "tan({})"),
];

/// Words between two numbers.
const BETWEEN: &[(&str, &str)] = &[
    ("plus", " + "),
    ("minus", " - "),
    ("times", " * "),
    ("multiplied by", " * "),
    ("divided by", " / "),
    ("over", " / "),
    ("to the power of", "^"),
    ("raised to", "^"),
    ("raised to the power of", "^"),
    ("modulo", " % "),
    ("mod", " % "),
];

/// The expression that a message asks to compute, if it asks for one.
pub(super) fn expression(message: &Message) -> Option<String> {
    let prose = prose(message);
    if symbolic(message).is_some() {
        return None;
    }
    unit_conversion(message)
        .or_else(|| percent(message, &prose))
        .or_else(|| derivative(message, &prose))
        .or_else(|| of_matrix(message, &prose))
        .or_else(|| of_list(message, &prose))
        .or_else(|| of_number(message, &prose))
        .or_else(|| verb(message, &prose))
        .or_else(|| between(message))
        .or_else(|| standing(message))
}

/// The words around the values, set between blanks.
pub(super) fn prose(message: &Message) -> String {
    format!(" {} ", words::split(&message.prose()).join(" "))
}

pub(super) fn says(prose: &str, phrase: &str) -> bool {
    prose.contains(&format!(" {phrase} "))
}

fn numbers(message: &Message) -> Vec<&Datum> {
    message.data.iter().filter(|datum| datum.kind == Kind::Number).collect()
}

fn unit_conversion(message: &Message) -> Option<String> {
    for datum in numbers(message) {
        let tail = message.text.get(datum.span.end..)?;
        let Some((from, rest)) = units::leading(tail) else { continue };
        let rest = rest.trim_start();
        let target = ["to ", "in ", "into ", "as "].iter().find_map(|word| rest.strip_prefix(word));
        let to = match target {
            Some(target) => units::leading(target).map(|(unit, _)| unit),
            // "how many km are in 5 miles"
            None => many_of(message, datum),
        };
        if let Some(to) = to.filter(|to| units::is_time(to) == units::is_time(from)) {
            return Some(format!("{} {from} to {to}", datum.text.replace(',', "")));
        }
    }
    None
}

fn many_of(message: &Message, datum: &Datum) -> Option<&'static str> {
    let head = message.text.get(..datum.span.start)?.to_lowercase();
    let (_, asked) = head.rsplit_once("how many ").or_else(|| head.rsplit_once("how much "))?;
    units::leading(asked).map(|(unit, _)| unit)
}

fn percent(message: &Message, prose: &str) -> Option<String> {
    let numbers = numbers(message);
    let [first, second] = numbers.as_slice() else { return None };
    let marked = |datum: &Datum| {
        let tail = message.text.get(datum.span.end..).unwrap_or_default().trim_start();
        tail.starts_with('%') || tail.starts_with("percent") || tail.starts_with("per cent")
    };
    let (a, b) = (first.text.replace(',', ""), second.text.replace(',', ""));
    if marked(first) {
        let between = message.text.get(first.span.end..second.span.start)?;
        return if between.contains(" off") {
            Some(format!("{b} * (1 - {a} / 100)"))
        } else if between.contains(" of") {
            Some(format!("{a} / 100 * {b}"))
        } else {
            None
        };
    }
    let share = says(prose, "what percent") || says(prose, "what percentage") || says(prose, "percentage");
    share.then(|| format!("{a} / {b} * 100"))
}

fn arrays(message: &Message) -> Vec<(&Datum, Vec<Value>)> {
    let array = |datum: &Datum| match datum.json() {
        Some(Value::Array(items)) if !items.is_empty() => Some(items),
        _ => None,
    };
    message.data.iter().filter_map(|datum| array(datum).map(|items| (datum, items))).collect()
}

fn of_matrix(message: &Message, prose: &str) -> Option<String> {
    let arrays = arrays(message);
    let first = &arrays.first()?.0.text;
    if let [_, second] = arrays.as_slice() {
        let second = &second.0.text;
        let pairs: &[(&str, String)] = &[
            ("dot", format!("dot({first}, {second})")),
            ("cross", format!("cross({first}, {second})")),
            ("multiply", format!("{first} * {second}")),
            ("times", format!("{first} * {second}")),
            ("product", format!("{first} * {second}")),
            ("add", format!("{first} + {second}")),
            ("plus", format!("{first} + {second}")),
            ("sum", format!("{first} + {second}")),
            ("subtract", format!("{first} - {second}")),
            ("minus", format!("{first} - {second}")),
        ];
        return pairs.iter().find(|(word, _)| says(prose, word)).map(|(_, expression)| expression.clone());
    }
    if says(prose, "eigenvalues") || says(prose, "eigenvalue") {
        return Some(format!("eigs({first}).values"));
    }
    OF_MATRIX.iter().find(|(word, _)| says(prose, word)).map(|(_, function)| format!("{function}({first})"))
}

fn of_list(message: &Message, prose: &str) -> Option<String> {
    let (_, function) = OF_LIST.iter().find(|(word, _)| says(prose, word))?;
    let list = number_list(message)?;
    Some(match *function {
        // These take their numbers one by one.
        "gcd" | "lcm" => format!("{function}({})", list.join(", ")),
        _ => format!("{function}([{}])", list.join(", ")),
    })
}

/// The list of at least two numbers that a message holds: a JSON array, or figures one after the other.
pub(super) fn number_list(message: &Message) -> Option<Vec<String>> {
    let from_json = arrays(message).into_iter().find_map(|(_, items)| {
        items.iter().all(Value::is_number).then(|| items.iter().map(Value::to_string).collect::<Vec<_>>())
    });
    let list = from_json.unwrap_or_else(|| {
        let block =
            message.data.iter().find(|d| matches!(d.kind, Kind::Stdin | Kind::Fence(_))).map(|d| numbers_of(&d.text));
        match block.flatten() {
            Some(list) => list,
            None => numbers(message).iter().map(|datum| datum.text.replace(',', "")).collect(),
        }
    });
    (list.len() >= 2).then_some(list)
}

/// The numbers of a text that holds nothing else.
fn numbers_of(text: &str) -> Option<Vec<String>> {
    let parts =
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '[' | ']')).filter(|part| !part.is_empty());
    parts.map(|part| part.parse::<f64>().ok().filter(|n| n.is_finite()).map(|_| part.to_owned())).collect()
}

fn of_number(message: &Message, prose: &str) -> Option<String> {
    if let [first, second] = numbers(message).as_slice() {
        let between = message.plain(first.span.end..second.span.start).map(str::trim);
        if between == Some("choose") {
            return Some(format!("combinations({}, {})", first.text, second.text));
        }
        if between == Some("of") && (says(prose, "log base") || says(prose, "logarithm base")) {
            return Some(format!("log({}, {})", second.text, first.text));
        }
    }
    if let ([number, places], true) = (numbers(message).as_slice(), says(prose, "round") || says(prose, "rounded")) {
        return Some(format!("round({}, {})", number.text, places.text));
    }
    if let [only] = numbers(message).as_slice()
        && message.text.get(only.span.end..)?.starts_with('!')
        && ["compute", "calculate", "evaluate", "what"].iter().any(|word| says(prose, word))
    {
        return Some(format!("factorial({})", only.text));
    }
    let (_, form) = OF_NUMBER.iter().find(|(word, _)| says(prose, word))?;
    let subject = message.data.iter().find(|d| matches!(d.kind, Kind::Number | Kind::Expression))?;
    let mut number = arithmetic::normalised(&subject.text.replace(',', ""));
    let wraps = form.starts_with("sin") || form.starts_with("cos") || form.starts_with("tan");
    let tail = message.text.get(subject.span.end..).unwrap_or_default().trim_start();
    if wraps && (tail.starts_with("deg") || tail.starts_with('°')) {
        number += " deg";
    }
    if form.starts_with("{}") && subject.kind == Kind::Expression {
        number = format!("({number})");
    }
    Some(form.replace("{}", &number))
}

/// "divide 144 by 12": a verb before two numbers.
fn verb(message: &Message, prose: &str) -> Option<String> {
    let numbers = numbers(message);
    let [first, second] = numbers.as_slice() else { return None };
    let joint = message.plain(first.span.end..second.span.start)?.trim();
    let (a, b) = (first.text.replace(',', ""), second.text.replace(',', ""));
    match joint {
        "by" if says(prose, "divide") => Some(format!("{a} / {b}")),
        "by" | "and" | "with" if says(prose, "multiply") => Some(format!("{a} * {b}")),
        "and" | "to" if says(prose, "add") => Some(format!("{a} + {b}")),
        "from" if says(prose, "subtract") => Some(format!("{b} - {a}")),
        _ => None,
    }
}

fn between(message: &Message) -> Option<String> {
    let numbers: Vec<&Datum> =
        message.data.iter().filter(|d| matches!(d.kind, Kind::Number | Kind::Expression)).collect();
    let mut expression = numbers.first()?.text.replace(',', "");
    for pair in numbers.windows(2) {
        let [left, right] = pair else { return None };
        let words = message.plain(left.span.end..right.span.start)?.trim().to_lowercase();
        let (_, operator) = BETWEEN.iter().find(|(word, _)| *word == words)?;
        expression.push_str(operator);
        expression.push_str(&right.text.replace(',', ""));
    }
    (numbers.len() >= 2).then(|| arithmetic::normalised(&expression))
}

/// Arithmetic that stands openly; not inside a longer text, which it is only a part of ("run: echo $((6*7))").
fn standing(message: &Message) -> Option<String> {
    let is_part =
        |datum: &Datum| message.data.iter().any(|d| d.kind == Kind::Tail && d.text != datum.text && d.overlaps(datum));
    // What stands between quotation marks may be anything with hyphens; then the request has to ask for a sum.
    let asks = words::content(&prose(message))
        .iter()
        .all(|word| ["evaluate", "expression", "math", "result"].contains(&word.as_str()));
    let is_sum = |datum: &&Datum| {
        (datum.kind == Kind::Expression && !is_part(datum))
            || (asks && datum.is_text() && arithmetic::is_whole(&datum.text))
    };
    message.data.iter().find(is_sum).map(|datum| arithmetic::normalised(&datum.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mathematics_in_words_becomes_an_expression() {
        for (text, expected) in [
            ("what is the determinant of [[2,1],[1,3]]?", "det([[2,1],[1,3]])"),
            ("Inverse of the matrix [[2, 1], [1, 3]]", "inv([[2, 1], [1, 3]])"),
            ("multiply [[1,2],[3,4]] by [[5],[6]]", "[[1,2],[3,4]] * [[5],[6]]"),
            ("dot product of [1,2,3] and [4,5,6]", "dot([1,2,3], [4,5,6])"),
            ("eigenvalues of [[2,0],[0,3]]", "eigs([[2,0],[0,3]]).values"),
            ("what is 2*(3+4)^2?", "2*(3+4)^2"),
            ("square root of 144", "sqrt(144)"),
            ("sqrt of 2", "sqrt(2)"),
            ("median of 3, 5, 1 and 9", "median([3, 5, 1, 9])"),
            ("what's the average of [1, 2, 6]?", "mean([1, 2, 6])"),
            ("standard deviation of 2 4 4 4 5 5 7 9", "std([2, 4, 4, 4, 5, 5, 7, 9])"),
            ("gcd of 12 and 18", "gcd(12, 18)"),
            ("least common multiple of 4 and 6", "lcm(4, 6)"),
            ("derivative of x^2 + 3x", "string(derivative(\"x^2 + 3x\", \"x\"))"),
            ("differentiate \"sin(t) * t\" with respect to t", "string(derivative(\"sin(t) * t\", \"t\"))"),
            ("simplify 2x + 3x", "string(simplify(\"2x + 3x\"))"),
            ("convert 5 miles to km", "5 mile to km"),
            ("5km in miles", "5 km to mile"),
            ("how many feet are in 3 meters?", "3 m to ft"),
            ("20 degrees celsius to fahrenheit", "20 degC to degF"),
            ("what is 15% of 80", "15 / 100 * 80"),
            ("5% of 2,000", "5 / 100 * 2000"),
            ("20% off 50", "50 * (1 - 20 / 100)"),
            ("20 is what percent of 80", "20 / 80 * 100"),
            ("factorial of 10", "factorial(10)"),
            ("10 choose 3", "combinations(10, 3)"),
            ("sine of 30 degrees", "sin(30 deg)"),
            ("12 squared", "12^2"),
            ("2 to the power of 10", "2^10"),
            ("1,200 divided by 3", "1200 / 3"),
            ("what is 2 plus 3 times 4", "2 + 3 * 4"),
            ("log base 2 of 8", "log(8, 2)"),
            ("evaluate `sqrt(16) + 2`", "sqrt(16) + 2"),
            ("divide 144 by 12", "144 / 12"),
            ("subtract 3 from 10", "10 - 3"),
            ("compute 10!", "factorial(10)"),
            ("round 3.14159 to 2 digits", "round(3.14159, 2)"),
            ("what is (1+2) times 3", "(1+2) * 3"),
        ] {
            let found = expression(&Message::read(text));
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_mathematics_gives_no_expression() {
        for text in [
            "what does this word mean",
            "parse this csv:\na,b\n1,2",
            "slugify Hello World 2024",
            "diff of \"a\" and \"b\"",
            "is 1.2.3 in ^1.0.0",
            "format 2024-01-05 as DD.MM.YYYY",
            "explain cron 0 9 * * 1-5",
            "is \"978-3-16-148410-0\" a valid ISBN?",
            "",
        ] {
            assert_eq!(expression(&Message::read(text)), None, "{text}");
        }
    }
}
