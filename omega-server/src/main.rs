//! `omega-server`: the server alone, for machines. Everything is set by flags or by the variables in `--help`.

use clap::Parser;
use omega_engine::{
    executor, observe,
    process::{failpoint, harden, shutdown::Shutdown},
    vault::MasterKeySource,
};
use omega_server::{
    ServeConfig, Server,
    serve::{
        announce,
        args::{DefaultPaths, ServeArgs, parse},
    },
};
use secrecy::SecretString;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Omega's server: the REST and SSE API, the run engine and the page at /omega.
#[derive(Debug, Parser)]
#[command(
    version,
    mut_arg("database", |arg| arg.help("sqlite:PATH or postgres://... [default: sqlite:omega.db]")),
    mut_arg("cache", |arg| arg.help(
        "Keep the runtime, the tools' packages and scratch files in this folder [default: omega-cache]"
    ))
)]
struct Args {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8634", env = "OMEGA_LISTEN")]
    listen: SocketAddr,
    /// The model that answers when nobody chose one (`provider/model`)
    #[arg(long, env = "OMEGA_MODEL")]
    model: Option<String>,
    #[command(flatten)]
    serve: ServeArgs,
    /// Print the names that OMEGA_FAILPOINT takes
    #[arg(long, hide = true)]
    list_failpoints: bool,
}

fn main() -> anyhow::Result<()> {
    executor::jail::main_if_asked();
    serve()
}

/// A variable, unless it is missing or empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the master key comes from: given, named, or Omega's own file, which lies apart from the database.
fn master_key(file: Option<&Path>) -> anyhow::Result<MasterKeySource> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = || folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    if let Some(key) = variable("OMEGA_MASTER_KEY") {
        return Ok(MasterKeySource::Given(SecretString::from(key)));
    }
    let own = || Some(MasterKeySource::Own(config()?.join("omega").join("server-master.key")));
    file.map(|file| MasterKeySource::File(file.into())).or_else(own).ok_or_else(|| {
        anyhow::anyhow!(
            "there is no place for the master key: set OMEGA_MASTER_KEY (`openssl rand -base64 32` makes one), or name a \
             file with --master-key-file"
        )
    })
}

fn config(args: &Args) -> anyhow::Result<ServeConfig> {
    let places = DefaultPaths {
        database: "sqlite:omega.db".into(),
        cache: "omega-cache".into(),
        master_key: master_key(args.serve.master_key_file.as_deref())?,
    };
    let config = args.serve.config(args.listen, places, variable).map_err(anyhow::Error::msg)?;
    Ok(ServeConfig { model: args.model.clone(), ..config })
}

#[tokio::main]
async fn serve() -> anyhow::Result<()> {
    let args: Args = parse(std::env::args_os());
    if args.list_failpoints {
        return Ok(announce::say(&failpoint::list())?);
    }
    observe::init();
    harden::process();
    failpoint::arm_from_env().map_err(anyhow::Error::msg)?;
    let server = Server::start(config(&args)?).await?;
    let shutdown = Shutdown::listen()?;
    server.announce(args.serve.json, None)?;
    server.run(shutdown).await;
    Ok(())
}
