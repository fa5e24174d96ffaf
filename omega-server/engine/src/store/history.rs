//! What a worker needs to take up a run: everything that is recorded, in the order in which the model must see it.

use super::{
    Result, Store, StoreError,
    access::Within,
    read_all, read_one, read_opt,
    rows::{MessageRow, RunRow, ToolRunRow},
    sql,
};
use crate::{
    domain::{boxed, row::row},
    process::clock,
};
use omega_core::{
    agent::{Earlier, Exchange, RunConfig, Step},
    api::{Finished, Role, Run, Timestamp, ToolRun},
    budget::HISTORY,
    id::{RunId, ToolId, ToolRunId, UserId},
    view::last_text,
};
use std::collections::{HashMap, HashSet};

/// A run, and the conversation before it.
#[derive(Debug, Clone)]
pub struct RunHistory {
    pub run: Run,
    /// Who sent the message.
    pub actor: UserId,
    pub config: RunConfig,
    /// The exchanges before it, in the order of their runs: at most [`HISTORY`], the newest.
    pub before: Vec<Exchange>,
    /// What is before those.
    pub earlier: Earlier,
    /// Its own exchange so far.
    pub now: Exchange,
    /// Whether somebody asked to stop it.
    pub cancel_requested: bool,
}

row! {
    /// The data that came along with a message.
    struct DataRow {
        id: String,
        data: String,
    }
}

impl Store {
    /// What came of a run.
    pub async fn finished(&self, run: &Within<RunId>) -> Result<Finished> {
        let (history, _) = self.read_back(run.id(), 0).await?;
        let answer = last_text(history.now.steps.iter().map(|step| step.text.as_str())).to_owned();
        let tool_runs = history.now.steps.into_iter().flat_map(|step| step.tool_runs).collect();
        let known = self.with_feedback(self.with_plan(history.run).await?).await?;
        Ok(run.access().show(Finished { run: known, answer, tool_runs }))
    }

    /// Loads a run and what came before it.
    pub async fn history(&self, run: RunId) -> Result<RunHistory> {
        self.history_within(run, HISTORY.most).await
    }

    /// The same with at most so many exchanges before it.
    pub async fn history_within(&self, run: RunId, most: usize) -> Result<RunHistory> {
        let (mut history, first) = self.read_back(run, most).await?;
        if let Some(first) = first {
            let (exchanges, calls): (i64, i64) = read_one!(&self.db, (i64, i64), COUNT_EARLIER, first)?;
            let count = |n: i64| usize::try_from(n).unwrap_or_default();
            history.earlier = Earlier { exchanges: count(exchanges), calls: count(calls) };
        }
        Ok(history)
    }

    /// The same without counting what is earlier, and the first run that is read, where there may be others before it.
    #[boxed]
    async fn read_back(&self, run: RunId, most: usize) -> Result<(RunHistory, Option<String>)> {
        let row: Option<RunRow> = read_opt!(&self.db, RunRow, sql::GET_RUN, run.to_string())?;
        let row = row.ok_or(StoreError::NotFound)?;
        let conversation = row.conversation_id.clone();
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let mut runs: Vec<RunRow> = read_all!(&self.db, RunRow, RUNS_UNTIL, &conversation, &row.id, limit)?;
        runs.reverse();
        let first = runs.first().filter(|_| runs.len() > most);
        let from: i64 = match first {
            Some(first) => {
                let from: Option<(i64,)> = read_opt!(&self.db, (i64,), MESSAGE_SEQ, &first.message_id)?;
                from.map_or(0, |(seq,)| seq)
            }
            None => 0,
        };
        let first = first.map(|first| first.id.clone());
        let messages: Vec<MessageRow> =
            read_all!(&self.db, MessageRow, sql::MESSAGES_AFTER, &conversation, from - 1, i64::MAX)?;
        let tool_runs: Vec<ToolRunRow> =
            read_all!(&self.db, ToolRunRow, sql::TOOL_RUNS_FROM, &conversation, from, i64::MAX, i64::MAX)?;

        let data: Vec<DataRow> = read_all!(&self.db, DataRow, sql::MESSAGE_DATA, &conversation, from)?;
        let mut data: HashMap<String, String> = data.into_iter().map(|row| (row.id, row.data)).collect();
        let mut calls: HashMap<String, Vec<ToolRun>> = HashMap::new();
        for tool_run in tool_runs {
            calls.entry(tool_run.message_id.clone()).or_default().push(tool_run.into_api(usize::MAX)?);
        }
        let mut chosen: HashMap<ToolRunId, Option<ToolId>> =
            self.choices(super::rows::id(&conversation)?).await?.into_iter().collect();
        let configs =
            runs.iter().map(|run| Ok(serde_json::from_str(&run.config)?)).collect::<Result<Vec<RunConfig>>>()?;
        let given = runs.iter().zip(&configs).filter_map(|(run, config)| Some((run.id.clone(), config.plan_id?)));
        let mut plans = self.plans_followed(super::rows::id(&conversation)?, given).await?;
        let zone = clock::zone();
        // By a run that is not before this one nothing is replaced yet.
        let read: HashSet<&str> = runs.iter().map(|run| run.id.as_str()).collect();
        let replaced: HashSet<String> = messages
            .iter()
            .filter(|message| read.contains(message.run_id.as_str()))
            .filter_map(|message| message.replaces.clone())
            .collect();
        let mut exchanges: HashMap<String, Exchange> = HashMap::new();
        for message in messages {
            let exchange = exchanges.entry(message.run_id.clone()).or_default();
            if super::rows::word::<Role>(&message.role)? == Role::User {
                exchange.data = data.remove(&message.id);
                exchange.replaced = replaced.contains(&message.id);
                exchange.user = message.content;
                exchange.at = Some(Timestamp(message.created_at));
                exchange.zone.clone_from(&zone);
            } else if message.status == "complete" {
                let tool_runs = calls.remove(&message.id).unwrap_or_default();
                exchange.steps.push(Step {
                    calls: message.calls()?,
                    provider_state: message.provider_state()?,
                    chosen: tool_runs.iter().filter_map(|run| chosen.remove_entry(&run.id)).collect(),
                    tool_runs,
                    text: message.content,
                });
            }
        }
        for (run, config) in runs.iter().zip(&configs) {
            if let Some(exchange) = exchanges.get_mut(&run.id) {
                (exchange.allowance, exchange.plan) = (Some(config.allowance()), plans.remove(&run.id));
            }
        }
        // A later message may have been stored while an earlier run still worked: the order is that of the runs.
        let before = runs
            .iter()
            .take_while(|earlier| earlier.id != row.id)
            .filter_map(|earlier| exchanges.remove(&earlier.id))
            .collect();
        let now = exchanges.remove(&row.id).unwrap_or_default();
        let history = RunHistory {
            actor: super::rows::id(&row.actor_user_id)?,
            config: serde_json::from_str(&row.config)?,
            cancel_requested: row.cancel_requested_at.is_some(),
            before,
            now,
            earlier: Earlier::default(),
            run: row.into_api()?,
        };
        Ok((history, first))
    }
}

sql::statements! {
    /// The run and those before it, the newest first.
    RUNS_UNTIL = "SELECT id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, recoveries, \
        cancel_requested_at, pause, error, usage, queued_at, started_at, finished_at, finish_reason FROM runs \
        WHERE conversation_id = $1 AND queued_seq <= (SELECT queued_seq FROM runs WHERE id = $2) ORDER BY queued_seq DESC LIMIT $3";
    MESSAGE_SEQ = "SELECT seq FROM messages WHERE id = $1";
    /// By their runs: a message may have been queued before the calls of an earlier run were made.
    COUNT_EARLIER = "SELECT COUNT(DISTINCT r.id), COUNT(t.id) FROM runs f JOIN runs r ON r.conversation_id = f.conversation_id \
        AND r.queued_seq < f.queued_seq LEFT JOIN tool_runs t ON t.run_id = r.id WHERE f.id = $1";
}
