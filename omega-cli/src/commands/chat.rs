//! `omega chat`, and `omega` without a command

mod inline;

use crate::{
    connect::{self, Connection, Context},
    exit::{Code, Failure},
    ui::Ui,
    value_candidates,
};
use clap::Args;
use clap_complete::ArgValueCandidates;
use inline::Talk;
use omega_core::{
    api::Timestamp,
    id::ConversationId,
    local::{recent::Recent, writing::Writing},
};
use omega_tui::{Connecting, FindAgain, Keeping, Keymap, MotionChoice, Notebook, Options, RememberIn, ThemeChoice};
use std::{fs, io};

const SIGTERM: i32 = 15;

/// Talk in the terminal, full screen
///
/// Keys can be changed in the file keys.toml beside the configuration; docs/KEYS.md lists them. Without motion (NO_MOTION,
/// the configuration's motion, or the desktop's setting) no spinner turns. Where the terminal can't show a full screen
/// (TERM=dumb), and with --inline, it goes line by line.
#[derive(Debug, Default, Args)]
#[command(after_long_help = "Examples:
  omega chat
  omega chat --continue
  omega chat --inline")]
pub struct Chat {
    /// Go on with this conversation, given by id or address
    #[arg(long, value_name = "ID|URL", add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Go on with the conversation that was used last
    #[arg(long, short = 'c', conflicts_with = "conversation")]
    r#continue: bool,
    /// provider/model [env: OMEGA_MODEL]
    #[arg(long, short, value_name = "PROVIDER/MODEL", add = ArgValueCandidates::new(value_candidates::models))]
    pub model: Option<String>,
    /// Colours; auto asks the terminal for its background
    #[arg(long, value_name = "auto|dark|light", default_value = "auto")]
    theme: ThemeChoice,
    /// Line by line in the terminal's own scrollback, for screen readers and simple terminals
    #[arg(long)]
    inline: bool,
}

/// What is written, and what was used, as this machine keeps it for one server.
struct OnThisMachine {
    writing: Writing,
    recent: Recent,
    server: String,
}

impl Keeping for OnThisMachine {
    fn take_up_draft(&self, of: Option<ConversationId>) -> io::Result<String> {
        self.writing.take_up_draft(of)
    }

    fn keep_draft(&self, of: Option<ConversationId>, text: &str) -> io::Result<()> {
        self.writing.keep_draft(of, text)
    }

    fn past(&self) -> Vec<String> {
        self.writing.messages()
    }

    fn keep_message(&self, text: &str) -> io::Result<()> {
        self.writing.keep_message(text)
    }

    fn forget(&self, id: ConversationId) -> io::Result<()> {
        self.recent.forget(&self.server, &[id])
    }

    fn recent(&self) -> Vec<(ConversationId, String, Timestamp)> {
        let entries = self.recent.of(&self.server).into_iter();
        entries.map(|entry| (entry.id, entry.title, entry.updated_at)).collect()
    }
}

/// `omega` alone is a conversation, where a person can have one.
pub fn when_nothing_is_asked(ui: &Ui) -> Option<Chat> {
    let terminals = ui.terminals();
    (terminals.stdin && terminals.stdout).then(Chat::default)
}

/// The keys that the person wants.
fn keys(context: &Context) -> Result<Keymap, Failure> {
    let file = context.dirs.config.join(Keymap::file_name());
    let fault = |words: String| {
        Failure::usage(format!("{} can't be used: {words}", file.display()))
            .hint("mend it, or take it away to have the keys as they come")
    };
    match fs::read_to_string(&file) {
        Ok(text) => Keymap::read(&text).map_err(|faults| fault(faults.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Keymap::default()),
        Err(error) => Err(fault(error.to_string())),
    }
}

impl Chat {
    /// The one to go on with, if there is to be one.
    async fn conversation(
        &self,
        context: &Context,
        connection: &Connection,
    ) -> Result<Option<ConversationId>, Failure> {
        match &self.conversation {
            None if !self.r#continue => Ok(None),
            named => context.conversation(named.as_deref(), connection).await.map(Some),
        }
    }

    fn failed(error: omega_tui::Error, ui: &Ui) -> Failure {
        let omega_tui::Error::NoServer { error, has_draft } = error else {
            return Failure::new(Code::Failed, error.to_string());
        };
        if has_draft {
            ui.note("what you wrote and did not send is kept");
        }
        match error.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(error) => Failure::new(Code::Unreachable, error.to_string()),
        }
    }

    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let terminals = context.ui.terminals();
        if !terminals.stdin || !terminals.stdout {
            return Err(Failure::usage("`omega chat` needs a terminal").hint("`omega ask` works without one"));
        }
        let place = context.place_for(self.conversation.as_deref())?;
        if self.inline || context.env.get("TERM") == Some("dumb") {
            let linear = context.linear();
            let connection = place.connect(&linear.ui, &linear.dirs).await?;
            let conversation = self.conversation(&linear, &connection).await?;
            return Talk::new(&linear, &connection, conversation)?.run().await;
        }
        let keys = keys(context)?;
        let model = context.config.get("model").map(str::to_owned);
        let (here, lost, server) = (place.clone(), place.clone(), place.name().to_owned());
        let find_again = FindAgain::new(move || {
            let lost = lost.clone();
            Box::pin(async move { lost.again().await.ok().flatten() })
        });
        // Which one was used last is the server's to say; anything else needs none for the first frame.
        let (connecting, conversation) = if self.r#continue {
            let connection = place.connect(&context.ui, &context.dirs).await?;
            let conversation = self.conversation(context, &connection).await?;
            (Connecting::from(connection.client), conversation)
        } else {
            let (ui, dirs) = (context.ui.clone(), context.dirs.clone());
            let connecting = async move { Ok(place.connect(&ui, &dirs).await?.client) };
            let named = self.conversation.as_deref();
            (Connecting::new(connecting), named.map(connect::conversation_id).transpose()?)
        };
        let options = Options {
            conversation,
            model,
            theme: self.theme,
            // The configuration checked it.
            motion: context.config.get("motion").and_then(|it| it.parse().ok()).unwrap_or(MotionChoice::Auto),
            keys,
            find_again: Some(find_again),
            remember: Some(RememberIn::new(connect::kept(&context.dirs, &server))),
            notebook: Some(Notebook::new(OnThisMachine {
                writing: Writing::new(&context.dirs, &server),
                recent: Recent::new(&context.dirs),
                server: server.clone(),
            })),
            ..Options::new(connecting)
        };
        let held = context.ui.hold();
        let outcome = omega_tui::run(options).await;
        drop(held);
        let outcome = outcome.map_err(|error| Self::failed(error, &context.ui))?;
        if let Some(id) = outcome.conversation {
            context.remember(&here, id, outcome.title.as_deref().unwrap_or_default());
        }
        context.ui.out(&outcome.to_string())?;
        match outcome.signal {
            None => Ok(()),
            Some(SIGTERM) => Err(Failure::silent(Code::Terminated)),
            Some(_) => Err(Failure::silent(Code::Interrupted)),
        }
    }
}
