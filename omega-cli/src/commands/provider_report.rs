//! What the models of each provider see of tools: for who tries a tool of their own.

use crate::{exit::Failure, ui::Ui};
use omega_core::{
    model::gate::report::seen,
    registry::Tool,
    sanitize::{one_line, sanitize_terminal},
};

/// Prints it, a few lines a tool.
pub fn print(ui: &Ui, tools: &[Tool]) -> Result<(), Failure> {
    let mut out = String::from("\nWhat models see:\n");
    for tool in tools {
        out += &format!("{}\n", one_line(tool.tool_id.as_str(), 200));
        if tool.description.trim().is_empty() {
            out += "  it has no description: a model can't tell when to call it\n";
        }
        let Some(schema) = &tool.input_schema else {
            out += "  its input is not known: a model can't tell what to send\n";
            continue;
        };
        let all = seen(schema);
        let same = all.iter().all(|one| one.changes == all[0].changes);
        for one in &all {
            let who = if same { "all" } else { one.provider };
            let changes = if one.changes.is_empty() { String::from("as you wrote it") } else { one.changes.join("; ") };
            out += &format!("  {who:<10} {}\n", sanitize_terminal(&one_line(&changes, 600)));
            if same {
                break;
            }
        }
        let required = tool.env.iter().filter(|var| var.required && var.default.is_none());
        let names: Vec<String> = required.map(|var| one_line(&var.name, 80)).collect();
        if !names.is_empty() {
            out += &format!("  it asks its users for {}\n", names.join(", "));
        }
    }
    ui.out(&out)
}
