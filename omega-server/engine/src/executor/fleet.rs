//! Several executors elsewhere as one, with this machine as the last choice if that is wanted.
//!
//! A package goes to the same executor as long as that one works (rendezvous hashing, the same on every node), so that it is
//! installed and warm there. A call goes on to the next one only when it was surely not begun; once it may have begun it
//! ends here, with an unknown outcome if need be. An executor that keeps failing is left out by its circuit breaker, and
//! asked how it is every now and then: its health check is the try that closes the breaker, so that nobody's call is risked,
//! and one that fails confirms what calls of a single user say of it.

use super::{
    breaker::{BreakerKey, Breakers, CallHealth},
    remote::{Attempt, RemoteExecutor},
    with_breaker::{InFlight, not_run},
};
use async_trait::async_trait;
use futures_util::future::join_all;
use omega_core::executor::{
    DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ExecutorMember, ToolError, ToolErrorCode,
};
use sha2::{Digest, Sha256};
use std::{
    cmp::Reverse,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

const CHECK_EVERY: Duration = Duration::from_secs(10);
/// How long a health check may take, as the lease of a try.
const CHECK_LEASE: Duration = Duration::from_secs(30);

pub struct Fleet {
    members: Arc<[Member]>,
    local: Option<Arc<dyn Executor>>,
    breakers: Arc<Breakers>,
    checks: JoinHandle<()>,
}

struct Member {
    name: String,
    remote: RemoteExecutor,
    in_flight: AtomicU64,
    /// What the last health check said; such a member is asked last.
    down: AtomicBool,
}

impl Fleet {
    /// Executors in any order, and the one that is asked when none of them takes a call. Begins to check their health.
    pub fn new(remotes: Vec<RemoteExecutor>, local: Option<Arc<dyn Executor>>, breakers: Arc<Breakers>) -> Self {
        let member = |remote: RemoteExecutor| Member {
            name: remote.name(),
            remote,
            in_flight: AtomicU64::new(0),
            down: AtomicBool::new(false),
        };
        let members: Arc<[Member]> = remotes.into_iter().map(member).collect();
        let checks = tokio::spawn(check(Arc::clone(&members), Arc::downgrade(&breakers)));
        Self { members, local, breakers, checks }
    }

    /// All members: those that are well first, and the package's own before the others.
    fn order(&self, package: &str) -> Vec<&Member> {
        let mut members: Vec<&Member> = self.members.iter().collect();
        members
            .sort_by_cached_key(|member| (member.down.load(Ordering::Relaxed), Reverse(weight(&member.name, package))));
        members
    }

    async fn member_health(&self, member: &Member) -> ExecutorMember {
        let health = member.remote.health().await;
        tell(member, &self.breakers, health.status == "down").await;
        ExecutorMember {
            breaker: self.breakers.state(&BreakerKey::executor(&member.name)).as_str().to_owned(),
            name: member.name.clone(),
            status: health.status,
            detail: health.detail,
            in_flight: member.in_flight.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.checks.abort();
    }
}

#[async_trait]
impl Executor for Fleet {
    async fn execute(&self, mut execution: Execution) -> Executed {
        let package = format!("{}@{}", execution.tool.package(), execution.version);
        let mut why = None;
        for member in self.order(&package) {
            let permit = match self.breakers.pass(BreakerKey::executor(&member.name).for_user(&execution.user)).await {
                Ok(permit) => permit,
                Err(refused) => {
                    why.get_or_insert_with(|| refused.error());
                    continue;
                }
            };
            let working = InFlight::enter(&member.in_flight);
            let attempt = member.remote.attempt(&mut execution).await;
            drop(working);
            match attempt {
                Attempt::Ended(executed) => {
                    permit.settle(verdict(executed.result.as_ref().err())).await;
                    return Executed { executor: Some(member.name.clone()), ..executed };
                }
                Attempt::NotBegun(error) => {
                    tracing::info!(
                        event = "executor.not_begun",
                        executor = member.name,
                        error.code = error.code.as_str()
                    );
                    permit.settle(verdict(Some(&error))).await;
                    why = Some(error);
                }
            }
        }
        match &self.local {
            Some(local) => local.execute(execution).await,
            None => not_run(nobody(why)),
        }
    }

    fn end_session(&self, session: &str) {
        self.local.iter().for_each(|local| local.end_session(session));
    }

    async fn describe(&self, package: &str, version: &str, owner: &str) -> Result<DescribedPackage, ToolError> {
        let mut why = None;
        for member in self.order(&format!("{package}@{version}")) {
            let permit = match self.breakers.pass(BreakerKey::executor(&member.name)).await {
                Ok(permit) => permit,
                Err(refused) => {
                    why.get_or_insert_with(|| refused.error());
                    continue;
                }
            };
            let described = member.remote.describe(package, version, owner).await;
            permit.settle(verdict(described.as_ref().err())).await;
            match described {
                Err(error) if is_members_own(error.code) => why = Some(error),
                described => return described,
            }
        }
        match &self.local {
            Some(local) => local.describe(package, version, owner).await,
            None => Err(nobody(why)),
        }
    }

    async fn health(&self) -> ExecutorHealth {
        let mut members = join_all(self.members.iter().map(|member| self.member_health(member))).await;
        let remotes = members.len();
        let up = members.iter().filter(|member| member.status == "ok" && member.breaker == "closed").count();
        let down = members.iter().filter(|member| member.status == "down" || member.breaker != "closed").count();
        if let Some(local) = &self.local {
            let health = local.health().await;
            members.push(ExecutorMember {
                name: super::LOCAL.to_owned(),
                status: health.status,
                detail: health.detail,
                breaker: "closed".to_owned(),
                in_flight: 0,
            });
        }
        let status = match () {
            () if up == remotes => "ok",
            () if down == remotes && self.local.is_none() => "down",
            () => "degraded",
        };
        let detail = match members.as_slice() {
            [only] => only.detail.clone(),
            _ => format!("{up} of {remotes} executors work"),
        };
        ExecutorHealth { members, ..ExecutorHealth::new(status, detail) }
    }
}

/// A member's weight for a package; the highest is its own. The same on every node.
fn weight(member: &str, package: &str) -> [u8; 32] {
    Sha256::new().chain_update(member).chain_update([0]).chain_update(package).finalize().into()
}

/// Failures of the executor rather than of the tool.
fn is_members_own(code: ToolErrorCode) -> bool {
    matches!(
        code,
        ToolErrorCode::ExecutorUnreachable
            | ToolErrorCode::Unknown
            | ToolErrorCode::RuntimeUnavailable
            | ToolErrorCode::Overloaded
    )
}

/// What the end of a call says of the executor. That it has too much to do is no fault, and what a call that it began came to
/// may be the call's doing: an input can make an answer that no gateway lets through.
fn verdict(error: Option<&ToolError>) -> CallHealth {
    match error.map(|error| error.code) {
        Some(ToolErrorCode::Overloaded | ToolErrorCode::Cancelled | ToolErrorCode::Timeout) => CallHealth::Neutral,
        Some(code @ ToolErrorCode::Unknown) => CallHealth::Provoked(code.as_str()),
        Some(code) if is_members_own(code) => CallHealth::Failed(code.as_str()),
        _ => CallHealth::Worked,
    }
}

/// No executor took the call; the last reason is the best that is known.
fn nobody(why: Option<ToolError>) -> ToolError {
    let why = why.unwrap_or_else(|| ToolError::new(ToolErrorCode::ExecutorUnreachable, "there is no executor"));
    let code = match why.code {
        // To the caller it is the executor that can't be reached; only tools are left alone by name.
        ToolErrorCode::BreakerOpen => ToolErrorCode::ExecutorUnreachable,
        code => code,
    };
    ToolError { code, ..why }
}

/// Looks after the members' health, until the fleet is dropped. In between it must not keep the database open.
async fn check(members: Arc<[Member]>, breakers: Weak<Breakers>) {
    let mut every = tokio::time::interval(CHECK_EVERY);
    loop {
        every.tick().await;
        join_all(members.iter().map(|member| check_one(member, &breakers))).await;
    }
}

/// Confirms what calls of a single user say of a member: that it is down is our own word, which no caller can bring about.
async fn tell(member: &Member, breakers: &Arc<Breakers>, down: bool) {
    let key = BreakerKey::executor(&member.name);
    if down
        && breakers.is_in_doubt(&key)
        && let Ok(permit) = breakers.pass(key).await
    {
        permit.settle(CallHealth::Failed("EXECUTOR_UNREACHABLE")).await;
    }
}

async fn check_one(member: &Member, breakers: &Weak<Breakers>) {
    let health = member.remote.health().await;
    let down = health.status == "down";
    if member.down.swap(down, Ordering::Relaxed) != down {
        tracing::warn!(
            event = "executor.health",
            executor = member.name,
            status = health.status,
            detail = health.detail
        );
    }
    let key = BreakerKey::executor(&member.name);
    let Some(breakers) = breakers.upgrade() else { return };
    if breakers.is_closed(&key).await {
        tell(member, &breakers, down).await;
        return;
    }
    if let Ok(permit) = breakers.admit(key, CHECK_LEASE).await {
        permit.settle(if down { CallHealth::Failed("EXECUTOR_UNREACHABLE") } else { CallHealth::Worked }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_its_own_member_and_keeps_it_when_another_one_goes() {
        let names = ["a:1", "b:2", "c:3"];
        let own = |names: &[&str], package: &str| {
            (*names.iter().max_by_key(|name| weight(name, package)).unwrap()).to_owned()
        };
        let packages: Vec<String> = (0..300).map(|n| format!("p{n}@1.0.0")).collect();
        for gone in names {
            let left: Vec<&str> = names.into_iter().filter(|name| *name != gone).collect();
            let own_before = |package: &&String| own(&names, package) == gone;
            let moved = packages.iter().filter(own_before).count();
            assert!((60..140).contains(&moved), "{gone} has {moved} of 300");
            let stay = packages.iter().filter(|package| !own_before(package));
            assert!(stay.into_iter().all(|package| own(&left, package) == own(&names, package)));
        }
    }
}
