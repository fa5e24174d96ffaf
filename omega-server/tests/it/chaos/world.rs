//! What stays while servers come and go: the database, the provider, the executor, and the address.

use super::dice::Dice;
use crate::harness::{
    executor::{self, Tools},
    folder,
    postgres::Postgres,
    process::{Process, command_at},
    titled,
};
use omega_core::{
    client::Client,
    testing::{Script, StandIn},
};
use omega_engine::process::failpoint::VARIABLE;
use secrecy::SecretString;
use sqlx::{Connection, PgConnection};
use std::{
    fs::{File, OpenOptions},
    net::TcpListener,
    path::PathBuf,
    process::ExitStatus,
};
use tempfile::TempDir;

/// Everything but the server.
pub struct World {
    pub database: String,
    pub provider: StandIn,
    pub tools: Tools,
    /// Reaches whichever server is up; the address stays.
    pub client: Client,
    pub folder: TempDir,
    key: String,
    listen: String,
    /// More variables for the servers.
    pub env: Vec<(String, String)>,
    _cluster: Option<Postgres>,
}

impl World {
    /// Both engines, as far as this machine has them.
    pub async fn both(script: impl Fn() -> Script) -> Vec<Self> {
        let mut worlds = vec![Self::sqlite(script()).await];
        if let Some(cluster) = Postgres::start() {
            worlds.push(Self::postgres(cluster, script()).await);
        }
        worlds
    }

    /// On a SQLite file in memory: `kill -9` of a server takes nothing from the kernel's cache.
    pub async fn sqlite(script: Script) -> Self {
        let folder = folder();
        let database = format!("sqlite:{}", folder.path().join("omega.db").display());
        Self::new(database, folder, None, script).await
    }

    /// On a cluster. It needs no fsync here: the server is killed, not PostgreSQL and not the machine.
    pub async fn postgres(cluster: Postgres, script: Script) -> Self {
        Self::new(cluster.url.clone(), folder(), Some(cluster), script).await
    }

    /// A world whose first server was started, made its key, knows the tools, and is gone again.
    pub async fn new(database: String, folder: TempDir, cluster: Option<Postgres>, script: Script) -> Self {
        let (provider, tools) = (StandIn::start(titled(script)).await, Tools::start().await);
        let listen = address();
        let client = Client::new(&format!("http://{listen}"), None).unwrap();
        let (key, env) = (String::new(), Vec::new());
        let mut world = Self { database, provider, tools, client, folder, key, listen, env, _cluster: cluster };
        let first = Process::start(world.command(None), None).await;
        world.key = first.key.clone().expect("an empty database gets a first key");
        first.client.import_tools(executor::rows()).await.unwrap();
        world.client = first.client.clone();
        first.kill().await;
        world
    }

    /// Leases as short as a test has patience; `lease` is what `OMEGA_LEASE` takes.
    #[must_use]
    pub fn with_lease(mut self, lease: &str) -> Self {
        self.env.push(("OMEGA_LEASE".to_owned(), lease.to_owned()));
        self
    }

    pub fn is_postgres(&self) -> bool {
        self.database.starts_with("postgres")
    }

    /// `sqlite` or `postgres`, for messages.
    pub fn engine(&self) -> &'static str {
        if self.is_postgres() { "postgres" } else { "sqlite" }
    }

    /// The key that the first server made.
    pub fn key(&self) -> SecretString {
        SecretString::from(self.key.clone())
    }

    /// The command of a server at an address, with these tools.
    pub fn server(&self, listen: &str, tools: &Tools) -> tokio::process::Command {
        let mut command = command_at(listen, &self.database, self.folder.path(), &self.provider, tools);
        command.stderr(self.log_file()).env_remove(VARIABLE).envs(self.env.iter().cloned());
        command
    }

    fn command(&self, failpoints: Option<&str>) -> tokio::process::Command {
        let mut command = self.server(&self.listen, &self.tools);
        if let Some(failpoints) = failpoints {
            command.env(VARIABLE, failpoints);
        }
        command
    }

    /// Starts a server.
    pub async fn start(&self) -> Process {
        self.try_start(None).await.unwrap_or_else(|status| panic!("no start: {status}\n{}", self.said()))
    }

    /// Starts a server with armed failpoints; one may strike before it is ready.
    pub async fn try_start(&self, failpoints: Option<&str>) -> Result<Process, ExitStatus> {
        Process::try_start(self.command(failpoints), Some(self.key.clone())).await
    }

    /// Starts a server and kills it after a while, ready or not.
    pub async fn stillborn(&self, dice: &mut Dice) {
        let mut child = self.command(None).spawn().unwrap();
        tokio::time::sleep(dice.millis(300)).await;
        child.kill().await.unwrap();
    }

    /// What waiting would do: the leases of a killed server run out. On SQLite the next start voids them.
    pub async fn expire_leases(&self) {
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.database).await.unwrap();
            let expire = "UPDATE runs SET lease_until = 0 WHERE status = 'running'";
            sqlx::query(expire).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn log_file(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.log_path()).unwrap()
    }

    /// What all servers said on stderr.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// No server ever panicked.
    pub fn assert_no_panic(&self) {
        let said = self.said();
        let panic = said.lines().find(|line| line.contains("panicked"));
        assert_eq!(panic, None, "{}: a server panicked", self.engine());
    }
}

/// An address that outlives its server: below the ports that the kernel gives to outgoing connections.
pub fn address() -> String {
    let mut dice = Dice::new("port");
    loop {
        let address = format!("127.0.0.1:{}", 12_000 + dice.below(20_000));
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}
