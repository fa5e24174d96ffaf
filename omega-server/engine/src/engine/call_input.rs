//! What a call's tool gets for input: what is recorded of it, with the values in place of its references.

use crate::process::offload;
use omega_core::{
    agent::{Agent, input, references},
    budget,
    exact::Exact,
    executor::ToolError,
    registry::Tool,
    schema,
};
use serde_json::Value;

/// The input that a call's tool gets: its references filled in, read by the tool's schema, and checked against it.
pub(super) async fn of(agent: &Agent, tool: &Tool, recorded: &Value) -> Result<Value, ToolError> {
    if !references::are_in(recorded) {
        return fits(tool, recorded).await.map(|()| recorded.clone());
    }
    let schema = tool.input_schema.clone();
    let filled = references::filled(recorded, &agent.sources(), schema.as_ref())?;
    offload::run(usize::MAX, move || {
        let input = input::read(schema.as_ref(), Exact::of(filled)).value;
        input::check_within(budget::OUTPUT, schema.as_ref(), &input).map(|()| input)
    })
    .await
}

/// Whether an input is one that the tool takes.
pub(super) async fn fits(tool: &Tool, input: &Value) -> Result<(), ToolError> {
    let (schema, input) = (tool.input_schema.clone(), input.clone());
    let steps = schema.as_ref().map_or(0, |schema| schema::steps(schema, &input));
    offload::run(steps, move || input::check(schema.as_ref(), &input)).await
}
