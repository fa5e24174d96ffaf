//! Calls that go on behind their answer: a tool may only be called as a task, which is asked for until it is done
//! (<https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks>).

use super::session::{Fault, Server, Session};
use omega_core::executor::ToolErrorCode;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a server keeps what came of a task, in milliseconds; no call takes longer.
const KEPT_MS: u64 = 600_000;
/// Milliseconds between two questions, whatever a server would like.
const POLL_MS: (u64, u64) = (100, 2_000);

/// Whether a result says that the tool is only called as a task, as the SDK's servers give that.
fn is_refusal(result: &Value) -> bool {
    let said = result["content"][0]["text"].as_str().unwrap_or_default();
    result["isError"] == true && said.starts_with("MCP error -32601") && said.contains("task")
}

impl Server {
    /// What comes of a call: as a task where the tool refuses to be called otherwise.
    pub async fn call(&self, session: &Session, call: Value) -> Result<Value, Fault> {
        match self.ask(session, "tools/call", call.clone()).await {
            Ok(result) if is_refusal(&result) => self.as_task(session, call).await,
            Err(Fault::Ended(refused)) if refused.code == ToolErrorCode::ToolNotFound => {
                match self.as_task(session, call).await {
                    Err(Fault::Ended(error)) if error.code == ToolErrorCode::ToolNotFound => Err(Fault::Ended(refused)),
                    other => other,
                }
            }
            other => other,
        }
    }

    async fn as_task(&self, session: &Session, mut call: Value) -> Result<Value, Fault> {
        call["task"] = json!({ "ttl": KEPT_MS });
        let begun = self.ask(session, "tools/call", call).await?;
        let mut task = begun["task"].clone();
        // A server that knows no tasks answers as ever.
        let Some(id) = task["taskId"].as_str().map(str::to_owned) else { return Ok(begun) };
        while task["status"] == "working" {
            let wait = task["pollInterval"].as_u64().unwrap_or_default().clamp(POLL_MS.0, POLL_MS.1);
            tokio::time::sleep(Duration::from_millis(wait)).await;
            task = self.ask(session, "tasks/get", json!({ "taskId": id })).await?;
        }
        self.ask(session, "tasks/result", json!({ "taskId": id })).await
    }
}
