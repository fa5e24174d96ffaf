//! `omega tools`

use crate::{
    connect::Context,
    environment::{Environment, how_to_give},
    exit::Failure,
    value_candidates,
};
use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use omega_core::{
    api::{ExecuteAnswer, ExecuteRequest, ToolRow},
    client::ClientError,
    exact,
    export::seconds,
    id::ToolId,
    registry::NeedsApproval,
    sanitize::{one_line, sanitize_terminal},
};
use serde_json::{Value, json};
use std::io::Read;

/// Find, show and run tools of the registry
#[derive(Debug, Subcommand)]
#[command(after_long_help = r#"Example:
  omega tools search "evaluate an expression""#)]
pub enum Tools {
    Search(Search),
    Show(Show),
    Run(Run),
}

/// Find tools by what they do, best first
#[derive(Debug, Args)]
#[command(after_long_help = r#"Example:
  omega tools search --limit 3 "parse a cron expression""#)]
pub struct Search {
    /// What the tool should do
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// At most this many
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// Only this category
    #[arg(long)]
    category: Option<String>,
    /// Print the rows as a JSON array, in TPMJS's shape
    #[arg(long)]
    json: bool,
}

/// Show one tool: what it does, its input, the variables it reads
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega tools show mathjs::evaluate")]
pub struct Show {
    /// package::export
    #[arg(add = ArgValueCompleter::new(value_candidates::tools))]
    tool: ToolId,
    /// Print the row as JSON, in TPMJS's shape
    #[arg(long)]
    json: bool,
}

/// Run one tool once, in the sandbox, and print its output
#[derive(Debug, Args)]
#[command(after_long_help = r#"Example:
  omega tools run mathjs::evaluate '{"expression": "2 + 3"}'"#)]
pub struct Run {
    /// package::export
    #[arg(add = ArgValueCompleter::new(value_candidates::tools))]
    tool: ToolId,
    /// The input, a JSON object; `@FILE` reads a file, `-` reads stdin
    #[arg(value_name = "JSON", conflicts_with = "option")]
    input: Option<String>,
    /// The same as an option
    #[arg(id = "option", long = "input", short, value_name = "JSON")]
    input_option: Option<String>,
    #[command(flatten)]
    environment: Environment,
    /// Print `{success, output | error, code?, executionTimeMs}`
    #[arg(long)]
    json: bool,
}

impl Tools {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Search(it) => it.run(context).await,
            Self::Show(it) => it.run(context).await,
            Self::Run(it) => it.run(context).await,
        }
    }
}

impl Search {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.connect().await?.client;
        let answer = client.search_tools(&self.query.join(" "), self.category.as_deref(), self.limit).await?;
        let rows = answer.results.tools;
        if self.json {
            return context.ui.json(&rows);
        }
        let cells = |row: &ToolRow| {
            let worked =
                row.success_rate.map(|rate| format!("  [{:.0} % of {} worked]", 100.0 * rate, row.execution_count));
            let (id, what) = (one_line(&row.tool_id, 100), one_line(&row.description, 120));
            let whose = if row.own { "  [yours]" } else { "" };
            [id, format!("{what}{whose}{}", worked.unwrap_or_default())]
        };
        context.ui.rows(&rows.iter().map(cells).collect::<Vec<_>>())?;
        if rows.is_empty() {
            context.ui.note("No tool of the registry fits; `omega registry add PACKAGE` adds an npm package's tools.");
        }
        Ok(())
    }
}

impl Show {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let row = context.connect().await?.client.tool(&self.tool).await?;
        if self.json { context.ui.json(&row) } else { context.ui.out(&text(&row)) }
    }
}

fn text(row: &ToolRow) -> String {
    let mut out = format!(
        "{} {}\n{}\n\ncategory  {}\nhealth    {}\n",
        one_line(&row.tool_id, 200),
        one_line(&row.package.npm_version, 40),
        sanitize_terminal(row.description.trim()),
        one_line(&row.package.category, 80),
        one_line(&row.execution_health, 20),
    );
    if row.own {
        out += "whose     yours alone; others have what everybody has\n";
    }
    match row.success_rate {
        Some(rate) => {
            out += &format!("calls     {} on this server, {:.0} % worked\n", row.execution_count, 100.0 * rate);
        }
        None => out += "calls     none on this server yet\n",
    }
    if let Some(downloads) = row.package.npm_downloads_last_month {
        out += &format!("downloads {downloads} a month\n");
    }
    match row.needs_approval {
        Some(NeedsApproval::Always) => out += "approval  its author wants each call to be approved\n",
        Some(NeedsApproval::Sometimes) => out += "approval  its author wants some calls to be approved\n",
        None => {}
    }
    if let Some(breaker) = &row.breaker {
        let reason = one_line(&breaker.reason, 40);
        out += &format!("breaker   failed too often ({reason}); left alone until {}\n", breaker.until);
    }
    for variable in &row.package.env {
        let need = if variable.required && variable.default.is_none() { "needed" } else { "optional" };
        out +=
            &format!("env       {} ({need}) {}\n", one_line(&variable.name, 80), one_line(&variable.description, 120));
    }
    match &row.input_schema {
        Some(schema) => {
            let schema = serde_json::to_string_pretty(schema).unwrap_or_default();
            out += &format!("\ninput schema\n{}\n", sanitize_terminal(&schema));
        }
        None => out += "\nIts input schema is not known until it runs for the first time.\n",
    }
    out
}

impl Run {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let outcome = self.execute(context).await;
        let (answer, failure) = match outcome {
            Ok(answer) if answer.success => (answer, None),
            Ok(answer) => {
                let message = answer.error.clone().unwrap_or_else(|| String::from("the tool gave no output"));
                let failure = Failure::of_tool(answer.code.as_deref(), &message);
                (answer, Some(failure))
            }
            // A script that asked for JSON gets JSON, also when the tool never ran.
            Err((failure, code)) if self.json => {
                let error = failure.message().unwrap_or_default();
                context.ui.json(&json!({ "success": false, "error": error, "code": code, "executionTimeMs": 0 }))?;
                return Err(failure.said());
            }
            Err((failure, _)) => return Err(failure),
        };
        if self.json {
            context.ui.json(&document(&answer))?;
            return failure.map_or(Ok(()), |failure| Err(failure.said()));
        }
        if let Some(failure) = failure {
            return Err(with_details(failure, answer.details.as_ref()));
        }
        let output = answer.result.unwrap_or(Value::Null);
        match &output {
            Value::String(text) if context.ui.terminals().stdout => context.ui.line(sanitize_terminal(text))?,
            Value::String(text) => context.ui.line(text)?,
            other => {
                let json = serde_json::to_string_pretty(other).unwrap_or_default();
                context.ui.line(if context.ui.terminals().stdout { sanitize_terminal(&json) } else { json })?;
            }
        }
        context.ui.detail(format!("{} {}", self.tool, seconds(answer.execution_time_ms)));
        Ok(())
    }

    /// The answer, or why the tool never ran, with the code for scripts.
    async fn execute(&self, context: &Context) -> Result<ExecuteAnswer, (Failure, String)> {
        let wrong = |failure| (failure, String::from("INVALID_INPUT"));
        let missing = |failure| (failure, String::from("MISSING_ENV_VARS"));
        let params = self.input().map_err(wrong)?;
        let env = self.environment.read(&context.env).map_err(missing)?;
        let unreachable = |failure| (failure, String::from("SERVER_UNREACHABLE"));
        let connection = context.connect().await.map_err(unreachable)?;
        let _progress = context.progress(&connection);
        let body = ExecuteRequest { tool_id: self.tool.to_string(), params, env };
        connection.client.execute_tool(&body).await.map_err(|error| {
            let code = match &error {
                ClientError::NotFound(_) => "TOOL_NOT_FOUND",
                ClientError::Unauthenticated(_) => "UNAUTHENTICATED",
                ClientError::Forbidden(_) => "FORBIDDEN",
                ClientError::RateLimited { .. } => "RATE_LIMITED",
                ClientError::Refused { code: Some(code), .. } => code,
                ClientError::Refused { code: None, .. } => "REFUSED",
                _ => "SERVER_UNREACHABLE",
            };
            let code = code.to_owned();
            match error {
                ClientError::NotFound(text) => (Failure::usage(text).hint(FIND), code),
                other => (Failure::from(other), code),
            }
        })
    }

    fn input(&self) -> Result<Value, Failure> {
        let given = self.input.as_ref().or(self.input_option.as_ref());
        let (text, name) = match given.map_or("{}", String::as_str) {
            "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                (text, String::from("stdin"))
            }
            other => match other.strip_prefix('@') {
                Some(path) => {
                    let read = std::fs::read_to_string(path);
                    (read.map_err(|e| Failure::usage(format!("{path} can't be read: {e}")))?, path.to_owned())
                }
                None => (other.to_owned(), String::from("the input")),
            },
        };
        match exact::input(&text) {
            Ok(value @ Value::Object(_)) => Ok(value),
            Ok(_) => {
                Err(Failure::usage(format!("{name} must be a JSON object, for example '{{\"expression\": \"1+1\"}}'")))
            }
            Err(error) => Err(Failure::usage(format!("{name}: {error}"))),
        }
    }
}

const FIND: &str = "`omega tools show TOOL` shows its input; `omega tools search` finds others";

fn document(answer: &ExecuteAnswer) -> Value {
    let mut document = json!({ "success": answer.success, "executionTimeMs": answer.execution_time_ms });
    let members = [
        ("output", answer.success.then(|| answer.result.clone().unwrap_or(Value::Null))),
        ("error", answer.error.clone().map(Value::from)),
        ("code", answer.code.clone().map(Value::from)),
        ("details", answer.details.clone()),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            document[name] = value;
        }
    }
    document
}

/// Which field, or which variable, is wrong.
fn with_details(failure: Failure, details: Option<&Value>) -> Failure {
    let Some(details) = details else { return failure };
    if let Some(how) = how_to_give(details) {
        return failure.hint(how);
    }
    let names = |member: &str| -> Vec<String> {
        let list = details[member].as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|item| match item {
                Value::String(name) => one_line(name, 100),
                other => one_line(
                    format!("{}: {}", other["path"].as_str().unwrap_or(""), other["message"].as_str().unwrap_or(""))
                        .trim_start_matches(": "),
                    200,
                ),
            })
            .collect()
    };
    // What the message does not say already.
    let said = failure.message().unwrap_or_default().to_owned();
    let unsaid = |names: Vec<String>| names.into_iter().filter(|name| !said.contains(name.trim())).collect::<Vec<_>>();
    let (issues, available) = (unsaid(names("issues")), unsaid(names("available")));
    if !issues.is_empty() {
        return failure.hint(format!("correct the input: {}", issues.join("; ")));
    }
    if !available.is_empty() {
        return failure.hint(format!("there are {}", available.join(", ")));
    }
    failure.hint(FIND)
}
