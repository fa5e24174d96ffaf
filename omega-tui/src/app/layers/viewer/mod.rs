//! One thing over the whole screen: what a call gave, a message, what a tool gave that was run by hand.
//!
//! It is looked at in the way that fits it (text, tree, table, diff, Markdown) and in others, searched, filtered by a path,
//! copied and saved whole. What is too large to be held is read in pages, a window of it at a time.

mod compare;
mod content;
mod pages;
mod prompt;

use super::{Form, Handled, Layer};
use crate::{
    app::{App, Effect},
    clean::one_line,
    keymap::{Action, Context},
    messages::{Command, Saving, Update},
    numbers::bytes,
    picture::Placed,
    sheet,
    transcript::{PieceKey, asked_of, label},
    wrap::{fit, width},
};
pub use compare::{Again, Called};
use content::Content;
use omega_core::{
    api::{ExecuteAnswer, ToolRun},
    id::{ToolId, ToolRunId},
};
use pages::Pages;
use prompt::Prompt;
use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
};
use serde_json::{Value, json};

/// Outputs up to this size are read whole.
const WHOLE: u64 = 8 << 20;

#[derive(Debug)]
pub struct Viewer {
    title: String,
    call: Option<ToolRunId>,
    content: Content,
    /// The pages of an output that came in pages, until it is whole, or for good where it is too large.
    pages: Option<Pages>,
    prompt: Option<Prompt>,
    /// What was searched for last.
    searched: String,
    problem: Option<String>,
    height: usize,
    /// The picture that it is, where the terminal shows it.
    placed: Option<Placed>,
    /// How a tool was called that was run again by hand, and how it was called then.
    again: Option<(Called, Called)>,
}

impl Viewer {
    fn of(title: String, value: Value) -> Self {
        let (prompt, searched, problem) = (None, String::new(), None);
        Self {
            title,
            call: None,
            content: Content::of(value),
            pages: None,
            prompt,
            searched,
            problem,
            height: 1,
            placed: None,
            again: None,
        }
    }

    /// What is selected in the transcript, or the last call that gave something.
    pub fn open_selected(app: &mut App) -> Vec<Effect> {
        let key = app.transcript.selected();
        let last = || {
            app.here
                .view
                .tool_runs
                .iter()
                .rev()
                .find(|call| call.status.is_terminal())
                .map(|call| PieceKey::Tool(call.id))
        };
        match key.filter(|key| key.opens()).or_else(last) {
            Some(PieceKey::Tool(id)) => Self::open_call(app, id),
            Some(key) => {
                let source = app.transcript.source(key, &app.here.view, &app.here.pending);
                if let Some((text, what)) = source {
                    app.layers.push(Self::of(what, Value::from(text)));
                }
                Vec::new()
            }
            None => {
                app.say("no tool gave anything yet");
                Vec::new()
            }
        }
    }

    /// A call: what it gave, or what went wrong, or how it stands.
    pub fn open_call(app: &mut App, id: ToolRunId) -> Vec<Effect> {
        let Some(call) = app.here.view.tool_runs.iter().find(|call| call.id == id) else { return Vec::new() };
        let title = format!("{} {}", label(call), asked_of(call));
        let mut viewer = Self::of(one_line(&title), shown(call, app));
        viewer.call = Some(id);
        let is_away = call.output.is_none() && call.output_bytes > 0;
        if is_away {
            viewer.pages = Some(Pages::new(call.output_bytes));
        }
        app.layers.push(viewer);
        is_away.then_some(Effect::Command(Command::LoadOutput(id, 0))).into_iter().collect()
    }

    /// What a tool gave that was run by hand.
    pub fn open_result(app: &mut App, answer: &ExecuteAnswer) {
        let value = match &answer.result {
            Some(result) if answer.success => result.clone(),
            _ => json!({ "error": answer.error, "code": answer.code, "details": answer.details }),
        };
        let sign = if answer.success { "✓" } else { "✗" };
        let title = format!("{sign} {} · {}", answer.tool_id, crate::numbers::seconds(answer.execution_time_ms));
        let again = app.here.again.take().filter(|again| again.tool.to_string() == answer.tool_id);
        let mut viewer = Self::of(title, value.clone());
        viewer.again = again.map(|again| (again.before, Called { input: again.input, output: value }));
        app.layers.push(viewer);
    }

    /// Anything else that is JSON.
    pub fn open_value(app: &mut App, title: String, value: Value) {
        app.layers.push(Self::of(title, value));
    }

    /// How the server is.
    pub fn open_status(app: &mut App) -> Vec<Effect> {
        let known = app.known.health.as_ref().and_then(|health| serde_json::to_value(health).ok());
        app.layers.push(Self::of(String::from("status"), known.unwrap_or_else(|| json!("asking the server..."))));
        vec![Effect::Command(Command::Health)]
    }

    fn is_status(&self) -> bool {
        self.call.is_none() && self.title == "status"
    }

    /// Asks for the page that is about to be looked at.
    fn page(&mut self) -> Vec<Effect> {
        let (Some(pages), Some(id)) = (&mut self.pages, self.call) else { return Vec::new() };
        let wanted = pages.wanted(self.content.selected(), self.content.len());
        wanted.map(|offset| Effect::Command(Command::LoadOutput(id, offset))).into_iter().collect()
    }

    fn copy(&self, text: Option<String>, what: &str) -> Handled {
        let copied = text.map(|text| Effect::Copy { text, what: what.to_owned() });
        Handled::Consumed(copied.into_iter().collect())
    }

    fn copy_all(&mut self) -> Handled {
        if self.pages.is_some() {
            self.problem = Some(String::from("it is too large to copy; s writes it into a file"));
            return Handled::Consumed(Vec::new());
        }
        let (text, what) = (self.content.whole(), self.title.clone());
        self.copy(Some(text), &what)
    }

    fn find(&mut self, forward: bool, from_here: bool) {
        self.problem = match self.content.find(&self.searched, forward, from_here) {
            true => None,
            false if self.searched.is_empty() => None,
            false => Some(format!("“{}” is not there", one_line(&self.searched))),
        };
    }

    /// Takes what was typed into the line.
    fn submit(&mut self) -> Vec<Effect> {
        match self.prompt.take() {
            Some(Prompt { asks: prompt::Asks::Search, line }) => {
                self.searched = line.text().to_owned();
                self.find(true, true);
                Vec::new()
            }
            Some(Prompt { asks: prompt::Asks::Filter, line }) => {
                if let Err(problem) = self.content.filter(line.text()) {
                    self.problem = Some(problem);
                    self.prompt = Some(Prompt { asks: prompt::Asks::Filter, line });
                }
                Vec::new()
            }
            Some(Prompt { asks: prompt::Asks::Save, line }) => {
                let file = line.text().trim().to_owned();
                let saving = match (self.content.picture(), self.call.filter(|_| !self.content.is_filtered())) {
                    (Some(picture), _) => Saving::Bytes(picture.bytes.to_vec()),
                    (None, Some(id)) => Saving::Output(id),
                    (None, None) => Saving::Text(self.content.whole()),
                };
                vec![Effect::Command(Command::Save(saving, file))]
            }
            None => Vec::new(),
        }
    }

    fn move_by(&mut self, action: Action) -> bool {
        let page = isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1);
        match action {
            Action::SelectPrevious => self.content.go(-1),
            Action::SelectNext => self.content.go(1),
            Action::PageUp => self.content.go(-page),
            Action::PageDown => self.content.go(page),
            Action::ToTop => self.content.go(isize::MIN),
            Action::ToEnd => self.content.go(isize::MAX),
            Action::Left => self.content.aside(-8),
            Action::Right => self.content.aside(8),
            _ => return false,
        }
        true
    }
}

/// What there is to show of a call.
fn shown(call: &ToolRun, app: &App) -> Value {
    if let Some(error) = &call.error {
        return json!({ "error": error.message, "code": error.code.as_str(), "details": error.details, "input": call.input });
    }
    let partial = || app.here.view.partials.iter().find(|(id, ..)| *id == call.id).map(|(.., value)| value.clone());
    match &call.output {
        Some(output) => output.clone(),
        None if call.output_bytes > 0 => Value::from(format!("loading {}...", bytes(call.output_bytes))),
        None => partial().unwrap_or_else(|| json!({ "status": call.status, "input": call.input })),
    }
}

impl Layer for Viewer {
    fn contexts(&self) -> &'static [Context] {
        if self.prompt.is_some() { &[Context::Line, Context::Composer] } else { &[Context::Viewer] }
    }

    fn handle(&mut self, action: Action, app: &mut App) -> Handled {
        self.problem = None;
        if let Some(prompt) = &mut self.prompt {
            match action {
                Action::Submit => return Handled::Consumed(self.submit()),
                Action::Back => self.prompt = None,
                action => drop(crate::app::input::edit(&mut prompt.line, action)),
            }
            return Handled::Consumed(Vec::new());
        }
        if self.move_by(action) {
            return Handled::Consumed(self.page());
        }
        match action {
            Action::Open => self.content.fold(),
            Action::FoldAll => self.content.fold_all(),
            Action::Raw => self.content.next_shape(),
            Action::Search => self.prompt = Some(Prompt::search()),
            Action::NextFound => self.find(true, false),
            Action::PreviousFound => self.find(false, false),
            Action::Filter => self.prompt = Some(Prompt::filter(self.content.path())),
            Action::Save => self.prompt = Some(Prompt::save(&self.title, self.content.ending())),
            Action::Copy => return self.copy(self.content.here(), "the selected value"),
            Action::CopyPlace => return self.copy(self.content.place(), "its path"),
            Action::CopyWhat => return self.copy_all(),
            Action::RunAgain => return self.run_again(app),
            Action::Compare => self.compare(app),
            Action::CancelCall => {
                return Handled::Consumed(self.call.map(|id| app.cancel_call(id)).unwrap_or_default());
            }
            Action::Help => app.layers.push(super::Help::default()),
            Action::Close => return Handled::Closed(Vec::new()),
            _ => return Handled::Ignored,
        }
        Handled::Consumed(Vec::new())
    }

    fn type_in(&mut self, text: &str, _app: &mut App) -> Handled {
        match &mut self.prompt {
            Some(prompt) => {
                prompt.line.insert(&text.replace(['\n', '\r'], " "));
                Handled::Consumed(Vec::new())
            }
            None => Handled::Ignored,
        }
    }

    fn is_written(&self) -> bool {
        self.prompt.is_some()
    }

    fn picture(&self) -> Option<&Placed> {
        self.placed.as_ref()
    }

    fn learn(&mut self, news: &Update, _app: &App) -> Option<Vec<Effect>> {
        match news {
            Update::Output(id, page) if self.call == Some(*id) => {
                let pages = self.pages.as_mut()?;
                pages.take(page);
                if page.total_bytes > WHOLE {
                    let text = pages.text();
                    let moved = pages.moved();
                    self.content.put_page(text, moved);
                    return Some(Vec::new());
                }
                if let Some(next) = page.next_offset {
                    return Some(vec![Effect::Command(Command::LoadOutput(*id, next))]);
                }
                let text = pages.text();
                self.content = Content::of(serde_json::from_str(&text).unwrap_or(Value::from(text)));
                self.pages = None;
                Some(Vec::new())
            }
            Update::Health(health) if self.is_status() => {
                self.content = Content::of(serde_json::to_value(health).unwrap_or_default());
                None
            }
            Update::Failed(error) | Update::NotDone(error) => {
                self.problem = Some(error.clone());
                Some(Vec::new())
            }
            _ => None,
        }
    }

    /// A call that was watched while it worked has ended, or said more.
    fn refresh(&mut self, app: &App) {
        let call = self.call.and_then(|id| app.here.view.tool_runs.iter().find(|call| call.id == id));
        if let Some(call) = call.filter(|_| self.pages.is_none() && !self.content.is_filtered()) {
            let now = shown(call, app);
            let is_whole = call.status.is_terminal() && call.output.is_none() && call.output_bytes > 0;
            if !is_whole && !self.content.is(&now) {
                self.content = Content::of(now);
            }
        }
    }

    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        let theme = &app.theme;
        frame.render_widget(ratatui::widgets::Clear, area);
        frame.buffer_mut().set_style(area, theme.text);
        let max = usize::from(area.width);
        let body = Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(2),
        };
        self.height = usize::from(body.height.max(1));
        let lines = self.content.draw(theme, usize::from(body.width), self.height, &self.searched);
        let asked = if app.question.is_some() { "‖ a question waits · " } else { "" };
        let facts = format!(" {asked}{} · {} ", self.content.shape_name(), self.content.place_words());
        let title =
            fit(vec![Span::styled(format!(" {} ", self.title), theme.accent)], max.saturating_sub(width(&facts) + 2));
        let dashes = max.saturating_sub(title.width() + width(&facts));
        let mut head = title.spans;
        head.push(Span::styled("─".repeat(dashes), theme.strong_border));
        head.push(Span::styled(facts, theme.dim));
        frame.render_widget(Line::from(head), Rect { height: 1, ..area });
        sheet::stack(lines, body, frame);
        self.place_picture(app, body, frame);
        let foot = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        if let Some(prompt) = &mut self.prompt {
            let (line, caret) = prompt.line(theme, max.saturating_sub(1));
            frame.render_widget(line, foot);
            let x = foot.x + u16::try_from(caret).unwrap_or(0);
            frame.set_cursor_position(Position::new(x.min(foot.right().saturating_sub(1)), foot.y));
        }
        if let Some(problem) = &self.problem {
            let y = if self.prompt.is_some() { foot.y.saturating_sub(1) } else { foot.y };
            let line = fit(vec![Span::styled(format!(" ✗ {}", one_line(problem)), theme.error)], max);
            frame.render_widget(line, Rect { y, ..foot });
        } else if self.prompt.is_none() {
            frame.render_widget(self.foot(app, max), foot);
        }
    }
}

impl Viewer {
    /// Finds the place of the picture below the line that says what it is, or says that the terminal can't show it.
    fn place_picture(&mut self, app: &App, body: Rect, frame: &mut Frame<'_>) {
        self.placed = None;
        let Some(picture) = self.content.picture() else { return };
        let below = Rect { y: body.y + 2, height: body.height.saturating_sub(2), ..body };
        if app.pictures.can(picture) {
            self.placed = Placed::within(picture.clone(), below, app.cell);
        } else if below.height > 0 {
            let key = app.keys.key(Context::Viewer, Action::Save);
            let words = format!("This terminal does not show it: {key} writes it into a file.");
            let line = fit(vec![Span::styled(words, app.theme.secondary)], usize::from(below.width));
            frame.render_widget(line, Rect { height: 1, ..below });
        }
    }

    fn foot(&self, app: &App, max: usize) -> Line<'static> {
        if let Some(toast) = &app.toast {
            let style = if toast.is_error { app.theme.error } else { app.theme.secondary };
            return fit(vec![Span::styled(format!(" · {}", one_line(&toast.text)), style)], max);
        }
        let mut actions = vec![
            Action::Close,
            Action::Search,
            Action::Copy,
            Action::CopyWhat,
            Action::Filter,
            Action::Raw,
            Action::Save,
            Action::Help,
        ];
        let works = self.call.and_then(|id| app.here.view.tool_runs.iter().find(|call| call.id == id));
        match works.map(|call| call.status) {
            Some(status) if !status.is_terminal() => actions.insert(1, Action::CancelCall),
            Some(_) if works.is_some_and(|call| call.tool_id.parse::<ToolId>().is_ok()) => {
                actions.insert(1, Action::RunAgain)
            }
            Some(_) | None => {}
        }
        if self.pair(app).is_some() {
            actions.insert(1, Action::Compare);
        }
        let mut spans = vec![Span::raw(" ")];
        let room = max.saturating_sub(1);
        spans.extend(sheet::hints_within(&app.theme, &app.keys, &[Context::Viewer], &actions, room));
        fit(spans, max)
    }

    fn run_again(&mut self, app: &mut App) -> Handled {
        let call = self.call.and_then(|id| app.here.view.tool_runs.iter().find(|call| call.id == id));
        let tool = call.and_then(|call| Some((call.tool_id.parse().ok()?, Called::of(call))));
        match tool {
            Some((tool, called)) => Handled::Consumed(Form::open_with(app, tool, called)),
            None => {
                self.problem = Some(String::from("only a tool of the registry can be run again"));
                Handled::Consumed(Vec::new())
            }
        }
    }
}
