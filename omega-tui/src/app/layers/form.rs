//! A tool as a form, made of its schema, or of an input that it had: filled by hand and run without a model.
//!
//! A text is taken as it is typed; anything else is JSON, and what is no JSON of its kind is said before anything is sent. An
//! empty field is left out.

use super::{Again, Called, Handled, Layer};
use crate::{
    app::{App, Effect},
    clean::one_line,
    composer::Composer,
    keymap::{Action, Context},
    messages::{Command, Update},
    sheet::{self, below},
    theme::Theme,
    wrap::{fit, width},
};
use omega_core::{api::ToolRow, id::ToolId};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
};
use serde_json::{Map, Value};

const WIDEST: u16 = 96;
/// Rows of a field at most.
const ROWS: usize = 6;

#[derive(Debug)]
struct Field {
    name: String,
    /// What its schema calls it; nothing where it is not known.
    kind: String,
    about: String,
    is_required: bool,
    /// What it may be, where that is a list.
    choices: Vec<Value>,
    text: Composer,
}

impl Field {
    fn of_schema(name: &str, schema: &Value, is_required: bool) -> Self {
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            _ => String::new(),
        };
        let choices = schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut field = Self { name: name.to_owned(), kind, about, is_required, choices, text: Composer::default() };
        schema.get("default").into_iter().for_each(|value| field.put(value));
        field
    }

    fn is_text(&self) -> bool {
        self.kind == "string"
            || (self.kind.is_empty() && self.choices.iter().all(Value::is_string) && !self.choices.is_empty())
    }

    fn put(&mut self, value: &Value) {
        let text = match value {
            Value::String(text) if self.is_text() => text.clone(),
            value => value.to_string(),
        };
        self.text.set(&text);
    }

    /// What is typed, as a value; nothing where nothing is.
    fn value(&self) -> Result<Option<Value>, String> {
        let text = self.text.whole();
        if text.is_empty() {
            return match self.is_required {
                true => Err(format!("{} is needed", self.name)),
                false => Ok(None),
            };
        }
        if self.is_text() {
            return Ok(Some(Value::from(text)));
        }
        match serde_json::from_str::<Value>(&text) {
            Ok(value) if fits(&value, &self.kind) => Ok(Some(value)),
            // Without a kind, words are a text.
            Err(_) if self.kind.is_empty() || self.kind.contains("string") => Ok(Some(Value::from(text))),
            Ok(_) => Err(format!("{} is {}", self.name, article(&self.kind))),
            Err(error) => Err(format!("{} is {}: {error}", self.name, article(&self.kind))),
        }
    }
}

fn article(kind: &str) -> String {
    let an = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if an { "an" } else { "a" })
}

fn fits(value: &Value, kind: &str) -> bool {
    kind.is_empty()
        || kind.split(" or ").any(|kind| match kind {
            "string" => value.is_string(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            _ => true,
        })
}

#[derive(Debug)]
pub struct Form {
    tool: ToolId,
    about: String,
    fields: Vec<Field>,
    selected: usize,
    busy: bool,
    problem: Option<String>,
    /// How the tool was called that is run again.
    before: Option<Called>,
}

impl Form {
    /// Opens it with the input of a call.
    pub fn open_with(app: &mut App, tool: ToolId, called: Called) -> Vec<Effect> {
        let input = &called.input;
        let field = |(name, value): (&String, &Value)| {
            let kind = match value {
                Value::String(_) => "string",
                Value::Number(_) => "number",
                Value::Bool(_) => "boolean",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
                Value::Null => "",
            };
            let (kind, about, choices) = (kind.to_owned(), String::new(), Vec::new());
            let mut field =
                Field { name: name.clone(), kind, about, is_required: false, choices, text: Composer::default() };
            field.put(value);
            field
        };
        let fields = input.as_object().map(|fields| fields.iter().map(field).collect()).unwrap_or_default();
        let (about, before) = (String::new(), Some(called));
        app.layers.push(Self { tool, about, fields, selected: 0, busy: false, problem: None, before });
        Vec::new()
    }

    /// Opens it empty, with what the tool's schema says.
    pub fn open(app: &mut App, row: &ToolRow) -> Vec<Effect> {
        let Ok(tool) = row.tool_id.parse() else { return Vec::new() };
        let schema = row.input_schema.clone().unwrap_or_default();
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let field =
            |(name, schema): (&String, &Value)| Field::of_schema(name, schema, required.contains(&name.as_str()));
        let mut fields: Vec<Field> = properties.into_iter().flatten().map(field).collect();
        fields.sort_by_key(|field| !field.is_required);
        let about = row.description.clone();
        app.layers.push(Self { tool, about, fields, selected: 0, busy: false, problem: None, before: None });
        Vec::new()
    }

    /// The input, or why it is none yet.
    fn input(&mut self) -> Result<Value, String> {
        let mut input = Map::new();
        for (at, field) in self.fields.iter().enumerate() {
            match field.value() {
                Ok(Some(value)) => drop(input.insert(field.name.clone(), value)),
                Ok(None) => {}
                Err(problem) => {
                    self.selected = at;
                    return Err(problem);
                }
            }
        }
        Ok(Value::Object(input))
    }

    fn go(&mut self, by: isize) {
        self.selected = self.selected.saturating_add_signed(by).min(self.fields.len().saturating_sub(1));
    }

    fn edit(&mut self, action: Action) {
        let Some(field) = self.fields.get_mut(self.selected) else { return };
        let before = field.text.caret_at(&field.text.rows()).0;
        let is_vertical = matches!(action, Action::Up | Action::Down);
        crate::app::input::edit(&mut field.text, action);
        // Beyond the first and the last row are the other fields.
        if is_vertical && field.text.caret_at(&field.text.rows()).0 == before {
            self.go(if action == Action::Up { -1 } else { 1 });
        }
        self.problem = None;
    }
}

impl Layer for Form {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Form, Context::Composer]
    }

    fn handle(&mut self, action: Action, app: &mut App) -> Handled {
        match action {
            Action::Close => return Handled::Closed(Vec::new()),
            Action::SelectNext => self.go(1),
            Action::SelectPrevious => self.go(-1),
            Action::Edit => {
                let text = self.fields.get(self.selected).map(|field| field.text.whole());
                return Handled::Consumed(text.map(|text| Effect::Edit { text, ending: "txt" }).into_iter().collect());
            }
            Action::Submit if !self.busy => match self.input() {
                Ok(input) => {
                    self.busy = true;
                    self.problem = None;
                    let tool = self.tool.clone();
                    let again = |before| Again { tool: tool.clone(), before, input: input.clone() };
                    app.here.again = self.before.clone().map(again);
                    return Handled::Consumed(vec![Effect::Command(Command::RunTool { tool, input })]);
                }
                Err(problem) => self.problem = Some(problem),
            },
            action => self.edit(action),
        }
        Handled::Consumed(Vec::new())
    }

    fn type_in(&mut self, text: &str, _app: &mut App) -> Handled {
        if let Some(field) = self.fields.get_mut(self.selected) {
            field.text.insert(text);
            self.problem = None;
        }
        Handled::Consumed(Vec::new())
    }

    fn is_written(&self) -> bool {
        true
    }

    fn learn(&mut self, news: &Update, _app: &App) -> Option<Vec<Effect>> {
        match news {
            // What came is shown by the screen, over this.
            Update::Ran(_) => {
                self.busy = false;
                None
            }
            Update::Failed(error) if self.busy => {
                self.busy = false;
                self.problem = Some(error.clone());
                Some(Vec::new())
            }
            Update::Edited(text) => {
                let field = self.fields.get_mut(self.selected)?;
                field.text.replace(text.trim_end_matches('\n'));
                Some(Vec::new())
            }
            _ => None,
        }
    }

    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        let theme = &app.theme;
        let max = usize::from(WIDEST.min(area.width.saturating_sub(6)));
        let column = self.fields.iter().map(|it| width(&one_line(&it.name))).max().unwrap_or(0).min(max / 3) + 4;
        self.fields.iter_mut().for_each(|field| field.text.set_width(max.saturating_sub(column).max(8)));
        let mut lines = below(&one_line(&self.about), theme.secondary, 0, max);
        lines.truncate(3);
        let (mut caret, mut top) = (None, 0);
        for (at, field) in self.fields.iter().enumerate() {
            let is_selected = at == self.selected;
            if is_selected {
                top = lines.len();
            }
            let (rows, place) = field_lines(field, theme, is_selected, column, max);
            if let Some((x, y)) = place {
                caret = Some((x, lines.len() + y));
            }
            lines.extend(rows);
        }
        if self.fields.is_empty() {
            lines.push(Line::styled("it takes no input", theme.dim));
        }
        let foot = match (&self.problem, self.busy) {
            (Some(problem), _) => vec![Span::styled(format!("✗ {}", one_line(problem)), theme.error)],
            (None, true) => vec![Span::styled("it runs...", theme.running)],
            (None, false) => sheet::hints(
                theme,
                &app.keys,
                self.contexts(),
                &[Action::Submit, Action::SelectNext, Action::NewLine, Action::Edit, Action::Close],
            ),
        };
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX - 2);
        let title = format!("run {}", one_line(self.tool.as_str()));
        let inner = sheet::open(theme, &title, (u16::try_from(max).unwrap_or(WIDEST), height), area, frame);
        let room = usize::from(inner.height.saturating_sub(1)).max(1);
        let at = caret.map_or(top, |(_, y)| y);
        let scroll = (at + 2).saturating_sub(room).min(top.max(at));
        sheet::stack(lines.into_iter().skip(scroll), Rect { height: inner.height.saturating_sub(1), ..inner }, frame);
        frame.render_widget(fit(foot, max), Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner });
        if let Some((x, y)) = caret.filter(|(_, y)| *y >= scroll && y - scroll < room) {
            let x = inner.x + u16::try_from(x).unwrap_or(0);
            let y = inner.y + u16::try_from(y - scroll).unwrap_or(0);
            frame.set_cursor_position(Position::new(x.min(inner.right().saturating_sub(1)), y));
        }
    }
}

/// The rows of a field, and where its caret is.
fn field_lines(
    field: &Field,
    theme: &Theme,
    is_selected: bool,
    column: usize,
    max: usize,
) -> (Vec<Line<'static>>, Option<(usize, usize)>) {
    let rows = field.text.rows();
    let (row, caret) = field.text.caret_at(&rows);
    let first = (row + 1).saturating_sub(ROWS);
    let style = if is_selected { theme.accent } else { theme.secondary };
    let name = format!(
        "{} {}{}",
        if is_selected { "›" } else { " " },
        one_line(&field.name),
        if field.is_required { " *" } else { "" }
    );
    let mut lines = Vec::new();
    for (at, row) in rows.iter().skip(first).take(ROWS).enumerate() {
        let head = fit(vec![Span::styled(if at == 0 { name.clone() } else { String::new() }, style)], column - 1);
        let pad = " ".repeat(column.saturating_sub(head.width()));
        let mut spans = head.spans;
        spans.push(Span::raw(pad));
        let shown = field.text.shown(row);
        spans.push(match field.text.is_empty() {
            true => {
                Span::styled(if field.kind.is_empty() { String::from("value") } else { field.kind.clone() }, theme.dim)
            }
            false => Span::styled(shown, theme.text),
        });
        lines.push(fit(spans, max));
    }
    if is_selected {
        let choices: Vec<String> = field.choices.iter().map(crate::output::plain).collect();
        let words = [field.about.clone(), choices.join(", ")]
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>()
            .join(" · one of ");
        if !words.is_empty() {
            lines.extend(below(&one_line(&words), theme.dim, column, max).into_iter().take(3));
        }
    }
    (lines, is_selected.then_some((column + caret, row - first)))
}
