//! One call of a tool outside of any conversation, recorded from its start to its end.

use super::{
    Engine,
    call_telemetry::{self, CallEnd},
    tools::{TOOL_TIMEOUT, declared, is_tools_own, ready, with_something_near},
};
use crate::{
    domain::{
        audit_fact::{AuditAction, Fact, Outcome},
        request,
    },
    executor::Redacting,
    observe::{
        known_secrets,
        metrics::{CallTold, Told},
    },
    registry::catalogue,
    store::{Result, StoreError},
};
use omega_core::{
    api::ToolRunStatus,
    executor::{Execution, Executor, ToolError},
    id::{ToolId, ToolRunId, UserId},
    registry::{Registry, Viewer},
};
use secrecy::SecretString;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

impl Engine {
    /// Calls a tool as a user has it. Goes on to its end, and is recorded, when nobody waits for it any more.
    ///
    /// # Errors
    /// When its start or its end can't be recorded; without the first it is not called.
    pub async fn execute_once(
        &self,
        user: UserId,
        tool: ToolId,
        input: Value,
        env: BTreeMap<String, SecretString>,
    ) -> Result<Called> {
        let engine = self.clone();
        let work = async move { engine.execute_recorded(user, &tool, input, env).await };
        let task = match request::current() {
            Some(context) => self.inner.tasks.spawn(request::within(context, work)),
            None => self.inner.tasks.spawn(work),
        };
        match task.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(called) => called,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(_)) => Err(StoreError::Draining),
        }
    }

    /// As in a run: no call, and no use of a variable, without its record.
    async fn execute_recorded(
        &self,
        user: UserId,
        tool: &ToolId,
        input: Value,
        env: BTreeMap<String, SecretString>,
    ) -> Result<Called> {
        let (store, call) = (&self.inner.store, ToolRunId::new());
        let names: Vec<&str> = env.keys().map(String::as_str).collect();
        let started = Fact::new(AuditAction::ToolStarted, "tool_run").on(call).with("toolId", tool.as_str());
        let mut facts = vec![started.with("credentials", names)];
        facts.extend(env.keys().map(|name| {
            let fact = Fact::new(AuditAction::CredentialUsed, "credential").on(name).with("scope", "request");
            fact.with("toolId", tool.as_str()).with("toolRunId", call.to_string())
        }));
        store.audit(&facts).await?;
        let viewer = Viewer::User(user);
        let asked = Asked { viewer, call, tool, input, env };
        let calling = call_tool(self.inner.registry.as_ref(), &self.inner.executor, asked);
        let called = call_telemetry::told(tool.as_str(), call, calling, |called| called.end()).await;
        called.count(tool);
        let ended = Fact::new(AuditAction::ToolEnded, "tool_run").on(call).with("version", called.version.as_str());
        let ended = ended.with("durationMs", called.duration_ms);
        let ended = match &called.result {
            Ok(_) => ended.with("status", "succeeded"),
            Err(error) => ended.with("status", "failed").with("code", error.code.as_str()).ended(Outcome::Error),
        };
        store.audit(&[ended]).await?;
        Ok(called)
    }
}

/// What a call outside of any run came to.
#[derive(Debug, Clone)]
pub struct Called {
    /// The output, or why there is none.
    pub result: Result<Value, ToolError>,
    /// The version that ran, where it is known.
    pub version: String,
    /// Time of the tool, in milliseconds.
    pub duration_ms: u64,
    /// Where it ran, if it did.
    pub executor: Option<String>,
}

impl Called {
    fn end(&self) -> CallEnd {
        let status = if self.result.is_ok() { ToolRunStatus::Succeeded } else { ToolRunStatus::Failed };
        CallEnd {
            status: Some(status.as_str()),
            error: self.result.as_ref().err().map(|error| error.code.as_str()),
            executor: self.executor.clone(),
        }
    }

    fn count(&self, tool: &ToolId) {
        let told = CallTold {
            tool: catalogue::is_ours(tool.as_str()).then(|| tool.to_string()),
            outcome: self.end().status.unwrap_or_default(),
            executor: self.executor.clone(),
            duration_ms: self.duration_ms,
        };
        Told::Call(told).count();
    }
}

/// Who asks for what.
struct Asked<'a> {
    viewer: Viewer,
    call: ToolRunId,
    tool: &'a ToolId,
    input: Value,
    env: BTreeMap<String, SecretString>,
}

/// Runs a tool once, outside of any run, as its caller has it.
async fn call_tool(registry: &dyn Registry, executor: &Redacting, asked: Asked<'_>) -> Called {
    let Asked { viewer, call, tool: id, input, env } = asked;
    let (tool, input) = match ready(registry, viewer, id, input, &env).await {
        Ok(ready) => ready,
        Err((error, version)) => return Called { result: Err(error), version, duration_ms: 0, executor: None },
    };
    env.iter().for_each(|(name, value)| known_secrets::note(name, value));
    let executed = executor
        .execute(Execution {
            id: call,
            owner: viewer.user().map(|user| user.to_string()).unwrap_or_default(),
            user: viewer.user().map(|user| user.to_string()).unwrap_or_default(),
            tool: id.clone(),
            version: tool.version.clone(),
            integrity: tool.integrity.clone(),
            calling: tool.calling.clone(),
            input,
            env: declared(&tool, env),
            // Whoever calls it outside of a run does so themselves.
            approved: true,
            timeout: TOOL_TIMEOUT,
            cancel: Box::pin(std::future::pending()),
            on_partial: Arc::new(|_| {}),
            session: None,
        })
        .await;
    let error = executed.result.as_ref().err();
    if is_tools_own(error) {
        registry.record_outcome(viewer, &tool, error.is_none()).await;
    }
    let result = match executed.result {
        Err(error) => Err(with_something_near(registry, viewer, &tool, error).await),
        output => output,
    };
    Called {
        version: executed.version.unwrap_or(tool.version),
        duration_ms: executed.duration_ms,
        executor: executed.executor,
        result,
    }
}
