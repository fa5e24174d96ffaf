//! Every statement that has one text for both engines, by name.

use super::{
    alternatives, answers, api_keys, approval_rules, audit, backup, breakers, conversation_access, conversations,
    data_keys, decisions, deltas, event_log, feedback, history, idempotency, import, index_files, messages, mirrors,
    nodes, pauses, plans, prompts, runs, sessions, sql, stats, steps, text_vectors, token_usage, tool_runs, tools,
    users,
};

pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = [
        sql::STATEMENTS,
        alternatives::STATEMENTS,
        answers::STATEMENTS,
        api_keys::STATEMENTS,
        audit::STATEMENTS,
        backup::STATEMENTS,
        breakers::STATEMENTS,
        deltas::STATEMENTS,
        conversations::STATEMENTS,
        data_keys::STATEMENTS,
        decisions::STATEMENTS,
        idempotency::STATEMENTS,
        import::STATEMENTS,
        index_files::STATEMENTS,
        event_log::STATEMENTS,
        feedback::STATEMENTS,
        history::STATEMENTS,
        messages::STATEMENTS,
        mirrors::STATEMENTS,
        nodes::STATEMENTS,
        pauses::STATEMENTS,
        users::STATEMENTS,
        conversation_access::STATEMENTS,
        plans::STATEMENTS,
        prompts::STATEMENTS,
        approval_rules::STATEMENTS,
        runs::STATEMENTS,
        sessions::STATEMENTS,
        stats::STATEMENTS,
        steps::STATEMENTS,
        text_vectors::STATEMENTS,
        token_usage::STATEMENTS,
        tool_runs::STATEMENTS,
        tools::STATEMENTS,
    ];
    files.into_iter().flatten().copied()
}
