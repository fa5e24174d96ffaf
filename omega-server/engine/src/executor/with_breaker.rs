//! The executor behind a circuit breaker for each tool and version: nobody calls it around the breaker, and every outcome
//! is counted.

use super::breaker::{BreakerKey, Breakers, CallHealth};
use async_trait::async_trait;
use omega_core::{
    executor::{
        DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ExecutorMember, ToolError, ToolErrorCode,
    },
    id::ToolId,
    registry::Calling,
};
use secrecy::SecretString;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How much longer than its deadline a call may take until it is known to have ended.
const GRACE: Duration = Duration::from_secs(30);

pub struct WithBreaker {
    inner: Arc<dyn Executor>,
    breakers: Arc<Breakers>,
    in_flight: AtomicU64,
}

impl WithBreaker {
    pub fn new(inner: Arc<dyn Executor>, breakers: Arc<Breakers>) -> Self {
        Self { inner, breakers, in_flight: AtomicU64::new(0) }
    }
}

#[async_trait]
impl Executor for WithBreaker {
    async fn execute(&self, execution: Execution) -> Executed {
        let key = BreakerKey::tool(&execution.tool, &execution.version).for_user(&execution.user);
        let permit = match self.breakers.admit(key, execution.timeout + GRACE).await {
            Ok(permit) => permit,
            Err(refused) => return not_run(refused.error()),
        };
        let plain = execution.calling != Calling::Tool;
        let _working = InFlight::enter(&self.in_flight);
        let executed = self.inner.execute(execution).await;
        permit.settle(verdict(&executed.result, plain)).await;
        executed
    }

    async fn describe(&self, package: &str, version: &str, owner: &str) -> Result<DescribedPackage, ToolError> {
        self.inner.describe(package, version, owner).await
    }

    async fn describe_with(
        &self,
        package: &str,
        version: &str,
        owner: &str,
        env: &BTreeMap<String, SecretString>,
    ) -> Result<DescribedPackage, ToolError> {
        self.inner.describe_with(package, version, owner, env).await
    }

    fn end_session(&self, session: &str) {
        self.inner.end_session(session);
    }

    fn expect(&self, tool: &ToolId, version: &str) {
        self.inner.expect(tool, version);
    }

    async fn health(&self) -> ExecutorHealth {
        let mut health = self.inner.health().await;
        if health.members.is_empty() {
            health.members.push(ExecutorMember {
                name: "local".to_owned(),
                status: health.status.clone(),
                detail: health.detail.clone(),
                breaker: "closed".to_owned(),
                in_flight: self.in_flight.load(Ordering::Relaxed),
            });
        }
        health
    }

    async fn admits(&self, user: &str, tool: &ToolId, version: &str) -> Result<(), ToolError> {
        self.breakers
            .look_ahead(BreakerKey::tool(tool, version).for_user(user))
            .await
            .map_err(|refused| refused.error())
    }
}

/// A call that was never made.
pub(super) fn not_run(error: ToolError) -> Executed {
    Executed {
        result: Err(error),
        version: None,
        duration_ms: 0,
        truncated: false,
        logs: Vec::new(),
        notice: None,
        executor: None,
    }
}

/// A call that is being worked on, until it is dropped.
pub(super) struct InFlight<'a>(&'a AtomicU64);

impl<'a> InFlight<'a> {
    pub(super) fn enter(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What an outcome says of the tool. What its caller gave, and what the machine lacks, says nothing. A plain function has
/// no service behind it that could be down: what it throws, it throws at its input. Of the rest, too, whoever calls may be
/// the cause: an input can take all memory and all time, a variable can keep a package from being imported.
fn verdict(result: &Result<Value, ToolError>, plain: bool) -> CallHealth {
    let Err(error) = result else { return CallHealth::Worked };
    match error.code {
        ToolErrorCode::ToolError if plain => CallHealth::Neutral,
        ToolErrorCode::ToolError
        | ToolErrorCode::Timeout
        | ToolErrorCode::OutOfMemory
        | ToolErrorCode::CpuLimit
        | ToolErrorCode::OutputTooLarge
        | ToolErrorCode::ToolExited
        | ToolErrorCode::ProtocolError
        | ToolErrorCode::ImportFailed
        | ToolErrorCode::DiskLimit
        | ToolErrorCode::InstallFailed => CallHealth::Provoked(error.code.as_str()),
        _ => CallHealth::Neutral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tools_own_failures_count() {
        let failed = |code| verdict(&Err(ToolError::new(code, "x")), false);
        for code in [
            ToolErrorCode::ToolError,
            ToolErrorCode::Timeout,
            ToolErrorCode::OutOfMemory,
            ToolErrorCode::DiskLimit,
            ToolErrorCode::ImportFailed,
        ] {
            assert_eq!(failed(code), CallHealth::Provoked(code.as_str()));
        }
        for code in [
            ToolErrorCode::InvalidInput,
            ToolErrorCode::MissingEnvVars,
            ToolErrorCode::InvalidCredentials,
            ToolErrorCode::Cancelled,
            ToolErrorCode::Overloaded,
            ToolErrorCode::ExecutorUnreachable,
            ToolErrorCode::Unknown,
        ] {
            assert_eq!(failed(code), CallHealth::Neutral, "{code:?}");
        }
        assert_eq!(verdict(&Err(ToolError::new(ToolErrorCode::ToolError, "x")), true), CallHealth::Neutral);
        assert_eq!(verdict(&Ok(Value::Null), false), CallHealth::Worked);
    }
}
