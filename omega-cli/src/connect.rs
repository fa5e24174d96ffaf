//! Which server a command talks to: the one that flag, environment or configuration names, else the user's own, which is
//! found or started without a word.

use crate::{
    exit::{Code, Failure},
    global::Global,
    progress::Progress,
    ui::Ui,
};
use omega_core::{
    api::Timestamp,
    client::Client,
    id::ConversationId,
    local::{
        Dirs, Env,
        api_keys::{Keys, LOCAL},
        config::Config,
        recent::{Entry, Recent},
        server::Starter,
    },
};
use secrecy::SecretString;
use std::{io, path::PathBuf};

/// Entries of the list of recent conversations that are looked at, from the newest, until one is there.
const LOOKED_AT: usize = 20;

/// What every command has at hand.
pub struct Context {
    pub ui: Ui,
    pub env: Env,
    pub dirs: Dirs,
    pub config: Config,
}

/// Where a server is, before anybody knows whether it is there.
#[derive(Clone)]
pub enum Place {
    /// The user's own one.
    Local(Starter),
    /// A shared one.
    At(Client, String),
}

/// A server to talk to.
pub struct Connection {
    pub client: Client,
    pub place: Place,
}

impl Context {
    /// Reads the environment and the configuration; connects to nothing.
    pub fn new(ui: Ui, env: Env, global: &Global, flags: Vec<(&'static str, String)>) -> Result<Self, Failure> {
        let dirs = Dirs::find(&env)?;
        let flags = flags.into_iter().chain(global.server.clone().map(|value| ("server", value))).collect();
        let config = Config::load(&dirs.config_file(), &env, &flags, global.profile.as_deref())?;
        Ok(Self { ui, env, dirs, config })
    }

    /// The same with output that only grows.
    pub fn linear(&self) -> Self {
        let ui = self.ui.clone().linear();
        Self { ui, env: self.env.clone(), dirs: self.dirs.clone(), config: self.config.clone() }
    }

    /// The server of this command, started if it is the user's own and does not run.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        self.place()?.connect(&self.ui, &self.dirs).await
    }

    fn place(&self) -> Result<Place, Failure> {
        match self.config.get("server") {
            Some(url) => self.place_at(url),
            None => Ok(Place::Local(self.starter()?)),
        }
    }

    fn place_at(&self, url: &str) -> Result<Place, Failure> {
        let server = url.trim_end_matches('/').to_owned();
        let client = Client::new(&server, self.key_of(&server)?)?;
        Ok(Place::At(client, server))
    }

    /// A shared server.
    pub async fn connect_to(&self, url: &str) -> Result<Connection, Failure> {
        self.place_at(url)?.connect(&self.ui, &self.dirs).await
    }

    /// The server that a conversation's address names, or else that of this command; and the conversation: the one that is named,
    /// else the one that was used last.
    pub async fn find(&self, argument: Option<&str>) -> Result<(Connection, ConversationId), Failure> {
        let connection = self.connect_for(argument).await?;
        let id = self.conversation(argument, &connection).await?;
        Ok((connection, id))
    }

    /// The server that a conversation's address names, else that of this command. A user's own server has another port after
    /// every start, so that its addresses mean whichever port it has now.
    pub async fn connect_for(&self, argument: Option<&str>) -> Result<Connection, Failure> {
        self.place_for(argument)?.connect(&self.ui, &self.dirs).await
    }

    /// The same, asking nobody whether it is there.
    pub fn place_for(&self, argument: Option<&str>) -> Result<Place, Failure> {
        let own = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        let named = argument.and_then(server_of_address).filter(|url| !own.iter().any(|own| url.starts_with(own)));
        let Some(url) = named.filter(|url| self.config.get("server").map(|it| it.trim_end_matches('/')) != Some(url))
        else {
            return self.place();
        };
        if self.key_of(&url)?.is_some() {
            return self.place_at(&url);
        }
        Err(Failure::new(
            Code::NotSignedIn,
            format!("this conversation is on {url}, and no key for that server is kept here"),
        )
        .hint(format!("omega login {url}")))
    }

    /// The key that a shared server gets: the environment's, else the one of `omega login`.
    pub fn key_of(&self, server: &str) -> Result<Option<SecretString>, Failure> {
        match self.env.get("OMEGA_API_KEY") {
            Some(key) => Ok(Some(SecretString::from(key))),
            None => Ok(Keys::new(&self.dirs).load(server)?),
        }
    }

    /// Repeats on stderr what the user's own server gets for a command that waits, as long as the result lives.
    pub fn progress(&self, connection: &Connection) -> Option<Progress> {
        matches!(connection.place, Place::Local(_)).then(|| Progress::watch(self.ui.clone(), self.dirs.server_log()))
    }

    /// What starts the user's own server.
    pub fn starter(&self) -> Result<Starter, Failure> {
        Ok(Starter::new(self.dirs.clone(), self.env.clone(), program()?))
    }

    /// Remembers that a conversation was made or used: the moment that it is known to be there, before anything is done in
    /// it. A failure is said, and the command goes on.
    pub fn remember(&self, place: &Place, id: ConversationId, title: &str) {
        if let Err(error) = kept(&self.dirs, place.name())(id, title) {
            self.ui.warn(not_kept(&error));
        }
    }

    /// The same beside what the command does next.
    pub fn remember_beside(&self, place: &Place, id: ConversationId, title: String) -> impl Future<Output = ()> {
        let (kept, ui) = (kept(&self.dirs, place.name()), self.ui.clone());
        let written = tokio::task::spawn_blocking(move || kept(id, &title));
        async move {
            match written.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => ui.warn(not_kept(&error)),
                Err(error) => ui.warn(not_kept(&error)),
            }
        }
    }

    /// The conversation that an argument means: an id or an address, else the one that was used last.
    pub async fn conversation(
        &self,
        argument: Option<&str>,
        connection: &Connection,
    ) -> Result<ConversationId, Failure> {
        match argument {
            Some(text) => conversation_id(text),
            None => self.newest(connection).await,
        }
    }

    /// Whether no conversation of a server was used yet.
    pub fn has_none(&self, connection: &Connection) -> bool {
        Recent::new(&self.dirs).of(connection.place.name()).is_empty()
    }

    /// The conversation that was used last and is there. Those before it that are not go off the list, with a word; when none
    /// is there at all, it may be the server that is another one, and the list stays as it is. Where the server does not say,
    /// the newest it is: what the command does next says what is wrong.
    async fn newest(&self, connection: &Connection) -> Result<ConversationId, Failure> {
        let recent = Recent::new(&self.dirs);
        let mut gone = Vec::new();
        for entry in recent.of(connection.place.name()).into_iter().take(LOOKED_AT) {
            if let Ok(false) = connection.client.has_conversation(entry.id).await {
                gone.push(entry);
                continue;
            }
            self.forget(&recent, connection.place.name(), &gone);
            return Ok(entry.id);
        }
        let what = match gone.len() {
            0 => "there is no recent conversation on this server",
            _ => "none of the conversations that were used last is on this server, or you may not see them",
        };
        Err(Failure::usage(what).hint("begin one with `omega ask`, or name one by its id or address"))
    }

    fn forget(&self, recent: &Recent, server: &str, gone: &[Entry]) {
        if gone.is_empty() {
            return;
        }
        for Entry { id, title, .. } in gone {
            let title = if title.is_empty() { String::new() } else { format!(" ({title})") };
            self.ui.warn(format!(
                "conversation {id}{title} is not on this server, or you may not see it; it is off the list now"
            ));
        }
        let ids: Vec<ConversationId> = gone.iter().map(|entry| entry.id).collect();
        if let Err(error) = recent.forget(server, &ids) {
            self.ui.warn(not_kept(&error));
        }
    }
}

impl Place {
    /// The name under which its conversations and its key are kept.
    pub fn name(&self) -> &str {
        match self {
            Self::Local(_) => LOCAL,
            Self::At(_, server) => server,
        }
    }

    /// Finds or starts the server, and says what there is to know about that.
    pub async fn connect(self, ui: &Ui, dirs: &Dirs) -> Result<Connection, Failure> {
        let starter = match &self {
            Self::Local(starter) => starter,
            Self::At(client, _) => return Ok(Connection { client: client.clone(), place: self }),
        };
        let found = starter.ensure().await?;
        if found.started {
            ui.detail(format!("started your local server at {} (pid {})", found.running.url, found.running.pid));
        }
        if found.is_new_key
            && let Some(place) = Keys::new(dirs).place(LOCAL)?
        {
            ui.note(format!("The API key of your local server is kept in {place}."));
        }
        if let Some(notice) = found.notice {
            ui.warn(notice);
        }
        Ok(Connection { client: found.client, place: self })
    }

    /// A new client after the server was lost: the user's own one is started again, a shared one has to come back by
    /// itself.
    pub async fn again(&self) -> Result<Option<Client>, Failure> {
        match self {
            Self::Local(starter) => Ok(Some(starter.ensure().await?.client)),
            Self::At(..) => Ok(None),
        }
    }
}

/// Writes a conversation of a server into the list of recent ones.
pub fn kept(
    dirs: &Dirs,
    server: &str,
) -> impl Fn(ConversationId, &str) -> io::Result<()> + Send + Sync + 'static + use<> {
    let (recent, server) = (Recent::new(dirs), server.to_owned());
    move |id, title| {
        let (title, server) = (title.to_owned(), server.clone());
        recent.touch(Entry { id, title, server, updated_at: Timestamp::now() })
    }
}

fn not_kept(error: &dyn std::error::Error) -> String {
    format!("the list of recent conversations can't be written: {error}")
}

/// This binary; after an upgrade Linux says "(deleted)" of the old file, and the new one is at the same place.
pub fn program() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?;
    match program.to_str().and_then(|path| path.strip_suffix(" (deleted)")) {
        Some(path) => Ok(PathBuf::from(path)),
        None => Ok(program),
    }
}

/// An id, or an address that holds one.
pub fn conversation_id(text: &str) -> Result<ConversationId, Failure> {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let id = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    id.parse().map_err(|_| {
        Failure::usage(format!("`{text}` is neither a conversation's id nor its address"))
            .hint("`omega recent` lists the ones you used")
    })
}

/// The server of a conversation's address, if it is one.
fn server_of_address(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split('/').next().filter(|host| !host.is_empty())?;
    matches!(scheme, "http" | "https").then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_named_by_its_id_or_its_address() {
        let id = "5b0f3c1e-0000-4000-8000-000000000001";
        for text in [id.to_owned(), format!("https://x.test/omega/{id}"), format!("http://x:1/omega/{id}/?a=b#c")] {
            assert_eq!(conversation_id(&text).unwrap().to_string(), id);
        }
        assert!(conversation_id("https://x.test/omega").is_err());
        assert_eq!(server_of_address("https://x.test/omega/1").as_deref(), Some("https://x.test"));
        assert_eq!(server_of_address(id), None);
    }
}
