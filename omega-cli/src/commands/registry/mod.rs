//! `omega registry`

mod import;
mod mirror;
mod model;
mod unpacked;

use super::{package_source::Source, provider_report};
use crate::{
    connect::Context,
    environment::Environment,
    exit::{Code, Failure},
};
use clap::{Args, Subcommand};
use import::Import;
use mirror::{Status, Sync};
use model::Model;
use omega_core::{
    api::{AddPackage, AddScope, AddedPackage, ToolRow},
    client::Client,
    local::api_keys::LOCAL,
    registry::Tool,
    sanitize::one_line,
};
use omega_engine::executor::snapshot;
use std::{path::Path, time::Duration};

/// Add tools to the registry, and remove them; read the registry that it mirrors
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega registry add semver --function satisfies --params version,range")]
pub enum Registry {
    Add(Add),
    Remove(Remove),
    List(List),
    Import(Import),
    Sync(Sync),
    Status(Status),
    Model(Model),
}

/// Add the tools of an npm package or an MCP server, or try a package of your own
///
/// What it is, is found out: a package with tools, one that is an MCP server, or the address of an MCP server elsewhere
/// (streamable HTTP). The package is looked into in the sandbox. A folder, a tarball or a git address is a package that you try
/// before you publish it: a copy of it is yours alone, on this machine's own server. What an administrator adds is for all
/// users of the server; what others add is
/// theirs alone, and stands in their searches and conversations in place of what everybody has. Of a package that holds no
/// tools, its likeliest functions become tools; any function does with --function.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega registry add @exalabs/ai-sdk
  omega registry add semver --function satisfies
  omega registry add https://mcp.example.com/mcp --env MCP_MCP_EXAMPLE_COM_TOKEN
  omega registry add ./my-tool --watch")]
pub struct Add {
    /// PACKAGE, PACKAGE@VERSION, the https address of an MCP server, ./FOLDER, FILE.tgz, or a git address
    package: String,
    /// Add this function as a tool: an export, `default`, or the way to it, as in `AES.encrypt` or `compile(template)(view)`
    #[arg(long, value_name = "EXPORT")]
    function: Option<String>,
    /// The function's parameters, in order; what the package says of them when missing
    #[arg(long, value_delimiter = ',', requires = "function", value_name = "NAME,NAME")]
    params: Vec<String>,
    /// What the function does; what the package says of it when missing
    #[arg(long, requires = "function")]
    description: Option<String>,
    /// Add it for yourself alone, also as an administrator
    #[arg(long)]
    for_me: bool,
    /// Set what everybody has back to this older version
    #[arg(long, conflicts_with = "for_me")]
    allow_older: bool,
    /// Show what the models of each provider see of the tools
    #[arg(long)]
    report: bool,
    /// Add the folder again whenever it changes
    #[arg(long, conflicts_with_all = ["json", "allow_older"])]
    watch: bool,
    #[command(flatten)]
    environment: Environment,
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
}

/// Remove what was added or imported of a package: what everybody has, for administrators, or else
/// what is yours alone
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega registry remove semver")]
pub struct Remove {
    /// The package
    package: String,
    /// Take out what is yours alone, also where everybody has some
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

impl Registry {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Add(it) => it.run(context).await,
            Self::Remove(it) => it.run(context).await,
            Self::List(it) => it.run(context).await,
            Self::Import(it) => it.run(context).await,
            Self::Sync(it) => it.run(context).await,
            Self::Status(it) => it.run(context).await,
            Self::Model(it) => it.run(context).await,
        }
    }
}

/// How often a watched folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Add {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let source = Source::of(&self.package);
        let connection = context.connect().await?;
        if source.is_own() && connection.place.name() != LOCAL {
            return Err(Failure::usage(format!(
                "a folder, a tarball or a git address is tried on this machine's own server, and this command asks {}",
                one_line(connection.place.name(), 200)
            ))
            .hint("leave --server out, or publish the package and add it by its name"));
        }
        let _progress = context.progress(&connection);
        let client = &connection.client;
        match &source {
            Source::Folder(folder) if self.watch => self.watch(context, client, &source, folder).await,
            _ if self.watch => Err(Failure::usage("only a folder can be watched")),
            _ => self.add(context, client, &source).await,
        }
    }

    /// Adds the folder as it is, and again after each change, until it is interrupted, which is how it is meant to end.
    async fn watch(&self, context: &Context, client: &Client, source: &Source, folder: &Path) -> Result<(), Failure> {
        tokio::select! {
            ended = self.add_each_change(context, client, source, folder) => ended,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }

    async fn add_each_change(
        &self,
        context: &Context,
        client: &Client,
        source: &Source,
        folder: &Path,
    ) -> Result<(), Failure> {
        let (mut seen, mut is_there) = (None, false);
        loop {
            let now = snapshot::state_of(folder);
            if now != seen {
                seen = now;
                match self.add(context, client, source).await {
                    Ok(()) => is_there = true,
                    // What is wrong with it now may be mended by the next change.
                    Err(failure) => {
                        context.ui.warn(failure.message().unwrap_or("it could not be added"));
                        if is_there {
                            context.ui.note("What was added before stays.");
                        }
                    }
                }
                context.ui.note("Watching the folder; Ctrl-C ends it.");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn add(&self, context: &Context, client: &Client, source: &Source) -> Result<(), Failure> {
        let body = self.request(context, source).await?;
        context.ui.note(format!("Looking into {} in the sandbox …", one_line(&self.package, 200)));
        let added = client.add_package(&body).await?;
        // A range or a tag means one version, today.
        if let Some(asked) = body.version.as_ref().filter(|asked| **asked != added.version) {
            let (asked, taken) = (one_line(asked, 100), one_line(&added.version, 60));
            context.ui.note(format!("{asked} is {taken} now."));
        }
        if self.json {
            context.ui.json(&added)?;
            return if added.tools.is_empty() { Err(nothing_added(&added).said()) } else { Ok(()) };
        }
        let cells = |tool: &Tool| [tool.tool_id.to_string(), one_line(&tool.description, 120)];
        if !added.tools.is_empty() {
            context.ui.rows(&added.tools.iter().map(cells).collect::<Vec<_>>())?;
        }
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
        if self.report || source.is_own() {
            provider_report::print(&context.ui, &added.tools)?;
        }
        if !added.functions.is_empty() && self.function.is_none() {
            let names = one_line(&added.functions.join(", "), 300);
            context.ui.note(format!("It also has plain functions: {names}\nAdd one with --function NAME"));
        }
        Ok(())
    }

    /// What the server is asked for; of a package that is not published, a copy is made first.
    async fn request(&self, context: &Context, source: &Source) -> Result<AddPackage, Failure> {
        let (cache, own) = (context.dirs.cache.clone(), source.clone());
        let copied = tokio::task::spawn_blocking(move || own.copied(&cache)).await;
        let copied = copied.map_err(|_| Failure::usage("the copy of the package could not be made"))??;
        let (package, version) = match &copied {
            Some(copy) => (copy.name.as_str(), Some(copy.version.as_str())),
            None if self.package.contains("://") => (self.package.as_str(), None),
            None => split_version(&self.package),
        };
        Ok(AddPackage {
            package: package.to_owned(),
            version: version.map(str::to_owned),
            function: self.function.clone(),
            params: self.params.clone(),
            description: self.description.clone(),
            scope: (self.for_me || source.is_own()).then_some(AddScope::Me),
            env: self.environment.read(&context.env)?,
            allow_older: self.allow_older,
        })
    }
}

/// Why nothing was added, and what to do: a script must not take it for done.
fn nothing_added(added: &AddedPackage) -> Failure {
    let of = format!("{}@{}", one_line(&added.package, 100), one_line(&added.version, 40));
    let failure = Failure::new(
        Code::Failed,
        format!(
            "{of} holds no tools: none of its exports is a tool of the AI SDK or another framework, a set of them, or a factory, \
             it is no MCP server, and none of its functions is a tool by itself; nothing was added"
        ),
    );
    if added.functions.is_empty() {
        return failure.hint("`omega tools search` finds packages that hold tools");
    }
    let names = one_line(&added.functions.join(", "), 300);
    failure.hint(format!(
        "it has plain functions: {names}; add one with --function NAME, or by the way to it: \
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
