//! What people answer to a run that waits for them: keys that were provided, calls that were allowed or refused.

use super::{
    ApprovalRule, Chosen, Committed, Result, Store, StoreError,
    access::{Owned, Within},
    exec,
    plans::followed,
    read_all,
    rows::{RunRow, id, json, word},
    sql, tx_opt,
};
use crate::{
    domain::{
        boxed,
        grant::{Grant, publisher},
        row::row,
        sealed::{CredentialPlace, Sealed},
    },
    process::failpoint::Transaction,
};
use omega_core::{
    agent::digest,
    api::{ApprovalReason, Decide, Decision, MissingVar, Remember, RequiredAction, Save, ToolRunStatus},
    edition::Edition,
    event::Event,
    id::{ApprovalId, ConversationId, RunId, ToolId, ToolRunId, UserId},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What was decided about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDecision {
    /// Why it was asked.
    pub reason: ApprovalReason,
    /// For this tool and input alone.
    pub args_digest: String,
    pub decision: Decision,
    /// Told to the model.
    pub note: Option<String>,
}

/// The answers that a run got so far.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// By call, oldest first.
    pub approvals: HashMap<ToolRunId, Vec<RecordedDecision>>,
    /// Calls that are to go on without the variables that they lack.
    pub declined: HashSet<ToolRunId>,
    /// Variables that tools asked for and got, by tool: as good as declared.
    pub asked: HashMap<String, BTreeSet<String>>,
    /// Calls in whose place a person chose another tool.
    pub replaced: HashMap<ToolRunId, ToolId>,
    /// What the owner allowed for longer than one call, here or everywhere.
    pub rules: Vec<ApprovalRule>,
}

/// Variables that were given for a paused run.
#[derive(Debug, Clone)]
pub struct Provided<'a> {
    /// The run that must be waiting.
    pub run: RunId,
    /// Their names; none to decline.
    pub names: BTreeSet<&'a str>,
    /// The values, sealed for the run: what was just given counts for it, whatever is kept besides.
    pub run_env: Vec<(&'a str, Sealed)>,
    /// What is kept beyond the run: place, value, what may be shown of it, and the tool's edition that it is for.
    pub credentials: Vec<(CredentialPlace, Sealed, Option<String>, Edition)>,
    /// Which tools may have it.
    pub grants: Vec<Grant>,
    /// Where they are kept.
    pub save: Save,
}

/// What an approval binds besides the input: the tool and its edition.
pub(crate) fn call_of(tool_id: &str, edition: &Edition) -> String {
    let Edition { version, integrity, own } = edition;
    let integrity = integrity.iter().map(|hash| format!("#{hash}")).collect::<String>();
    format!("{tool_id}@{version}{integrity}{}", if *own { "#own" } else { "" })
}

row! {
    struct ApprovalRow {
        run_id: String,
        tool_run_id: String,
        tool_id: String,
        reason: String,
        args_digest: String,
        status: String,
        note: Option<String>,
        remember: Option<String>,
    }
}

row! {
    struct RequestRow {
        tool_run_id: String,
        tool_id: String,
        missing_keys: String,
        status: String,
    }
}

impl Store {
    /// What was decided about a run's calls, in a conversation of `owner`.
    pub async fn answers(&self, run: RunId, conversation: ConversationId, owner: UserId) -> Result<Answers> {
        let rows: Vec<ApprovalRow> = read_all!(&self.db, ApprovalRow, DECISIONS, run.to_string())?;
        let mut answers = Answers::default();
        let mut allows_plan = false;
        for row in rows {
            let decision = if row.status == "approved" { Decision::Approve } else { Decision::Deny };
            allows_plan |= decision == Decision::Approve && row.remember.as_deref() == Some(Remember::Plan.as_str());
            let (reason, args_digest, note) = (word(&row.reason)?, row.args_digest, row.note);
            let answer = RecordedDecision { reason, args_digest, decision, note };
            answers.approvals.entry(id(&row.tool_run_id)?).or_default().push(answer);
        }
        let requests: Vec<RequestRow> = read_all!(&self.db, RequestRow, ANSWERED_REQUESTS, run.to_string())?;
        for row in requests {
            if row.status == "declined" {
                answers.declined.insert(id(&row.tool_run_id)?);
            } else {
                let missing: Vec<MissingVar> = serde_json::from_str(&row.missing_keys)?;
                answers.asked.entry(row.tool_id).or_default().extend(missing.into_iter().map(|var| var.name));
            }
        }
        for offered in self.offers(run).await? {
            if let Chosen::Tool(tool) = offered.chosen {
                answers.replaced.insert(offered.choice.tool_run_id, tool);
            }
        }
        answers.rules = self.rules(owner, conversation).await?;
        if allows_plan && let Some(plan) = self.plan_followed(run).await? {
            answers.rules.extend(plan.steps.iter().filter_map(|step| ApprovalRule::of_step(&step.step)));
        }
        Ok(answers)
    }

    /// Closes the open request for variables, and queues the run (transition 7).
    ///
    /// # Errors
    /// [`StoreError::NotAwaited`], [`StoreError::Unfit`] when names are missing or were not asked for; then nothing
    /// happened.
    pub async fn provide(&self, access: &Owned, provided: Provided<'_>) -> Result<Committed> {
        let giver = access.owner();
        let mut log = self.log(access.conversation()).await?;
        log.named(Transaction::Answer).await?;
        let run = log.paused(provided.run).await?;
        let Some(RequiredAction::Credentials { missing_vars, alternatives, .. }) = &run.requires_action else {
            return Err(StoreError::NotAwaited);
        };
        let declined = provided.names.is_empty();
        if !declined {
            let asked: BTreeSet<&str> = missing_vars.iter().map(|var| var.name.as_str()).collect();
            if let Some(other) = provided.names.difference(&asked).next() {
                let names = asked.iter().copied().collect::<Vec<_>>().join(", ");
                return Err(StoreError::Unfit("env", format!("{other} was not asked for; the run waits for {names}")));
            }
            let lacking: Vec<&str> = asked.difference(&provided.names).copied().collect();
            if !lacking.is_empty() {
                return Err(StoreError::Unfit(
                    "env",
                    format!("{} is missing too; give all of them, or decline", lacking.join(", ")),
                ));
            }
        }
        for (name, sealed) in &provided.run_env {
            log.put_run_env(run.id, giver, name, sealed).await?;
        }
        for (place, sealed, hint, given) in &provided.credentials {
            log.put_credential(place, sealed, hint.as_deref(), given).await?;
        }
        for grant in &provided.grants {
            log.put_grant(giver, grant).await?;
        }
        let (now, by) = (log.now().0, giver.to_string());
        let status = if declined { "declined" } else { "satisfied" };
        exec!(&mut log.tx, sql::CLOSE_CREDENTIAL_REQUESTS, run.id.to_string(), status, now, &by)?;
        exec!(&mut log.tx, sql::CLOSE_PLAN_CREDENTIALS, run.id.to_string(), status, now, &by)?;
        exec!(&mut log.tx, READY_TOOL_RUNS, run.id.to_string(), ToolRunStatus::AwaitingCredentials.as_str())?;
        log.pass_offers(run.id, alternatives.iter().map(|choice| choice.tool_run_id), giver).await?;
        let event = Event::CredentialsProvided {
            names: provided.names.iter().map(|name| (*name).to_owned()).collect(),
            save: provided.save,
            declined,
            by: giver,
        };
        log.event(Some(run.id), event).await?;
        log.resume(run).await?;
        log.commit().await
    }

    /// Records a decision about a call; with the last one that its run waits for, the run is queued. Gives the run, and
    /// whether it goes on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::AlreadyDecided`], [`StoreError::OwnerOnly`], [`StoreError::NotYours`],
    /// [`StoreError::Unfit`] when the input is another than the one that was shown.
    #[boxed]
    pub async fn decide(&self, access: &Within<ApprovalId>, decide: &Decide) -> Result<(RunId, Committed)> {
        let (approval, conversation, owner) = (access.id(), access.conversation(), access.owner());
        let by = access.caller().user;
        let mut log = self.log(conversation).await?;
        log.named(Transaction::Answer).await?;
        let row: Option<ApprovalRow> = tx_opt!(&mut log.tx, ApprovalRow, GET_APPROVAL, approval.to_string())?;
        let ApprovalRow { run_id, tool_run_id, tool_id, reason, args_digest, status, .. } =
            row.ok_or(StoreError::NotFound)?;
        if status != "open" {
            return Err(StoreError::AlreadyDecided);
        }
        let row: Option<RunRow> = tx_opt!(&mut log.tx, RunRow, sql::GET_RUN, &run_id)?;
        let row = row.ok_or(StoreError::NotFound)?;
        let actor: UserId = id(&row.actor_user_id)?;
        let has_plan = decide.remember == Remember::Plan && followed(&mut log.tx, &row).await?.is_some();
        let mut run = row.into_api()?;
        let reason: ApprovalReason = word(&reason)?;
        if by != owner && (reason.is_owners() || decide.remember != Remember::Once) {
            return Err(StoreError::OwnerOnly);
        }
        if by != owner && by != actor {
            return Err(StoreError::NotYours);
        }
        if decide.args_digest.as_ref().is_some_and(|shown| *shown != args_digest) {
            return Err(StoreError::Unfit(
                "argsDigest",
                "the call's input is another one than you decided about; look at it again".into(),
            ));
        }
        let Some(RequiredAction::Approval { approvals, expires_at }) = &mut run.requires_action else {
            return Err(StoreError::AlreadyDecided);
        };
        let Some(at) = approvals.iter().position(|open| open.id == approval) else {
            return Err(StoreError::AlreadyDecided);
        };
        if by != owner && approvals[at].owner_only {
            return Err(StoreError::OwnerOnly);
        }
        let asked = approvals.remove(at);
        if decide.remember == Remember::Plan && (!has_plan || reason != ApprovalReason::SafeMode || asked.own) {
            return Err(StoreError::Unfit(
                "remember",
                "only what Safe Mode asks about can be allowed for the plan that a run follows; allow this call once"
                    .into(),
            ));
        }
        let is_once = matches!(reason, ApprovalReason::UnknownOutcome | ApprovalReason::AddPackage);
        let remember = if is_once { Remember::Once } else { decide.remember };
        if reason == ApprovalReason::AddPackage && decide.input.as_ref().is_some_and(|input| *input != asked.input) {
            return Err(StoreError::Unfit(
                "input",
                "what was shown is said of this package alone; deny it, and say which one you want".into(),
            ));
        }
        let input = decide.input.clone().filter(|_| decide.decision == Decision::Approve);
        let input = input.map(|input| log.clean(input).into_inner());
        let digest =
            input.as_ref().map_or(args_digest, |input| digest::of_call(&call_of(&tool_id, &asked.edition()), input));
        let note = decide.reason.as_deref().map(|reason| log.clean_words(reason));
        let now = log.now().0;
        let status = if decide.decision == Decision::Approve { "approved" } else { "denied" };
        let decided = exec!(
            &mut log.tx,
            DECIDE_APPROVAL,
            approval.to_string(),
            status,
            remember.as_str(),
            note,
            digest,
            now,
            by.to_string(),
        )?;
        if decided != 1 {
            return Err(StoreError::AlreadyDecided);
        }
        exec!(&mut log.tx, READY_TOOL_RUN, &tool_run_id, json(input.as_ref().unwrap_or(&asked.input))?)?;
        if decide.decision == Decision::Approve && reason.may_last() {
            log.put_rule(owner, remember, (&tool_id, &asked.edition()), reason).await?;
        }
        if decide.decision == Decision::Approve && reason == ApprovalReason::FirstUse {
            for name in &asked.credentials {
                let grant = Grant {
                    name: name.clone(),
                    tool: asked.tool_id.clone(),
                    publisher: publisher(&asked.tool_id).to_owned(),
                    edition: Some(asked.edition()),
                    source: "approval".into(),
                    granted_at: log.now(),
                };
                log.give(owner, &grant).await?;
            }
        }
        let event = Event::ApprovalDecided {
            approval_id: approval,
            tool_run_id: asked.tool_run_id,
            decision: decide.decision,
            remember,
            reason: decide.reason.clone(),
            input,
            by,
        };
        log.event(Some(run.id), event).await?;
        let run_id = run.id;
        if approvals.is_empty() {
            log.resume(run).await?;
        } else {
            let rest = RequiredAction::Approval { approvals: std::mem::take(approvals), expires_at: *expires_at };
            exec!(&mut log.tx, sql::SET_PAUSE, run_id.to_string(), json(&rest)?)?;
        }
        Ok((run_id, log.commit().await?))
    }
}

super::sql::statements! {
    READY_TOOL_RUNS = "UPDATE tool_runs SET status = 'proposed' WHERE run_id = $1 AND status = $2";
    READY_TOOL_RUN = "UPDATE tool_runs SET status = 'proposed', input = $2 WHERE id = $1 AND status = 'awaiting_approval'";
    ANSWERED_REQUESTS = "SELECT tool_run_id, tool_id, missing_keys, status FROM credential_requests \
        WHERE run_id = $1 AND status IN ('satisfied', 'declined')";
    GET_APPROVAL = "SELECT run_id, tool_run_id, tool_id, reason, args_digest, status, note, remember FROM approvals WHERE id = $1";
    DECIDE_APPROVAL = "UPDATE approvals SET status = $2, remember = $3, note = $4, args_digest = $5, decided_at = $6, decided_by = $7 \
        WHERE id = $1 AND status = 'open'";
    DECISIONS = "SELECT run_id, tool_run_id, tool_id, reason, args_digest, status, note, remember FROM approvals \
        WHERE run_id = $1 AND status IN ('approved', 'denied') ORDER BY created_at, id";
}
