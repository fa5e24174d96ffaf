//! `omega doctor`

mod attack;
mod checks;

use crate::{
    connect::Context,
    exit::{Code, Failure},
    global::Global,
    ui::{Terminals, Ui},
};
use checks::{Check, Level};
use clap::Args;
use omega_core::{local::Env, sanitize::one_line};
use serde_json::json;

/// Look for problems on this machine, and say what to do about them
///
/// It looks at folders, configuration, keys, server, registry, executor and terminal. It changes nothing, starts nothing, and
/// shows no secret.
///
/// With --attack it lets hostile tools loose in this machine's sandbox instead, and says what holds here and what does not:
/// files, addresses, processes, limits, modes of files. They are part of this program, and nothing leaves the machine. It
/// ends with 1 when something does not hold that should; what this system has no means for is a warning.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega doctor
  omega doctor --attack")]
pub struct Doctor {
    /// Print `{checks: [{name, status, message, next?}], summary}`
    #[arg(long)]
    json: bool,
    /// Attack this machine's sandbox, which takes ten seconds or twenty and up to 1 GiB of memory and disk for a moment
    #[arg(long)]
    attack: bool,
}

impl Doctor {
    /// Takes the context as it came: a broken configuration is something to report, not to end on.
    pub async fn run(&self, context: Result<Context, Failure>, global: &Global) -> Result<(), Failure> {
        let (ui, checks) = match context {
            Ok(context) => {
                let checks = match self.attack {
                    true => attack::all(&context).await,
                    false => checks::all(&context).await,
                };
                (context.ui, checks)
            }
            Err(failure) => {
                let ui = Ui::new(global.verbosity(), &Env::of_process(), Terminals::of_process());
                (ui, vec![Check::failed("configuration", &failure)])
            }
        };
        let count = |level| checks.iter().filter(|check| check.level == level).count();
        let (errors, warnings) = (count(Level::Error), count(Level::Warning));
        if self.json {
            let summary = json!({ "ok": count(Level::Ok), "warnings": warnings, "errors": errors });
            ui.json(&json!({ "checks": checks, "summary": summary }))?;
        } else {
            for check in &checks {
                ui.line(text(check))?;
            }
        }
        if errors > 0 { Err(Failure::silent(Code::Failed)) } else { Ok(()) }
    }
}

fn text(check: &Check) -> String {
    // On stdout, so without colour; the mark says it.
    let mark = match check.level {
        Level::Ok => "✓",
        Level::Warning => "⚠",
        Level::Error => "✗",
    };
    let next = check.next.as_ref().map(|next| format!("\n               next: {}", one_line(next, 300)));
    format!("{mark} {:<12} {}{}", check.name, one_line(&check.message, 300), next.unwrap_or_default())
}
