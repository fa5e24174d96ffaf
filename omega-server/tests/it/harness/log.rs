//! Committed events, and what they say together.

use omega_core::{
    api::{RunError, ToolRunStatus},
    event::{Envelope, Event},
    executor::ToolErrorCode,
    id::ConversationId,
};
use serde_json::Value;
use sqlx::{ConnectOptions, Connection, PgConnection, sqlite::SqliteConnectOptions};

/// The events of a run (or of a conversation), in order.
pub struct Log(pub Vec<Envelope>);

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub struct CallEnd {
    pub name: String,
    pub status: ToolRunStatus,
    pub code: Option<ToolErrorCode>,
    pub output: Option<Value>,
}

impl Log {
    pub fn kinds(&self) -> Vec<&'static str> {
        self.0.iter().map(|envelope| envelope.event.kind()).collect()
    }

    pub fn count(&self, kind: &str) -> usize {
        self.kinds().iter().filter(|known| **known == kind).count()
    }

    /// The run's only terminal event; there must be exactly one, and nothing of the run after it.
    pub fn end(&self) -> &Event {
        let ends: Vec<usize> =
            self.0.iter().enumerate().filter(|(_, e)| e.event.is_terminal()).map(|(index, _)| index).collect();
        assert_eq!(ends, [self.0.len() - 1], "one terminal event, at the end: {:?}", self.kinds());
        &self.0[ends[0]].event
    }

    /// The answer of a run that must have completed.
    pub fn answer(&self) -> &str {
        match self.end() {
            Event::RunCompleted { answer, .. } => answer,
            other => panic!("{other:?}"),
        }
    }

    /// The error of a run that must have failed.
    pub fn failure(&self) -> &RunError {
        match self.end() {
            Event::RunFailed { error } => error,
            other => panic!("{other:?}"),
        }
    }

    pub fn notices(&self) -> Vec<&str> {
        self.0
            .iter()
            .filter_map(|envelope| match &envelope.event {
                Event::Notice { code, .. } => Some(code.as_str()),
                _ => None,
            })
            .collect()
    }

    /// How the calls ended, in the order of their ends.
    pub fn calls(&self) -> Vec<CallEnd> {
        self.0
            .iter()
            .filter_map(|envelope| match &envelope.event {
                Event::ToolCompleted { tool_name, status, error, output, .. } => Some(CallEnd {
                    name: tool_name.clone(),
                    status: *status,
                    code: error.as_ref().map(|error| error.code),
                    output: output.clone(),
                }),
                _ => None,
            })
            .collect()
    }
}

/// All committed events of a conversation, from the database itself.
pub async fn committed(database: &str, conversation: ConversationId) -> Vec<Envelope> {
    const EVENTS: &str = "SELECT payload FROM events WHERE conversation_id = $1 ORDER BY seq";
    let conversation = conversation.to_string();
    let rows: Vec<(String,)> = if let Some(path) = database.strip_prefix("sqlite:") {
        let mut connection = SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap();
        let rows = sqlx::query_as(EVENTS).bind(conversation).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows
    } else {
        let mut connection = PgConnection::connect(database).await.unwrap();
        let rows = sqlx::query_as(EVENTS).bind(conversation).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows
    };
    rows.iter().map(|(payload,)| serde_json::from_str(payload).unwrap()).collect()
}

/// The same from a PostgreSQL database.
pub async fn stored(url: &str, conversation: ConversationId) -> Vec<Envelope> {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let rows: Vec<(String,)> = sqlx::query_as("SELECT payload FROM events WHERE conversation_id = $1 ORDER BY seq")
        .bind(conversation.to_string())
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|(payload,)| serde_json::from_str(payload).unwrap()).collect()
}
