//! Every statement that has one text for both engines, by name.

use super::{
    alternatives, api_keys, audit, breakers, chunks, conversations, data_keys, decisions, idempotency, import, log,
    messages, nodes, pauses, people, places, plans, prompts, rules, runs, sessions, sql, steps, tool_runs, tools,
};

/// All of them.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = [
        sql::STATEMENTS,
        alternatives::STATEMENTS,
        api_keys::STATEMENTS,
        audit::STATEMENTS,
        breakers::STATEMENTS,
        chunks::STATEMENTS,
        conversations::STATEMENTS,
        data_keys::STATEMENTS,
        decisions::STATEMENTS,
        idempotency::STATEMENTS,
        import::STATEMENTS,
        log::STATEMENTS,
        messages::STATEMENTS,
        nodes::STATEMENTS,
        pauses::STATEMENTS,
        people::STATEMENTS,
        places::STATEMENTS,
        plans::STATEMENTS,
        prompts::STATEMENTS,
        rules::STATEMENTS,
        runs::STATEMENTS,
        sessions::STATEMENTS,
        steps::STATEMENTS,
        tool_runs::STATEMENTS,
        tools::STATEMENTS,
    ];
    files.into_iter().flatten().copied()
}
