//! `omega registry`

use crate::{
    connect::Context,
    exit::{Code, Failure},
};
use clap::{Args, Subcommand};
use omega_core::{
    api::{AddPackage, AddScope, AddedPackage, Imported, ToolRow},
    client::Client,
    registry::Tool,
    sanitize::one_line,
};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

/// Add tools to the registry, and remove them
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega registry add semver --function satisfies --params version,range")]
pub enum Registry {
    Add(Add),
    Remove(Remove),
    List(List),
    Import(Import),
    Status(Status),
}

/// Add an npm package's tools, or one of its functions as a tool
///
/// The package is looked into in the sandbox. What an administrator adds is for all users of the server; what others add is
/// theirs alone, and stands in their searches and conversations in place of what everybody has. A plain function becomes a
/// tool with --function and --params.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega registry add @exalabs/ai-sdk
  omega registry add semver --function satisfies --params version,range")]
pub struct Add {
    /// PACKAGE or PACKAGE@VERSION
    package: String,
    /// Add this exported function as a tool; a dotted path is allowed, `default` too
    #[arg(long, value_name = "EXPORT")]
    function: Option<String>,
    /// The function's parameters, in order
    #[arg(long, value_delimiter = ',', requires = "function", value_name = "NAME,NAME")]
    params: Vec<String>,
    /// What the function does; the package's description when missing
    #[arg(long, requires = "function")]
    description: Option<String>,
    /// Add it for yourself alone, also as an administrator
    #[arg(long)]
    for_me: bool,
    /// Set what everybody has back to this older version
    #[arg(long, conflicts_with = "for_me")]
    allow_older: bool,
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
}

/// Remove what was added of a package: what everybody has, for administrators; what is yours, for others
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega registry remove semver")]
pub struct Remove {
    /// The package
    package: String,
    /// Take out what is yours alone, also as an administrator
    #[arg(long)]
    for_me: bool,
}

/// List the tools that you added for yourself
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega registry list")]
pub struct List {
    /// Print the rows of the API as JSON
    #[arg(long)]
    json: bool,
}

/// Import many tools from a JSON Lines file: TPMJS's search rows, or `{toolId, name, description, ...}`
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega registry import tools.jsonl")]
pub struct Import {
    /// The file; `-` reads stdin
    file: PathBuf,
    /// Print the sums as JSON
    #[arg(long)]
    json: bool,
}

/// Show how many tools the registry has
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega registry status")]
pub struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Registry {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Add(it) => it.run(context).await,
            Self::Remove(it) => it.run(context).await,
            Self::List(it) => it.run(context).await,
            Self::Import(it) => it.run(context).await,
            Self::Status(it) => it.run(context).await,
        }
    }
}

impl Add {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (package, version) = split_version(&self.package);
        let body = AddPackage {
            package: package.to_owned(),
            version: version.map(str::to_owned),
            function: self.function.clone(),
            params: self.params.clone(),
            description: self.description.clone(),
            scope: self.for_me.then_some(AddScope::Me),
            allow_older: self.allow_older,
        };
        let connection = context.connect().await?;
        let _progress = context.progress(&connection);
        context.ui.note(format!("Looking into {} in the sandbox …", self.package));
        let added = connection.client.add_package(&body).await?;
        if self.json {
            context.ui.json(&added)?;
            return if added.tools.is_empty() { Err(nothing_added(&added).said()) } else { Ok(()) };
        }
        let cells = |tool: &Tool| [tool.tool_id.to_string(), one_line(&tool.description, 120)];
        context.ui.rows(&added.tools.iter().map(cells).collect::<Vec<_>>())?;
        for notice in &added.notices {
            context.ui.warn(one_line(notice, 300));
        }
        match added.scope {
            AddScope::Me if !added.tools.is_empty() => context.ui.note("They are yours alone."),
            AddScope::Everybody if !added.tools.is_empty() => context.ui.note("All users of the server have them."),
            AddScope::Me | AddScope::Everybody => {}
        }
        if added.tools.is_empty() {
            return Err(nothing_added(&added));
        }
        if !added.functions.is_empty() && self.function.is_none() {
            let names = one_line(&added.functions.join(", "), 300);
            context.ui.note(format!("It also has plain functions: {names}\nAdd one with --function NAME --params a,b"));
        }
        Ok(())
    }
}

/// Why nothing was added, and what to do: a script must not take it for done.
fn nothing_added(added: &AddedPackage) -> Failure {
    let of = format!("{}@{}", one_line(&added.package, 100), one_line(&added.version, 40));
    let failure = Failure::new(
        Code::Failed,
        format!(
            "{of} holds no tools: none of its exports is a tool of the AI SDK or another framework, a set of them, or a factory, \
             and it is no MCP server; nothing was added"
        ),
    );
    if added.functions.is_empty() {
        return failure.hint("`omega tools search` finds packages that hold tools");
    }
    let names = one_line(&added.functions.join(", "), 300);
    failure.hint(format!(
        "it has plain functions: {names}; add one with --function NAME --params a,b, or by the way to it: \
         --function 'compile(template)(view)'"
    ))
}

impl Remove {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.connect().await?.client;
        client.remove_package(&self.package, self.for_me.then_some(AddScope::Me)).await?;
        context.ui.note(format!("{} was taken out.", one_line(&self.package, 100)));
        Ok(())
    }
}

/// Rows that are asked for at once; one's own are at most a few of these.
const PAGE: usize = 500;

impl List {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.connect().await?.client;
        let mut rows = Vec::new();
        loop {
            let page = client.list_tools(rows.len(), PAGE).await?;
            let (before, more) = (rows.len(), page.pagination.is_some_and(|page| page.has_more));
            let all = page.rows.len();
            rows.extend(page.rows.into_iter().filter(|row| row.own));
            if !more || rows.len() - before < all {
                break;
            }
        }
        if self.json {
            return context.ui.json(&rows);
        }
        let cells = |row: &ToolRow| {
            [one_line(&row.tool_id, 100), one_line(&row.package.npm_version, 40), one_line(&row.description, 120)]
        };
        context.ui.rows(&rows.iter().map(cells).collect::<Vec<_>>())?;
        if rows.is_empty() {
            context.ui.note("You have no tools of your own; `omega registry add PACKAGE` adds some.");
        }
        Ok(())
    }
}

/// The version is after the last `@`, unless that begins a scope.
fn split_version(package: &str) -> (&str, Option<&str>) {
    match package.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() && !version.is_empty() => (name, Some(version)),
        _ => (package, None),
    }
}

/// One request's share of the lines: few requests for a million rows, and little memory.
const BATCH_BYTES: usize = 32 * 1024 * 1024;

impl Import {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let unreadable = |error| Failure::usage(format!("{} can't be read: {error}", self.file.display()));
        let source: Box<dyn Read> = match self.file.to_str() {
            Some("-") => Box::new(std::io::stdin()),
            Some(name) if name.ends_with(".zst") => {
                return Err(Failure::usage("a compressed file has to be unpacked first")
                    .hint(format!("zstd -dc {name} | omega registry import -")));
            }
            _ => Box::new(File::open(&self.file).map_err(unreadable)?),
        };
        let client = context.connect().await?.client;
        let mut lines = BufReader::with_capacity(1024 * 1024, source);
        let mut sum = Imported { imported: 0, refused: Vec::new(), notices: Vec::new(), total: 0 };
        let (mut batch, mut first_line, mut line) = (Vec::new(), 1, 1);
        loop {
            let read = lines.read_until(b'\n', &mut batch).map_err(unreadable)?;
            line += u64::from(read > 0);
            if read == 0 || batch.len() >= BATCH_BYTES {
                send(&client, std::mem::take(&mut batch), first_line, &mut sum).await?;
                first_line = line;
                context.ui.detail(format!("{} rows imported", sum.imported));
            }
            if read == 0 {
                break;
            }
        }
        if self.json {
            return context.ui.json(&sum);
        }
        for refused in &sum.refused {
            context.ui.warn(format!("refused: {}", one_line(refused, 200)));
        }
        for notice in &sum.notices {
            context.ui.warn(one_line(notice, 200));
        }
        context.ui.line(format!("{} rows imported; the registry has {} tools", sum.imported, sum.total))
    }
}

async fn send(client: &Client, batch: Vec<u8>, first_line: u64, sum: &mut Imported) -> Result<(), Failure> {
    if batch.is_empty() {
        return Ok(());
    }
    let answer = client.import_tools(batch).await?;
    sum.imported += answer.imported;
    sum.total = answer.total;
    let room = 20_usize.saturating_sub(sum.refused.len());
    let place = |text| if first_line == 1 { text } else { format!("(lines from {first_line}) {text}") };
    sum.refused.extend(answer.refused.into_iter().take(room).map(place));
    let room = 20_usize.saturating_sub(sum.notices.len());
    sum.notices.extend(answer.notices.into_iter().take(room));
    Ok(())
}

impl Status {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let registry = context.connect().await?.client.status().await?.registry;
        if self.json {
            return context.ui.json(&registry);
        }
        let detail = registry.detail.map(|text| format!(" · {}", one_line(&text, 200))).unwrap_or_default();
        context
            .ui
            .line(format!("{} · {} tools of {} packages{detail}", registry.status, registry.tools, registry.packages))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_no_version() {
        for (text, name, version) in [
            ("mathjs", "mathjs", None),
            ("mathjs@15.2.0", "mathjs", Some("15.2.0")),
            ("@scope/a", "@scope/a", None),
            ("@scope/a@^1", "@scope/a", Some("^1")),
            ("a@", "a@", None),
        ] {
            assert_eq!(split_version(text), (name, version), "{text}");
        }
    }
}
