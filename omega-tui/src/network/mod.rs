//! The task that owns the client: it does what the screen asks and passes on what the server says.
//!
//! Three things go on side by side and none waits for another: the stream of the conversation, which comes back by itself;
//! the messages, which are sent one after the other so that their order holds; and everything else that is asked.

mod answering;
mod change;
mod desk;
mod following;
mod looking;
mod memory;
mod saving;
mod server;

pub use desk::{Keeping, Notebook};
pub use memory::RememberIn;
pub use server::{Connecting, FindAgain, NoServer, Reconnecting};

use crate::messages::{Command, Draft, NetworkEnd, Update};
use answering::{answer_run, lasting, take_back, words_of};
use desk::Desk;
use following::follow;
use looking::{find_tools, show_previews, watch_changes, watch_health};
use memory::Memory;
use omega_core::{
    api::{Accepted, CreateConversation, ExecuteRequest, ForkConversation, SendMessage, UpdateConversation},
    client::ClientError,
    id::{ConversationId, MessageId, ToolId},
};
use server::Server;
use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::sleep,
};

/// Waits between the attempts to send a message. Sending twice is safe: the key makes it one message.
const SEND_WAITS: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(2)];
/// Bytes of an output asked for at once.
const OUTPUT_PAGE: u32 = 256 * 1024;

/// What has to keep its order.
enum Ordered {
    Send(Sending),
    /// Follow this conversation, or none: the next message begins another.
    Follow(Option<ConversationId>),
}

/// A message on its way.
struct Sending {
    draft: Draft,
    text: String,
    model: Option<String>,
    pins: Vec<ToolId>,
    safe_mode: Option<bool>,
}

/// What the machine gives: where the server is found again, and where conversations are written down.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// Finds the server again when it is lost.
    pub find_again: Option<FindAgain>,
    /// Keeps which conversations there are.
    pub remember: Option<RememberIn>,
    /// Keeps what is written.
    pub notebook: Option<Notebook>,
}

/// Serves the screen until it is gone, or until it is known that there is no server. What needs none is done before it is
/// there.
pub async fn serve(
    connecting: Connecting,
    machine: Machine,
    start: Option<ConversationId>,
    mut end: NetworkEnd,
) -> Result<(), NoServer> {
    let server = Arc::new(Server::new(machine.find_again, end.updates.clone()));
    let memory = Memory::new(machine.remember, end.updates.clone());
    let desk = Desk::new(machine.notebook, end.updates.clone());
    desk.recall(start);
    desk.past();
    let (current, watched) = watch::channel(start);
    let (ordered, queue) = mpsc::unbounded_channel();
    // Dropped with this future: nothing of it outlives the screen.
    let mut tasks = JoinSet::new();
    let hurry = Arc::new(Notify::new());
    tasks.spawn(follow(Arc::clone(&server), watched.clone(), Arc::clone(&hurry), end.updates.clone()));
    tasks.spawn(send_in_order(Arc::clone(&server), memory.clone(), current, queue, end.updates.clone()));
    tasks.spawn(introduce(Arc::clone(&server), end.updates.clone()));
    tasks.spawn(watch_health(Arc::clone(&server), end.updates.clone()));
    let (looks, looked_at) = watch::channel(None);
    tasks.spawn(show_previews(Arc::clone(&server), looked_at, end.updates.clone()));
    let (again, changes) = watch::channel(None);
    tasks.spawn(watch_changes(Arc::clone(&server), changes, end.updates.clone()));
    let (searches, typed) = watch::channel(String::new());
    tasks.spawn(find_tools(Arc::clone(&server), typed, end.updates.clone()));
    let mut connected = pin!(server.connect(connecting));
    let mut is_connected = false;
    loop {
        let command = tokio::select! {
            connected = &mut connected, if !is_connected => {
                connected?;
                is_connected = true;
                continue;
            }
            command = end.commands.recv() => command,
        };
        let Some(command) = command else { return Ok(()) };
        while tasks.try_join_next().is_some() {}
        let _ = match command {
            Command::Send { draft, text, model, pins, safe_mode } => {
                ordered.send(Ordered::Send(Sending { draft, text, model, pins, safe_mode }))
            }
            Command::NewConversation => {
                desk.recall(None);
                ordered.send(Ordered::Follow(None))
            }
            Command::Follow(id) => {
                desk.recall(Some(id));
                ordered.send(Ordered::Follow(Some(id)))
            }
            Command::KeepDraft(of, text) => {
                desk.keep_draft(of, text);
                Ok(())
            }
            Command::KeepMessage(text) => {
                desk.keep_message(text);
                Ok(())
            }
            Command::ListRecent => {
                desk.list_recent();
                Ok(())
            }
            Command::Forget(id) => {
                let (memory, desk) = (memory.clone(), desk.clone());
                tasks.spawn(async move {
                    // What is still to be written down would bring it back.
                    memory.settled().await;
                    desk.forget(id);
                });
                Ok(())
            }
            Command::ListPast => {
                desk.past();
                Ok(())
            }
            Command::LookAgain(topic) => {
                again.send_replace(topic);
                Ok(())
            }
            Command::FindTools(words) => {
                searches.send_replace(words);
                Ok(())
            }
            Command::Preview(id) => {
                looks.send_replace(Some(id));
                Ok(())
            }
            Command::TryNow => {
                hurry.notify_one();
                Ok(())
            }
            Command::Remember(id, title) => {
                memory.note(id, title);
                Ok(())
            }
            other => {
                let conversation = *watched.borrow();
                tasks.spawn(answer(Arc::clone(&server), conversation, other, end.updates.clone()));
                Ok(())
            }
        };
    }
}

/// Says who the person here is, and what answers them. Without that they are treated as anybody; the server decides anyway.
async fn introduce(server: Arc<Server>, updates: mpsc::Sender<Update>) {
    let client = server.client().await;
    if let Ok(me) = client.whoami().await {
        let _ = updates.send(Update::Me(Box::new(me))).await;
    }
    if let Ok(models) = client.models().await {
        let _ = updates.send(Update::Models(Box::new(models))).await;
    }
}

async fn send_in_order(
    server: Arc<Server>,
    memory: Memory,
    current: watch::Sender<Option<ConversationId>>,
    mut queue: mpsc::UnboundedReceiver<Ordered>,
    updates: mpsc::Sender<Update>,
) {
    while let Some(ordered) = queue.recv().await {
        let Sending { draft, text, model, pins, safe_mode } = match ordered {
            Ordered::Send(sending) => sending,
            Ordered::Follow(id) => {
                current.send_replace(id);
                continue;
            }
        };
        let known = *current.borrow();
        let id = match known {
            Some(id) => id,
            None => match create(&server, model.clone(), safe_mode).await {
                Ok(id) => {
                    // Before the first message goes out: whatever happens then, there is a way back to it.
                    memory.noted(id, text.clone()).await;
                    let _ = updates.send(Update::Opened(id)).await;
                    current.send_replace(Some(id));
                    id
                }
                Err(error) => {
                    let _ = updates.send(Update::SendFailed { draft, error: error.to_string() }).await;
                    continue;
                }
            },
        };
        let update = match send(&server, id, text, model, pins).await {
            Ok(accepted) => Update::Accepted(draft, accepted),
            Err(error) => Update::SendFailed { draft, error: error.to_string() },
        };
        let _ = updates.send(update).await;
    }
}

async fn create(
    server: &Server,
    model: Option<String>,
    safe_mode: Option<bool>,
) -> Result<ConversationId, ClientError> {
    let body = CreateConversation { model, safe_mode, ..CreateConversation::default() };
    let client = server.client().await;
    let made = match client.create_conversation(&body).await {
        // Nothing was made where nobody answered.
        Err(error) => match server.find_again(&client, &error).await {
            Some(client) => client.create_conversation(&body).await,
            None => Err(error),
        },
        made => made,
    };
    made.map(|conversation| conversation.id)
}

async fn send(
    server: &Server,
    id: ConversationId,
    message: String,
    model: Option<String>,
    pins: Vec<ToolId>,
) -> Result<Accepted, ClientError> {
    let key = MessageId::new().to_string();
    let body = SendMessage { message, model, pins, client_message_id: Some(key.clone()), ..SendMessage::default() };
    for wait in SEND_WAITS {
        let client = server.client().await;
        match client.send_message(id, &body, &key).await {
            Err(error) if error.is_temporary() => {
                if server.find_again(&client, &error).await.is_none() {
                    sleep(error.retry_after().map_or(wait, |asked| asked.min(wait))).await;
                }
            }
            done => return done,
        }
    }
    server.client().await.send_message(id, &body, &key).await
}

/// Does what needs no order and says only what the stream does not say anyway.
async fn answer(
    server: Arc<Server>,
    conversation: Option<ConversationId>,
    command: Command,
    updates: mpsc::Sender<Update>,
) {
    let client = server.client().await;
    let update = match command {
        Command::Answer(answer) => match conversation {
            None => None,
            Some(id) => match answer_run(&client, id, answer.clone()).await {
                Ok(()) => lasting(&client, id, &answer).await.map(Update::Lasts),
                Err(error) => Some(Update::AnswerFailed(words_of(&error))),
            },
        },
        Command::TakeBack(rules) => Some(match take_back(&client, &rules).await {
            Ok(()) => Update::TakenBack,
            Err(error) => Update::Failed(format!("not taken back: {error}; /settings lists what is always allowed")),
        }),
        Command::Cancel(run) => client.cancel_run(run).await.err().map(|e| Update::Failed(format!("not stopped: {e}"))),
        Command::AskNow(run) => client.retry_run(run).await.err().map(|e| Update::Failed(format!("not asked: {e}"))),
        Command::SetModel(name) => match conversation {
            // The message that starts the conversation names it.
            None => None,
            Some(id) => {
                let body = UpdateConversation { model: Some(name), ..UpdateConversation::default() };
                client.update_conversation(id, &body).await.err().map(|e| Update::ModelRefused(e.to_string()))
            }
        },
        Command::ListModels => Some(match client.models().await {
            Ok(models) => Update::Models(Box::new(models)),
            Err(error) => Update::Failed(format!("no list of models: {error}")),
        }),
        Command::LoadSection(stretch) => match conversation {
            None => None,
            Some(id) => Some(match looking::section(&client, id, stretch).await {
                Ok(section) => Update::Section(stretch, Box::new(section)),
                Err(error) => Update::Failed(format!("messages could not be loaded: {error}")),
            }),
        },
        Command::CancelCall(id) => {
            client.cancel_tool_run(id).await.err().map(|e| Update::Failed(format!("not stopped: {e}")))
        }
        Command::RunTool { tool, input } => {
            let body = ExecuteRequest { tool_id: tool.to_string(), params: input, env: BTreeMap::new() };
            Some(match client.execute_tool(&body).await {
                Ok(answer) => Update::Ran(Box::new(answer)),
                Err(error) => Update::Failed(error.to_string()),
            })
        }
        // What can't be learned is not shown.
        Command::LookAtTool(tool) => client.tool(&tool).await.ok().map(|row| Update::Tool(Box::new(row))),
        Command::LoadEvents { after, until } => match conversation {
            None => None,
            Some(id) => Some(looking::events(&client, id, after, until).await),
        },
        Command::Fork { from, until, text } => Some(match client.fork(from, &ForkConversation { until }).await {
            Ok(copy) => Update::Forked(from, Box::new(copy), text),
            Err(error) => Update::Failed(format!("not forked: {error}")),
        }),
        Command::Health => Some(match client.status().await {
            Ok(status) => Update::Health(Box::new(status)),
            Err(error) => Update::Failed(error.to_string()),
        }),
        Command::Save(saving, file) => Some(match saving::save(&client, saving, &file).await {
            Ok(words) => Update::Told(words),
            Err(error) => Update::Failed(format!("not saved: {error}")),
        }),
        Command::LoadOutput(id, from) => Some(match client.tool_output(id, from, OUTPUT_PAGE).await {
            Ok(page) => Update::Output(id, Box::new(page)),
            Err(error) => Update::Failed(format!("the output could not be loaded: {error}")),
        }),
        Command::Look(topic) => Some(match change::look(&client, topic).await {
            Ok(shown) => Update::Shown(topic, shown),
            Err(error) => Update::NotDone(error.to_string()),
        }),
        Command::Do(topic, wish) => Some(match (change::make(&client, conversation, wish).await, topic) {
            (Err(error), _) => Update::NotDone(error),
            (Ok(()), None) => Update::Made,
            (Ok(()), Some(topic)) => match change::look(&client, topic).await {
                Ok(shown) => Update::Shown(topic, shown),
                Err(error) => Update::NotDone(error.to_string()),
            },
        }),
        Command::Export { format, file } => match conversation {
            None => None,
            Some(id) => Some(match change::export(&client, id, format, file).await {
                Ok(file) => Update::Exported(file),
                Err(error) => Update::Failed(format!("not exported: {error}")),
            }),
        },
        // These keep their order elsewhere.
        Command::Send { .. }
        | Command::NewConversation
        | Command::Follow(_)
        | Command::Remember(..)
        | Command::Forget(_)
        | Command::KeepDraft(..)
        | Command::KeepMessage(_)
        | Command::ListRecent
        | Command::ListPast
        | Command::FindTools(_)
        | Command::LookAgain(_)
        | Command::Preview(_)
        | Command::TryNow => None,
    };
    if let Some(update) = update {
        let _ = updates.send(update).await;
    }
}

#[cfg(test)]
mod tests;
