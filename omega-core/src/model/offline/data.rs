//! Structured data: converting it from one format to another, and asking it simple questions.
//!
//! Every format is read by one tool and written by another; JSON needs none to be read. A question keeps the format of what
//! was given.

use super::{
    lexer,
    lexicon::lexicon,
    message::{Datum, Kind, Message, Token, TokenKind, phrases},
    recipe::{Gives, named, plain as plain_text},
    slots::{Given, number},
    step::Step,
    understand::Earlier,
};
use serde_json::{Map, Value, json};

/// Formats by name; the recipes `read-` and `write-` of that name go with them.
const FORMATS: &[&str] = &["json", "csv", "tsv", "yaml", "toml", "ini", "xml", "query-string"];

/// What words about data mean.
const MEANINGS: &str = "sort descending ascending mean total maximum minimum median how-many rows keys-of where keep extract \
                        convert from";

/// What is asked of data.
#[derive(Debug, Default)]
struct Asked {
    formats: Vec<&'static str>,
    fields: Vec<String>,
    /// Meanings that were said.
    said: Vec<&'static str>,
    path: Option<String>,
    comparison: Option<(&'static str, String)>,
}

/// The steps that a request about data asks for, when it asks for nothing else.
pub(super) fn steps(
    message: &Message,
    tokens: &[Token],
    earlier: &Earlier,
    block: Option<&Datum>,
) -> Option<Vec<Step>> {
    let own = own_block(message, tokens);
    let result = earlier.result.as_ref().map(|text| Given::result(text).datum).filter(is_structured);
    let block = own.clone().map(|(block, _)| block).or(result).or_else(|| block.cloned())?;
    let head = own.map_or(tokens.len(), |(_, head)| head);
    let fields = fields(&block);
    let asked = asked(message, &tokens[..head], &fields)?;
    let from = source(&block, &asked)?;
    match question(&asked, &block) {
        Some(expression) => queried(&block, from, &expression),
        None => converted(&block, from, &asked),
    }
}

/// The step that writes the structured result of the step before in another format, when that is all that is asked.
pub(super) fn piped(message: &Message, tokens: &[Token], earlier: &Earlier) -> Option<Step> {
    let before = earlier.step.as_ref().filter(|step| step.recipe.gives == Gives::Any)?;
    let asked = asked(message, tokens, &[])?;
    let ([to], true) = (
        asked.formats.as_slice(),
        asked.said.iter().all(|said| matches!(*said, "convert" | "from")) && asked.path.is_none(),
    ) else {
        return None;
    };
    written(&Datum::new(Kind::Words, ""), to, std::slice::from_ref(before))
}

/// Whether a text is data of a known format.
fn is_structured(datum: &Datum) -> bool {
    matches!(language(datum), Some("json" | "csv" | "tsv" | "yaml" | "toml" | "xml"))
}

/// The block of the message itself, and where the words about it end.
fn own_block(message: &Message, tokens: &[Token]) -> Option<(Datum, usize)> {
    let stands_free = |token: &Token| !message.text[..token.span.start].ends_with(char::is_alphanumeric);
    let place = tokens
        .iter()
        .position(|token| message.datum(token).is_some_and(|datum| datum.is_block()) && stands_free(token));
    if let Some(at) = place {
        let alone = tokens[at + 1..].iter().all(|token| !matches!(token.kind, TokenKind::Datum(_)));
        let head = if at + 1 == tokens.len() { at } else { tokens.len() };
        return message.datum(&tokens[at]).cloned().filter(|_| alone).map(|datum| (datum, head));
    }
    // "parse this query string: a=1&b=2"
    let colon = tokens.iter().position(|token| token.key == ":" && token.kind == TokenKind::Sign)?;
    let (first, last) = (tokens.get(colon + 1)?, tokens.last()?);
    let text = message.text.get(first.span.start..last.span.end)?;
    // "yaml a: 1 to toml" asks on behind the data.
    let asks_on = FORMATS.iter().any(|format| lexicon().meanings(&last.key).contains(format));
    (first.span.start > tokens[colon].span.end && !asks_on).then(|| (Datum::new(Kind::Tail, text), colon))
}

fn asked(message: &Message, tokens: &[Token], fields: &[String]) -> Option<Asked> {
    let mut asked = Asked::default();
    let goes_on = tokens.first().is_some_and(|first| lexicon().meanings(&first.key).contains(&"and"));
    let mut at = usize::from(goes_on);
    while at < tokens.len() {
        let token = &tokens[at];
        if message.datum(token).is_some_and(Datum::is_block) {
            at += 1;
            continue;
        }
        let chunk = tokens[at..].iter().take_while(|next| next.chunk == token.chunk).count();
        let written = message.written(&tokens[at..at + chunk]).trim_end_matches(['?', ',']);
        if written.len() > 1 && (written.starts_with('.') || written.starts_with("$.")) && asked.path.is_none() {
            asked.path = Some(written.trim_start_matches('$').trim_start_matches('.').to_owned());
            at += chunk;
            continue;
        }
        let begins = written
            .split_once('.')
            .is_some_and(|(first, rest)| !rest.is_empty() && fields.iter().any(|field| field == first));
        if begins && asked.path.is_none() {
            asked.path = Some(written.to_owned());
            at += chunk;
            continue;
        }
        if let Some((comparison, length)) =
            comparison(message, &tokens[at..]).filter(|_| asked.fields.len() == 1 && asked.comparison.is_none())
        {
            asked.comparison = Some(comparison);
            at += length;
            continue;
        }
        at += piece(message, &tokens[at..], fields, &mut asked)?;
    }
    Some(asked)
}

/// Takes a field's name, a format, a meaning or dress; nothing when a word is none of them.
fn piece(message: &Message, tokens: &[Token], fields: &[String], asked: &mut Asked) -> Option<usize> {
    for (length, _, all) in phrases(tokens) {
        let written = message.written(&tokens[..length]).trim_matches(['"', '\'']);
        let quoted = message.datum(&tokens[0]).map(|datum| datum.text.clone()).filter(|_| length == 1);
        let name = quoted.as_deref().unwrap_or(written);
        // "And total it": what is asked first is no field, though there may be one of that name.
        let meant: Vec<&str> = MEANINGS.split(' ').filter(|meaning| all.contains(meaning)).collect();
        let called = |name: &str| fields.iter().find(|field| field.eq_ignore_ascii_case(name));
        let field = called(name).or_else(|| called(name.strip_suffix('s')?));
        if let Some(field) = field.filter(|_| meant.is_empty() || !asked.said.is_empty()) {
            asked.fields.push(field.clone());
            return Some(length);
        }
        if let Some(format) = FORMATS.iter().copied().chain(["table"]).find(|format| all.contains(format)) {
            asked.formats.push(format);
            return Some(length);
        }
        if !meant.is_empty() {
            asked.said.extend(meant);
            return Some(length);
        }
        let dress = ["it", "object", "column", "number", "back"];
        if all.iter().any(|name| name.starts_with('-') || dress.contains(name)) || length == 1 && tokens[0].is_pause() {
            return Some(length);
        }
    }
    None
}

/// A comparison with a value that begins here: "> 30", "is Berlin".
fn comparison(message: &Message, tokens: &[Token]) -> Option<((&'static str, String), usize)> {
    let sign = |all: &[&'static str]| all.iter().find_map(|name| name.strip_prefix("compare:"));
    let (sign, length) = phrases(tokens).find_map(|(length, _, all)| Some((sign(all)?, length)))?;
    let value = tokens.get(length)?;
    let literal = match value.kind {
        TokenKind::Number => format!("`{}`", message.written(&tokens[length..=length]).replace(',', "")),
        TokenKind::Word => raw(message.written(&tokens[length..=length])),
        TokenKind::Datum(_) => raw(&message.datum(value)?.text),
        TokenKind::Sign => return None,
    };
    Some(((sign, literal), length + 1))
}

/// A text as JMESPath writes it.
fn raw(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Whether every figure of a CSV is written as a number is.
fn cells_are_plain(block: &Datum) -> bool {
    let cells = block.text.split([',', ';', '\t', '\n']).map(|cell| cell.trim().trim_matches('"'));
    let plain = |cell: &str| cell.parse::<f64>().map_or(true, |figure| plain_text(&number(figure)) == cell);
    cells.into_iter().all(plain)
}

/// The names of the columns or of the top fields.
fn fields(block: &Datum) -> Vec<String> {
    let of = |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
    match block.json() {
        Some(Value::Array(items)) => items.first().and_then(of).unwrap_or_default(),
        Some(value) => of(&value).unwrap_or_default(),
        None => columns(block).unwrap_or_default(),
    }
}

/// The columns' names of a CSV: its first line, when no cell of it is a figure.
fn columns(block: &Datum) -> Option<Vec<String>> {
    let line = block.text.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty())?;
    let separator = [',', ';', '\t'].into_iter().max_by_key(|separator| line.matches(*separator).count())?;
    let cells: Vec<String> = line.split(separator).map(|cell| cell.trim().trim_matches('"').to_owned()).collect();
    cells.iter().all(|cell| !cell.is_empty() && cell.parse::<f64>().is_err()).then_some(cells)
}

/// The language of a block, those that only this module tells apart too.
fn language(block: &Datum) -> Option<&'static str> {
    let tagged = block.language();
    if let Some(found) = FORMATS.iter().copied().find(|format| tagged.as_deref() == Some(format)) {
        return Some(found);
    }
    if tagged.is_some() {
        return None;
    }
    let lines: Vec<&str> =
        block.text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])).collect();
    let pair = |line: &&str| {
        line.starts_with('[') && line.ends_with(']')
            || line.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty() && !key.contains('&'))
    };
    let typed = |line: &&str| match line.split_once('=').map(|(_, value)| value.trim()) {
        Some(value) => {
            value.starts_with(['"', '\'', '[', '{'])
                || value == "true"
                || value == "false"
                || value.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        }
        None => true,
    };
    let is_list = !lines.is_empty() && lines.iter().all(pair) && lines.iter().any(|line| line.contains('='));
    match is_list && !lines[0].contains('&') {
        true if lines.iter().all(typed) => Some("toml"),
        true if lines[0].starts_with('[') => Some("ini"),
        _ => None,
    }
}

/// What format the data has: by its looks, unless the request says another that it can be.
fn source(block: &Datum, asked: &Asked) -> Option<&'static str> {
    let looks = language(block);
    let said = asked.formats.first().copied().filter(|format| *format != "table");
    match (looks, said) {
        (Some("toml"), Some("ini")) => Some("ini"),
        (_, Some("xml")) if block.text.trim_start().starts_with('<') => Some("xml"),
        (Some(looks), _) => Some(looks),
        // A text of no known looks is what it is said to be, when something else is wanted or it is to be read.
        (None, Some(said)) if lexer::sniff(&block.text).is_none() && block.kind != Kind::Braced && said != "json" => {
            (asked.formats.len() > 1 || asked.said.contains(&"convert")).then_some(said)
        }
        (None, _) => None,
    }
}

fn converted(block: &Datum, from: &'static str, asked: &Asked) -> Option<Vec<Step>> {
    let only_formats = asked.fields.is_empty()
        && asked.path.is_none()
        && asked.said.iter().all(|said| matches!(*said, "convert" | "from"));
    let others: Vec<&str> = asked.formats.iter().copied().filter(|format| *format != from).collect();
    let to = match (others.as_slice(), asked.formats.as_slice()) {
        ([one], _) => one,
        // "parse this CSV"
        ([], [_]) if from != "json" && asked.said.contains(&"convert") => "json",
        _ => return None,
    };
    // "yaml to json" of what is JSON already asks for something else.
    let backwards = asked.formats.len() == 2 && asked.formats[0] != from && !asked.said.contains(&"from");
    if !only_formats || backwards || asked.formats.len() > 2 {
        return None;
    }
    if to == "table" {
        return table(block, from);
    }
    let mut steps: Vec<Step> = read(block, from, false).into_iter().collect();
    steps.extend(written(block, to, &steps));
    (!steps.is_empty() && may_be(block, from, to)).then_some(steps)
}

/// Whether JSON that is there already can be written in the format at all.
fn may_be(block: &Datum, from: &str, to: &str) -> bool {
    if from != "json" {
        return true;
    }
    let Some(value) = block.json() else { return false };
    match to {
        "csv" => is_rows(&value),
        "toml" | "ini" | "query-string" => value.is_object(),
        "xml" => value.as_object().is_some_and(|object| object.len() == 1),
        "tsv" => false,
        _ => true,
    }
}

/// Rows of scalars under the same names.
pub(super) fn is_rows(value: &Value) -> bool {
    let flat = |row: &Value| {
        row.as_object()
            .is_some_and(|row| !row.is_empty() && row.values().all(|cell| !cell.is_array() && !cell.is_object()))
    };
    value.as_array().is_some_and(|rows| !rows.is_empty() && rows.iter().all(flat))
}

/// A Markdown table of rows.
fn table(block: &Datum, from: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    if matches!(from, "csv" | "tsv") {
        steps.push(step("cells", "text", Some(json!(block.text)))?);
    } else {
        if from == "json" && !block.json().is_some_and(|value| is_rows(&value)) {
            return None;
        }
        steps.extend(read(block, from, false));
        steps.extend(written(block, "csv", &steps));
        steps.push(step("cells", "text", None)?);
    }
    steps.push(step("table", "prev", None)?);
    Some(steps)
}

/// A step with a value in its slot, or with the result of the step before.
fn step(id: &str, slot: &str, value: Option<Value>) -> Option<Step> {
    let recipe = named(id)?.clone();
    let kind = recipe.slots.get(slot).and_then(Value::as_str).unwrap_or("value").to_owned();
    let piped = value.is_none().then(|| (slot.to_owned(), kind));
    let slots = value.map(|value| Map::from_iter([(slot.to_owned(), value)])).unwrap_or_default();
    Some(Step { recipe, slots, piped, borrowed: false })
}

/// The step that reads the data; none for JSON. Figures of a CSV are numbers only where they are counted with.
fn read(block: &Datum, from: &str, counts: bool) -> Option<Step> {
    let mut step = step(&format!("read-{from}"), "text", Some(json!(block.text)))?;
    if matches!(from, "csv" | "tsv") {
        step.recipe.input["options"]["header"] = json!(columns(block).is_some());
        if counts {
            step.recipe.input["options"]["dynamicTyping"] = json!(true);
        }
    }
    Some(step)
}

/// The step that writes a value, which is the data itself when nothing had to be read.
fn written(block: &Datum, to: &str, before: &[Step]) -> Option<Step> {
    let value = if before.is_empty() { Some(block.json()?) } else { None };
    let value = value.map(|value| if to == "xml" { json!(value.to_string()) } else { value });
    step(&format!("write-{to}"), "prev", value)
}

/// The JMESPath expression of a question about the data, when it is one.
fn question(asked: &Asked, block: &Datum) -> Option<String> {
    let is = |meaning: &str| asked.said.contains(&meaning);
    let list = !matches!(block.json(), Some(Value::Object(_)));
    let field = asked.fields.first().map(|field| format!("\"{}\"", field.replace('\\', "\\\\").replace('"', "\\\"")));
    if asked.fields.len() > 1
        || !asked.formats.is_empty() && !asked.formats.iter().all(|format| Some(*format) == language(block))
    {
        return None;
    }
    // Every meaning that was said has a part in the question.
    let only = |allowed: &[&str]| asked.said.iter().all(|said| allowed.contains(said) || *said == "from");
    if let Some(path) = &asked.path {
        return only(&["extract", "keep"]).then(|| path.clone());
    }
    let field = match field {
        Some(field) => field,
        None if is("keys-of") && is("how-many") && only(&["keys-of", "how-many"]) => {
            return Some(if list { "[0] | length(keys(@))".into() } else { "length(keys(@))".into() });
        }
        None if is("keys-of") && only(&["keys-of", "extract"]) => {
            return Some(if list { "[0] | keys(@)".into() } else { "keys(@)".into() });
        }
        None if is("how-many") && is("rows") && list && only(&["how-many", "rows"]) => return Some("length(@)".into()),
        None => return None,
    };
    let compared = asked.comparison.as_ref().is_none_or(|(_, value)| value.starts_with('`'));
    let by = if compared && is_figures_as_text(block, &asked.fields) {
        format!("to_number({field})")
    } else {
        field.clone()
    };
    if let Some((sign, value)) = &asked.comparison {
        let counts = is("how-many") && is("rows");
        let rows = format!("[?{by} {sign} {value}]");
        return (list && only(&["where", "rows", "keep", "how-many", "extract"]))
            .then(|| if counts { format!("length({rows})") } else { rows });
    }
    let of = [("mean", "avg"), ("total", "sum"), ("maximum", "max"), ("minimum", "min")];
    let functions: Vec<&str> = of.iter().filter(|(meaning, _)| is(meaning)).map(|(_, function)| *function).collect();
    match functions.as_slice() {
        [function] if list && only(&["mean", "total", "maximum", "minimum"]) => Some(format!("{function}([*].{by})")),
        [] if is("sort") && list && only(&["sort", "ascending", "descending", "rows"]) => {
            let sorted = format!("sort_by(@, &{by})");
            Some(if is("descending") { format!("reverse({sorted})") } else { sorted })
        }
        [] if only(&["extract", "keep"]) => Some(if list { format!("[*].{field}") } else { field }),
        _ => None,
    }
}

/// Whether a field holds figures that are written as text, which have another order than numbers.
fn is_figures_as_text(block: &Datum, fields: &[String]) -> bool {
    let rows = block.json().unwrap_or_default();
    let cell = |row: &'_ Value| row.get(fields.first()?)?.as_str()?.trim().parse::<f64>().ok();
    rows.as_array().is_some_and(|rows| rows.iter().any(|row| cell(row).is_some()))
}

/// Reads the data, asks it, and writes rows back in the format they came in.
fn queried(block: &Datum, from: &'static str, expression: &str) -> Option<Vec<Step>> {
    let mut steps: Vec<Step> = read(block, from, true).into_iter().collect();
    let rows = expression.starts_with("sort_by") || expression.starts_with("reverse") || expression.starts_with("[?");
    let list = expression.starts_with("[*]") || expression.ends_with("| keys(@)") || expression == "keys(@)";
    // Rows come back as they were: no figure of them may be written otherwise, as `007` or `1.50` would be.
    if rows && from == "csv" && !cells_are_plain(block) {
        return None;
    }
    let gives = match expression.trim_start_matches("[0] | ").split('(').next() {
        Some("avg" | "sum" | "max" | "min" | "length") => Gives::Number,
        _ => Gives::Any,
    };
    let value = if steps.is_empty() { Some(block.json()?) } else { None };
    let mut ask = step("ask", "prev", value)?;
    ask.slots.insert("expression".into(), json!(expression));
    ask.recipe.gives = gives;
    ask.recipe.lines = list.then(String::new);
    ask.recipe.none = if rows { "No row is like that." } else { "It has no such field." }.into();
    steps.push(ask);
    if rows && from == "csv" {
        steps.extend(written(block, "csv", &steps));
    }
    Some(steps)
}
