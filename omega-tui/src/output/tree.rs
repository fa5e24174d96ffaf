//! JSON to fold and unfold, each of its values with its path. Unfolded and without the marks it is JSON again.

use crate::{blob::shorten, clean::clean, highlight::Kind, theme::Theme, wrap::fit};
use ratatui::text::{Line, Span};
use serde_json::Value;
use std::collections::HashSet;

/// Values deeper than this begin folded.
const OPEN: usize = 3;
/// And those with more members, but for the outermost.
const MANY: usize = 200;
/// Lines that are made at most: more than anybody scrolls through.
const MOST: usize = 200_000;

/// A line of the tree: which value it belongs to, and how it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Keys and indices from the outermost value, as JSON Pointer has them.
    pub pointer: String,
    depth: usize,
    /// The key or nothing.
    name: Option<String>,
    part: Part,
    /// Whether a comma follows.
    comma: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Open(&'static str),
    Close(&'static str),
    /// Folded: brackets, and how much is within.
    Folded(&'static str, usize, &'static str),
    Leaf,
}

#[derive(Debug)]
pub struct Tree {
    value: Value,
    /// The pointers whose fold is not the one that they begin with.
    turned: HashSet<String>,
    all_open: Option<bool>,
    nodes: Vec<Node>,
}

impl Tree {
    pub fn of(value: Value) -> Self {
        let mut tree = Self { value, turned: HashSet::new(), all_open: None, nodes: Vec::new() };
        tree.list();
        tree
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The value at a line.
    pub fn value_at(&self, line: usize) -> Option<&Value> {
        self.value.pointer(&self.nodes.get(line)?.pointer)
    }

    /// The path of the value at a line, as jq writes it.
    pub fn path_at(&self, line: usize) -> Option<String> {
        Some(path(&self.nodes.get(line)?.pointer, &self.value))
    }

    /// Folds or unfolds the value at a line. False where there is nothing to fold.
    pub fn fold(&mut self, line: usize) -> bool {
        let Some(node) = self.nodes.get(line).filter(|node| node.part != Part::Leaf) else { return false };
        let pointer = node.pointer.clone();
        if !self.turned.remove(&pointer) {
            self.turned.insert(pointer);
        }
        self.list();
        true
    }

    /// Unfolds everything.
    pub fn open_all(&mut self) {
        self.all_open = None;
        self.fold_all();
    }

    /// Unfolds everything, or folds everything but the outermost.
    pub fn fold_all(&mut self) {
        self.all_open = Some(self.all_open != Some(true));
        self.turned.clear();
        self.list();
    }

    fn list(&mut self) {
        let mut nodes = Vec::new();
        self.walk(&self.value, String::new(), None, 0, false, &mut nodes);
        self.nodes = nodes;
    }

    fn is_open(&self, pointer: &str, depth: usize, members: usize) -> bool {
        let begins = self.all_open.unwrap_or(depth < OPEN && members <= MANY) || depth == 0;
        begins != self.turned.contains(pointer)
    }

    fn walk(
        &self,
        value: &Value,
        pointer: String,
        name: Option<String>,
        depth: usize,
        comma: bool,
        nodes: &mut Vec<Node>,
    ) {
        if nodes.len() >= MOST {
            return;
        }
        let (open, close, members) = match value {
            Value::Array(list) if !list.is_empty() => ("[", "]", list.len()),
            Value::Object(fields) if !fields.is_empty() => ("{", "}", fields.len()),
            _ => {
                nodes.push(Node { pointer, depth, name, part: Part::Leaf, comma });
                return;
            }
        };
        if !self.is_open(&pointer, depth, members) {
            nodes.push(Node { pointer, depth, name, part: Part::Folded(open, members, close), comma });
            return;
        }
        nodes.push(Node { pointer: pointer.clone(), depth, name, part: Part::Open(open), comma: false });
        match value {
            Value::Array(list) => {
                for (at, value) in list.iter().enumerate() {
                    self.walk(value, format!("{pointer}/{at}"), None, depth + 1, at + 1 < members, nodes);
                }
            }
            Value::Object(fields) => {
                for (at, (key, value)) in fields.iter().enumerate() {
                    let inner = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                    self.walk(value, inner, Some(key.clone()), depth + 1, at + 1 < members, nodes);
                }
            }
            _ => {}
        }
        nodes.push(Node { pointer, depth, name: None, part: Part::Close(close), comma });
    }

    /// One line of it, as text.
    pub fn text(&self, line: usize) -> String {
        let Some(node) = self.nodes.get(line) else { return String::new() };
        self.pieces(node).into_iter().map(|(_, text)| text).collect()
    }

    fn pieces(&self, node: &Node) -> Vec<(Kind, String)> {
        let mut pieces = vec![(Kind::Plain, "  ".repeat(node.depth))];
        if let Some(name) = &node.name {
            pieces.push((Kind::Name, clean(&Value::from(name.as_str()).to_string()).into_owned()));
            pieces.push((Kind::Plain, String::from(": ")));
        }
        match node.part {
            Part::Open(sign) | Part::Close(sign) => pieces.push((Kind::Plain, sign.to_owned())),
            Part::Folded(open, members, close) => {
                pieces.push((Kind::Plain, open.to_owned()));
                pieces.push((Kind::Comment, format!(" … {members} ")));
                pieces.push((Kind::Plain, close.to_owned()));
            }
            Part::Leaf => pieces.extend(self.value.pointer(&node.pointer).map(leaf)),
        }
        if node.comma {
            pieces.push((Kind::Plain, String::from(",")));
        }
        pieces
    }

    /// All of its lines.
    pub fn lines(&self, theme: &Theme, max: usize) -> Vec<Line<'static>> {
        (0..self.nodes.len()).map(|at| self.line(at, theme, max, false)).collect()
    }

    pub fn line(&self, at: usize, theme: &Theme, max: usize, is_selected: bool) -> Line<'static> {
        let Some(node) = self.nodes.get(at) else { return Line::default() };
        let on = |kind| {
            let style = if kind == Kind::Plain { theme.text } else { theme.of_code(kind) };
            let style = ratatui::style::Style { bg: theme.text.bg, ..style };
            if is_selected { style.patch(theme.selected) } else { style }
        };
        let spans = self.pieces(node).into_iter().map(|(kind, text)| Span::styled(text, on(kind)));
        fit(spans.collect(), max)
    }
}

fn leaf(value: &Value) -> (Kind, String) {
    let kind = match value {
        Value::String(_) => Kind::Text,
        Value::Number(_) => Kind::Number,
        Value::Bool(_) | Value::Null => Kind::Keyword,
        Value::Array(_) | Value::Object(_) => Kind::Plain,
    };
    let text = value.to_string();
    (kind, clean(&shorten(&text)).into_owned())
}

/// `.rows[0].name` of `/rows/0/name`.
fn path(pointer: &str, root: &Value) -> String {
    let (mut out, mut at) = (String::new(), Some(root));
    for step in pointer.split('/').skip(1) {
        let key = step.replace("~1", "/").replace("~0", "~");
        match at {
            Some(Value::Array(list)) => {
                out.push_str(&format!("[{key}]"));
                at = key.parse::<usize>().ok().and_then(|at| list.get(at));
            }
            _ => {
                let is_word = !key.is_empty()
                    && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    && !key.starts_with(|c: char| c.is_ascii_digit());
                out.push_str(&if is_word { format!(".{key}") } else { format!("[{}]", Value::from(key.as_str())) });
                at = at.and_then(|value| value.get(&key));
            }
        }
    }
    match out {
        _ if out.is_empty() => String::from("."),
        _ if out.starts_with('[') => format!(".{out}"),
        _ => out,
    }
}

/// What a path leads to: `.rows[0].name`, and with `[]` all members of a list or an object.
///
/// # Errors
/// In words, where the path is none, or leads nowhere.
pub fn at_path(value: &Value, typed: &str) -> Result<Value, String> {
    let mut rest = typed.trim();
    let mut all = vec![value.clone()];
    let mut is_many = false;
    while !rest.is_empty() {
        let (step, after) = next_step(rest)?;
        rest = after;
        let mut found = Vec::new();
        for value in all {
            match &step {
                Step::Itself => found.push(value),
                Step::Each => match value {
                    Value::Array(list) => found.extend(list),
                    Value::Object(fields) => found.extend(fields.into_iter().map(|(_, value)| value)),
                    other => return Err(format!("{} has no members", name_of(&other))),
                },
                Step::At(at) => {
                    let Value::Array(list) = &value else { return Err(format!("{} has no [{at}]", name_of(&value))) };
                    let place =
                        if *at < 0 { list.len().checked_sub(at.unsigned_abs()) } else { Some(at.unsigned_abs()) };
                    let member = place.and_then(|place| list.get(place));
                    found.push(
                        member.cloned().ok_or_else(|| format!("there is no [{at}]; the list has {}", list.len()))?,
                    );
                }
                Step::Key(key) => match value.get(key) {
                    Some(inner) => found.push(inner.clone()),
                    None if is_many && value.is_object() => {}
                    None => {
                        let keys: Vec<&str> =
                            value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).take(8).collect();
                        return Err(match keys.is_empty() {
                            true => format!("{} has no .{key}", name_of(&value)),
                            false => format!("there is no .{key}; there are {}", keys.join(", ")),
                        });
                    }
                },
            }
        }
        is_many |= matches!(step, Step::Each);
        all = found;
    }
    Ok(if is_many { Value::Array(all) } else { all.pop().unwrap_or_default() })
}

enum Step {
    Itself,
    Each,
    At(isize),
    Key(String),
}

fn next_step(text: &str) -> Result<(Step, &str), String> {
    let wrong = || format!("`{text}` is no path: it is written .rows[0].name, or .rows[].name for all");
    let text = text.trim_start_matches(['|', ' ']);
    if let Some(inner) = text.strip_prefix('[') {
        if let Some(quoted) = inner.strip_prefix('"') {
            let end = quoted.find("\"]").ok_or_else(wrong)?;
            return Ok((Step::Key(quoted[..end].to_owned()), &quoted[end + 2..]));
        }
        let end = inner.find(']').ok_or_else(wrong)?;
        let step = match inner[..end].trim() {
            "" => Step::Each,
            number => Step::At(number.parse().map_err(|_| wrong())?),
        };
        return Ok((step, &inner[end + 1..]));
    }
    let rest = text.strip_prefix('.').ok_or_else(wrong)?;
    let end = rest.find(['.', '[', '|', ' ']).unwrap_or(rest.len());
    match &rest[..end] {
        "" => Ok((Step::Itself, rest)),
        key => Ok((Step::Key(key.trim_matches('"').to_owned()), &rest[end..])),
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn unfolded(value: &Value) -> String {
        let mut tree = Tree::of(value.clone());
        tree.fold_all();
        (0..tree.nodes().len()).map(|at| tree.text(at)).collect::<Vec<_>>().join("\n")
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z/~\" é]{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(("[a-z/~ .\\[\"]{0,4}", inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_unfolded_is_the_same_json(value in any_json()) {
            prop_assert_eq!(serde_json::from_str::<Value>(&unfolded(&value)).unwrap(), value);
        }

        #[test]
        fn a_path_leads_to_the_value_whose_path_it_is(value in any_json()) {
            let mut tree = Tree::of(value.clone());
            tree.fold_all();
            for line in 0..tree.nodes().len() {
                let path = tree.path_at(line).unwrap();
                if !path.contains("\\\"") {
                    prop_assert_eq!(&at_path(&value, &path), &Ok(tree.value_at(line).unwrap().clone()), "{}", path);
                }
            }
        }
    }

    #[test]
    fn paths_lead_to_one_value_or_to_many() {
        let value = json!({"rows": [{"n": 1, "a b": 2}, {"n": 3}], "x": null});
        let cases = [
            (".", Ok(value.clone())),
            (".rows[0].n", Ok(json!(1))),
            (".rows[-1].n", Ok(json!(3))),
            (".rows[].n", Ok(json!([1, 3]))),
            (".rows | .[0][\"a b\"]", Ok(json!(2))),
            (".x", Ok(json!(null))),
            (".nope", Err("there is no .nope; there are rows, x".to_owned())),
            (".rows[7]", Err("there is no [7]; the list has 2".to_owned())),
            (".x[]", Err("null has no members".to_owned())),
        ];
        for (path, found) in cases {
            assert_eq!(at_path(&value, path), found, "{path}");
        }
        assert!(at_path(&value, "rows").unwrap_err().contains("is no path"));
    }

    #[test]
    fn folding_hides_what_is_within_and_says_how_much() {
        let mut tree = Tree::of(json!({"a": [1, 2, 3], "b": 1}));
        assert!(tree.fold(1));
        assert_eq!((0..4).map(|at| tree.text(at)).collect::<Vec<_>>(), ["{", "  \"a\": [ … 3 ],", "  \"b\": 1", "}"]);
        assert_eq!(tree.path_at(1).as_deref(), Some(".a"));
    }
}
