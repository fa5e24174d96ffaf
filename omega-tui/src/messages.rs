//! What passes between the screen and the network: commands out, updates in, over channels.
//!
//! The screen never waits for the network. It hands a command over and goes on; what comes of it arrives as an update.

use omega_core::{
    api::{
        Accepted, ConversationDetail, CredentialScope, Decision, GuestCredentials, Models, Remember, Save,
        SelectAlternative, SelectPlan, Settings, StoredApproval, StoredCredential, StoredGrant, Visibility, Whoami,
    },
    client::ExportFormat,
    event::Envelope,
    id::{ApprovalId, ApprovalRuleId, ConversationId, PlanId, RunId, ToolId, ToolRunId, UserId},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};
use tokio::sync::mpsc;

/// The screen's own number of a message that it sends.
pub type Draft = u64;

/// What the screen wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send a message; starts a conversation when there is none.
    Send {
        draft: Draft,
        text: String,
        /// `provider/model`, when one was chosen.
        model: Option<String>,
    },
    /// Answer what the run waits for.
    Answer(PauseAnswer),
    Cancel(RunId),
    /// Leave this conversation; the next message starts another.
    NewConversation,
    /// Answer with this model from now on.
    SetModel(String),
    /// Say which models there are.
    ListModels,
    /// Get the messages before this event.
    LoadOlder(u64),
    /// Get an output that is too large for the events.
    LoadOutput(ToolRunId),
    /// Say what an overlay shows.
    Look(Topic),
    /// Make a change, and say what the overlay shows then; what is not of a topic comes by the stream.
    Do(Option<Topic>, Wish),
    /// Write down that a conversation is there and is used, under this title; an empty one keeps the known.
    Remember(ConversationId, String),
    /// Revoke standing approvals that were just given.
    TakeBack(Vec<ApprovalRuleId>),
    /// Write the conversation into a file.
    Export {
        /// `markdown` or `json`.
        format: ExportFormat,
        /// Where to; a name of its own when missing.
        file: Option<String>,
    },
}

/// What an overlay shows that the server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Settings and standing approvals.
    Settings,
    /// Stored credentials and grants.
    Keys,
    Pins,
}

/// A change that the server makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Set a setting, by the names of [`omega_core::setting`].
    Set {
        name: &'static str,
        /// Its value; none takes it back to what holds without one.
        value: Option<String>,
    },
    Pin(ToolId),
    Unpin(ToolId),
    /// Store a credential, or replace it.
    PutKey {
        /// For this tool only.
        tool: Option<ToolId>,
        value: Secrets,
    },
    DeleteKey {
        name: String,
        tool: Option<ToolId>,
        scope: CredentialScope,
    },
    RevokeGrant {
        name: String,
        tool: ToolId,
    },
    RevokeApproval(ApprovalRuleId),
    /// Say who may open the conversation.
    Visibility(Visibility),
    /// Replace the conversation's link.
    Rotate,
    /// Say what guests' messages may do with the owner's credentials.
    GuestCredentials(GuestCredentials),
    /// Turn Safe Mode of the conversation on or off.
    SafeMode(bool),
    /// Shut a guest out, or let them in again.
    Block(UserId, bool),
}

/// What an overlay shows, as the server has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Of [`Topic::Settings`]: with standing approvals.
    Settings(Box<Settings>, Vec<StoredApproval>),
    /// Of [`Topic::Pins`].
    Pins(Vec<ToolId>),
    /// Of [`Topic::Keys`].
    Keys(Vec<StoredCredential>, Vec<StoredGrant>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseAnswer {
    /// A decision about a call.
    Decide {
        approval: ApprovalId,
        /// The tool that it is about.
        tool: ToolId,
        /// The digest of the input that was shown.
        digest: String,
        decision: Decision,
        /// How long an approval lasts.
        remember: Remember,
        reason: Option<String>,
        /// In place of the model's input.
        input: Option<Value>,
    },
    /// Variables that tools lack.
    Provide { env: Secrets, save: Save },
    /// Go on without the variables.
    Decline,
    /// A plan, or the wish for another.
    Plan(PlanId, SelectPlan),
    /// A tool in place of one that failed, or none.
    Alternative(SelectAlternative),
}

/// Values of variables by name; only the names are ever printed.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<String, SecretString>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl PartialEq for Secrets {
    fn eq(&self, other: &Self) -> bool {
        let exposed = |(name, value): (&String, &SecretString)| (name.clone(), value.expose_secret().to_owned());
        self.0.iter().map(exposed).eq(other.0.iter().map(exposed))
    }
}

impl Eq for Secrets {}

/// What the network has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    Link(Link),
    /// The conversation that is followed now.
    Opened(ConversationId),
    /// An event or frame of it.
    Event(Box<Envelope>),
    Accepted(Draft, Accepted),
    /// A message could not be sent; the text comes back.
    SendFailed {
        draft: Draft,
        /// What happened and what to do next.
        error: String,
    },
    /// An answer was not taken; without words, because somebody else was first.
    AnswerFailed(Option<String>),
    /// A standing approval was given, as these rules.
    Lasts(Lasting),
    /// Standing approvals were revoked.
    TakenBack,
    /// Something else did not work.
    Failed(String),
    /// The conversation keeps its model.
    ModelRefused(String),
    Models(Box<Models>),
    /// An earlier part of the conversation.
    Older(Box<ConversationDetail>),
    /// An output, as JSON text.
    Output(ToolRunId, String),
    /// Who the person here is.
    Me(Box<Whoami>),
    Shown(Topic, Shown),
    /// The overlay's change was made.
    Made,
    /// The overlay's change was not made.
    NotDone(String),
    /// The conversation is in this file.
    Exported(String),
}

/// An approval that lasts beyond its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lasting {
    pub tool: ToolId,
    pub remember: Remember,
    /// What it is stored as.
    pub rules: Vec<ApprovalRuleId>,
}

/// How the connection to the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nothing was asked of the server yet.
    Idle,
    /// The first connection is being made.
    Connecting,
    Live,
    /// The server answers, but not with this conversation.
    Refused {
        cause: String,
    },
    /// The connection broke; it is tried again.
    Reconnecting {
        attempt: u32,
    },
    /// It is not coming back soon; still tried now and then.
    Offline {
        cause: String,
    },
}

pub struct NetworkEnd {
    pub commands: mpsc::UnboundedReceiver<Command>,
    /// Updates for the screen; bounded, so that a slow screen slows the stream and not the memory.
    pub updates: mpsc::Sender<Update>,
}

pub struct ScreenEnd {
    /// Commands for the network; sending one never waits.
    pub commands: mpsc::UnboundedSender<Command>,
    pub updates: mpsc::Receiver<Update>,
}

/// Two ends that belong together.
pub fn pair() -> (ScreenEnd, NetworkEnd) {
    let (command_sender, command_receiver) = mpsc::unbounded_channel();
    let (update_sender, update_receiver) = mpsc::channel(256);
    (
        ScreenEnd { commands: command_sender, updates: update_receiver },
        NetworkEnd { commands: command_receiver, updates: update_sender },
    )
}
