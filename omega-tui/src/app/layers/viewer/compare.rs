//! A call beside the one before it: what it was asked and what came, as a diff.

use super::Viewer;
use crate::{app::App, output::changes};
use omega_core::{api::ToolRun, id::ToolId};
use serde_json::{Value, json};

/// What a tool was asked, and what it gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    pub input: Value,
    pub output: Value,
}

impl Called {
    pub fn of(call: &ToolRun) -> Self {
        let output = match (&call.output, &call.error) {
            (Some(output), _) => output.clone(),
            (None, Some(error)) => json!({ "error": error.message, "code": error.code.as_str() }),
            (None, None) => Value::from(call.output_summary.clone()),
        };
        Self { input: call.input.clone(), output }
    }
}

/// A tool that is run again by hand: how it was called, and with what it is called now.
#[derive(Debug, Clone, PartialEq)]
pub struct Again {
    pub tool: ToolId,
    pub before: Called,
    pub input: Value,
}

impl Viewer {
    /// This call and the one that it is held against.
    pub(super) fn pair(&self, app: &App) -> Option<(Called, Called)> {
        if let Some(pair) = &self.again {
            return Some(pair.clone());
        }
        let calls = &app.here.view.tool_runs;
        let at = calls.iter().position(|call| Some(call.id) == self.call)?;
        let before = calls[..at].iter().rfind(|call| call.tool_id == calls[at].tool_id)?;
        Some((Called::of(before), Called::of(&calls[at])))
    }

    pub(super) fn compare(&mut self, app: &mut App) {
        let Some((before, now)) = self.pair(app) else {
            self.problem = Some(String::from("the tool was not called before"));
            return;
        };
        let inputs = changes("input", &before.input, &now.input);
        let text = inputs.into_iter().chain(changes("output", &before.output, &now.output)).collect::<String>();
        match text.is_empty() {
            true => self.problem = Some(String::from("nothing is another than in the call before")),
            false => app.layers.push(Self::of(String::from("changed since the call before"), Value::from(text))),
        }
    }
}
