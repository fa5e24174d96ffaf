//! A call of a tool as telemetry has it, whoever asks for it: a span that goes along to who runs it, and a line of the log.

use super::tools::millis;
use crate::observe::{
    names::attribute,
    span::{Kind, Span},
};
use omega_core::{
    id::{ToolId, ToolRunId},
    registry::meta,
    trace,
};
use std::time::Instant;

/// What a call came to.
#[derive(Debug, Default)]
pub(super) struct CallEnd {
    /// Nothing where that is not known.
    pub status: Option<&'static str>,
    /// What kind of failure it was.
    pub error: Option<&'static str>,
    /// Where it ran.
    pub executor: Option<String>,
}

/// Does what a call asks for, and tells what it came to.
pub(super) async fn told<T>(
    tool: &str,
    call: ToolRunId,
    doing: impl Future<Output = T>,
    end_of: impl FnOnce(&T) -> CallEnd,
) -> T {
    // What a model made up is the name of none.
    let is_name = meta::ALL.contains(&tool) || tool.parse::<ToolId>().is_ok();
    let tool = if is_name { tool } else { "unknown" };
    let mut span = Span::begin(Kind::Internal, || format!("execute_tool {tool}"));
    span.set(attribute::OPERATION, "execute_tool");
    span.set(attribute::TOOL, tool);
    span.set(attribute::TOOL_CALL, call.to_string());
    span.set(attribute::TOOL_TYPE, "function");
    let context = span.context();
    let telling = async {
        let began = Instant::now();
        let done = doing.await;
        let CallEnd { status, error, executor } = end_of(&done);
        tracing::info!(
            event = "tool.finished",
            tool_run_id = %call,
            tool,
            status,
            executor,
            duration_ms = millis(began),
            error.code = error,
        );
        if let Some(executor) = executor {
            span.set(attribute::EXECUTOR, executor);
        }
        if let Some(code) = error {
            span.fail(code);
        }
        done
    };
    // It holds whatever a call does.
    trace::within(context, Box::pin(telling)).await
}
