//! What passes between the screen and the network: commands out, updates in, over channels.
//!
//! The screen never waits for the network. It hands a command over and goes on; what comes of it arrives as an update.

use omega_core::{
    api::{
        Accepted, Conversation, ConversationDetail, CredentialScope, Decision, ExecuteAnswer, GiveFeedback,
        GuestCredentials, Message, Models, OutputPage, Remember, Save, SelectAlternative, SelectPlan, Settings, Status,
        StoredApproval, StoredCredential, StoredGrant, Timestamp, ToolRow, Visibility, Whoami,
    },
    client::ExportFormat,
    event::{Envelope, Event},
    id::{ApprovalId, ApprovalRuleId, ConversationId, MessageId, PlanId, RunId, ToolId, ToolRunId, UserId},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};
use tokio::sync::mpsc;

/// The screen's own number of a message that it sends.
pub type Draft = u64;

/// Messages of a long conversation that are asked for at once.
pub const PAGE: u32 = 100;

/// Messages of a conversation that are asked for: at most [`PAGE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    /// The newest before an event.
    Before(u64),
    /// The oldest after an event, 0 being before all.
    After(u64),
    /// The oldest of a time or later.
    Since(Timestamp),
}

/// What the screen wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send a message; starts a conversation when there is none.
    Send {
        draft: Draft,
        text: String,
        /// `provider/model`, when one was chosen.
        model: Option<String>,
        /// Tools to prefer for it.
        pins: Vec<ToolId>,
        /// Safe Mode of the conversation that it begins, when that was chosen.
        safe_mode: Option<bool>,
    },
    /// Answer what the run waits for.
    Answer(PauseAnswer),
    Cancel(RunId),
    /// Have the run's model asked again at once that did not answer.
    AskNow(RunId),
    /// Stop one call; its run goes on.
    CancelCall(ToolRunId),
    /// Leave this conversation; the next message starts another.
    NewConversation,
    /// Leave it for another one.
    Follow(ConversationId),
    /// Answer with this model from now on.
    SetModel(String),
    /// Say which models there are.
    ListModels,
    /// Get a part of the conversation.
    LoadSection(Stretch),
    /// Get a piece of an output that is too large for the events, from this byte on.
    LoadOutput(ToolRunId, u64),
    /// Write something into a file of this name, which was not there before.
    Save(Saving, String),
    /// Find tools for what was typed.
    FindTools(String),
    /// Say what is known of a tool.
    LookAtTool(ToolId),
    /// Call a tool without a model.
    RunTool {
        tool: ToolId,
        input: Value,
    },
    /// Say which conversations were used last on this machine.
    ListRecent,
    /// Say what was sent from this machine, in any conversation and terminal.
    ListPast,
    /// Say how the server is.
    Health,
    /// Try a connection that is lost again at once.
    TryNow,
    /// Say how a conversation ends, to somebody who looks for one.
    Preview(ConversationId),
    /// Say what happened in the conversation after an event, up to another one.
    LoadEvents {
        after: u64,
        until: u64,
    },
    /// Keep what is written for a conversation, or for the next one; an empty text forgets it.
    KeepDraft(Option<ConversationId>, String),
    /// Keep a message that was sent or cleared, to be found again.
    KeepMessage(String),
    /// Say what an overlay shows.
    Look(Topic),
    /// Look whether something was changed elsewhere; this again and again, as long as it is on the screen.
    LookAgain(Option<Topic>),
    /// Make a change, and say what the overlay shows then; what is not of a topic comes by the stream.
    Do(Option<Topic>, Wish),
    /// Write down that a conversation is there and is used, under this title; an empty one keeps the known.
    Remember(ConversationId, String),
    /// Take a conversation off this machine's list, and say what is left of it.
    Forget(ConversationId),
    /// Revoke standing approvals that were just given.
    TakeBack(Vec<ApprovalRuleId>),
    /// Copy a conversation up to the run of a message, or all that has ended.
    Fork {
        from: ConversationId,
        until: Option<MessageId>,
        /// What is written in the copy.
        text: String,
    },
    /// Write the conversation into a file.
    Export {
        /// `markdown` or `json`.
        format: ExportFormat,
        /// Where to; a name of its own when missing.
        file: Option<String>,
    },
}

/// What is written into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saving {
    /// All of an output, whatever its size.
    Output(ToolRunId),
    Text(String),
    Bytes(Vec<u8>),
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
    /// Give the conversation a title.
    Title(String),
    /// Shut a guest out, or let them in again.
    Block(UserId, bool),
    /// Say what one thinks of a run's answer.
    Feedback(RunId, GiveFeedback),
    /// Take that back.
    NoFeedback(RunId),
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
        /// Other calls that wait and are allowed with it, once each: approval and digest.
        also: Vec<(ApprovalId, String)>,
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

/// What the network and the machine have to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// The server is there, at this address: at first, and when it came back at another one.
    Server(String),
    Link(Link),
    /// When a connection that is lost is tried again.
    Again(Timestamp),
    /// The person's desktop says that nothing is to move.
    Still,
    /// The newest messages of a conversation that is looked at, oldest first, or why they can't be shown.
    Preview(ConversationId, Result<Vec<Message>, String>),
    /// What happened, in order; and why that is not all, where it is not.
    Events(Vec<Envelope>, Option<String>),
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
    /// A part of the conversation.
    Section(Stretch, Box<ConversationDetail>),
    /// A piece of an output, as JSON text.
    Output(ToolRunId, Box<OutputPage>),
    /// Tools for what was typed.
    Tools(String, Vec<ToolRow>),
    /// What is known of a tool.
    Tool(Box<ToolRow>),
    /// A tool that was called without a model came to an end.
    Ran(Box<ExecuteAnswer>),
    /// The conversations that were used last on this machine.
    Recent(Vec<UsedBefore>),
    /// How the server is.
    Health(Box<Status>),
    /// What was written for the conversation when it was left.
    Draft(Option<ConversationId>, String),
    /// What was sent before, in any conversation, oldest first.
    Past(Vec<String>),
    /// What came back from the editor.
    Edited(String),
    /// Something was done on this machine, in words.
    Told(String),
    /// Who the person here is.
    Me(Box<Whoami>),
    Shown(Topic, Shown),
    /// What it is now, changed elsewhere or here; nobody asked.
    Seen(Topic, Shown),
    /// The overlay's change was made.
    Made,
    /// The overlay's change was not made.
    NotDone(String),
    /// The conversation is in this file.
    Exported(String),
    /// A conversation was copied; the text is to be written in the copy.
    Forked(ConversationId, Box<Conversation>, String),
}

impl Update {
    /// Whether what is being written may be another with it.
    pub fn concerns_writing(&self) -> bool {
        if let Self::Event(envelope) = self {
            return matches!(envelope.event, Event::MessageCreated { .. });
        }
        matches!(
            self,
            Self::Opened(_)
                | Self::Accepted(..)
                | Self::SendFailed { .. }
                | Self::Edited(_)
                | Self::Draft(..)
                | Self::Forked(..)
                | Self::Tools(..)
        )
    }
}

/// A conversation of the list that this machine keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedBefore {
    pub id: ConversationId,
    pub title: String,
    pub updated_at: Timestamp,
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
