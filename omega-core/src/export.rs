//! A conversation as a document: JSON that loses nothing, and Markdown to read.
//!
//! Markdown promises that foreign text stays what it is: names are escaped, fences are longer than any run of backticks
//! inside (`security.md` T19), blocks that a message leaves open are closed, and control characters are gone. The caller passes
//! whole tool runs; what it left out of a list because of its size is named, not silently missing.

use crate::{
    api::{
        ConversationDetail, Decision, Feedback, FinishReason, Message, MessageStatus, Part, Plan, Rating, Role,
        RunStatus, ToolRun, earlier_versions,
    },
    counted::counted,
    event::{Envelope, Event},
    id::{MessageId, RunId, ToolRunId},
    model::price::dollars,
    sanitize::sanitize_terminal,
};
use serde_json::Value;
use std::{collections::HashMap, fmt::Write};

mod open_block;

/// Name and version of the JSON document: the conversation as `GET /conversations/:id` gives it, whole, with its whole tool
/// runs, and all its events. The events are the truth; [`crate::import`] reads it back.
pub const FORMAT: &str = "omega.conversation/2";

/// The document's beginning, up to its lists: they follow as `,"NAME":[...]`, so that a large one need not be in memory.
///
/// # Errors
/// Never for values that came from JSON; the serialiser's error otherwise.
pub fn opening(conversation: &ConversationDetail) -> Result<Value, serde_json::Error> {
    let mut document = serde_json::json!({ "format": FORMAT });
    if let (Value::Object(document), Value::Object(mut members)) = (&mut document, serde_json::to_value(conversation)?)
    {
        members.retain(|name, _| !LISTS.contains(&name.as_str()));
        document.extend(members);
    }
    Ok(document)
}

/// The document's lists, in their order.
pub const LISTS: [&str; 4] = ["messages", "runs", "toolRuns", "events"];

/// The document to read. The events tell of plans and decisions, as far as they are given.
pub fn markdown(detail: &ConversationDetail, events: &[Envelope]) -> String {
    let conversation = &detail.conversation;
    let mut out = String::new();
    line(&mut out, format_args!("# {}", name(conversation.title.as_deref().unwrap_or("Untitled conversation"))));
    let from = conversation.forked_from.as_deref().map(|from| format!(" · forked from “{}”", name(from)));
    let begun = format!("begun {}{}", conversation.created_at, from.unwrap_or_default());
    line(&mut out, format_args!("Model `{}` · {begun}\n", code(&conversation.model)));
    let told = Told::of(detail, events);
    let earlier = earlier_versions(&detail.messages);
    for message in &detail.messages {
        write_message(&mut out, message, earlier.contains(&message.id));
        if message.role == Role::User {
            write_plans(&mut out, told.plans.get(&message.run_id).into_iter().flatten());
        }
        for tool_run in told.tool_runs.get(&message.id).into_iter().flatten() {
            write_tool_run(&mut out, tool_run, told.decisions.get(&tool_run.id).into_iter().flatten());
        }
        for feedback in told.feedback.get(&message.id).copied().into_iter().flatten() {
            write_feedback(&mut out, feedback);
        }
    }
    for run in detail.runs.iter().filter(|run| run.status == RunStatus::Failed) {
        if let Some(error) = &run.error {
            line(&mut out, format_args!("> A run failed ({}): {}\n", code(&error.code), name(&error.error)));
        }
    }
    let usage = detail.usage;
    line(
        &mut out,
        format_args!(
            "---\n\n{} · {} · {} input and {} output tokens{}",
            counted(detail.message_count, "message"),
            counted(detail.tool_run_count, "tool run"),
            usage.input_tokens,
            usage.output_tokens,
            dollars(&usage).map(|sum| format!(" · {sum}")).unwrap_or_default()
        ),
    );
    out
}

/// What belongs to what, found once.
#[derive(Default)]
struct Told<'e> {
    plans: HashMap<Option<RunId>, Vec<&'e Envelope>>,
    decisions: HashMap<ToolRunId, Vec<&'e Envelope>>,
    tool_runs: HashMap<MessageId, Vec<&'e ToolRun>>,
    /// Under the last message of the run that it is about.
    feedback: HashMap<MessageId, &'e [Feedback]>,
}

impl<'e> Told<'e> {
    fn of(detail: &'e ConversationDetail, events: &'e [Envelope]) -> Self {
        let mut told = Self::default();
        for tool_run in &detail.tool_runs {
            told.tool_runs.entry(tool_run.message_id).or_default().push(tool_run);
        }
        let last: HashMap<Option<RunId>, MessageId> = detail.messages.iter().map(|it| (it.run_id, it.id)).collect();
        for run in detail.runs.iter().filter(|run| !run.feedback.is_empty()) {
            if let Some(message) = last.get(&Some(run.id)) {
                told.feedback.insert(*message, &run.feedback);
            }
        }
        for envelope in events {
            match &envelope.event {
                Event::PlanProposed { .. } | Event::PlanSelected { .. } => {
                    told.plans.entry(envelope.run_id).or_default().push(envelope);
                }
                Event::ApprovalDecided { tool_run_id, .. } => {
                    told.decisions.entry(*tool_run_id).or_default().push(envelope);
                }
                _ => {}
            }
        }
        told
    }
}

/// What the model thought, where it says so: a quotation, so that nothing in it is a part of the document.
fn thoughts(message: &Message) -> String {
    let thoughts = message.parts.iter().filter_map(|part| match part {
        Part::Reasoning { text } if !text.trim().is_empty() => Some(sanitize_terminal(text.trim())),
        Part::Reasoning { .. } | Part::Text { .. } | Part::ToolCall { .. } => None,
    });
    let quoted =
        |text: String| text.lines().map(|line| format!("> {line}").trim_end().to_owned() + "\n").collect::<String>();
    thoughts.map(|text| format!("> *Thought:*\n>\n{}\n", quoted(text))).collect()
}

fn write_message(out: &mut String, message: &Message, is_earlier: bool) {
    let text = sanitize_terminal(&message.content);
    let who = match (&message.author, message.role) {
        (Some(author), _) => name(&author.display_name),
        (None, Role::User) => String::from("You"),
        (None, Role::Assistant) => String::from("Omega"),
    };
    let thoughts = thoughts(message);
    if message.role == Role::Assistant && text.trim().is_empty() && thoughts.is_empty() {
        return;
    }
    let given_up = if message.status == MessageStatus::Discarded { " (given up)" } else { "" };
    let version = match (is_earlier, message.replaces) {
        (true, _) => " (earlier version)",
        (false, Some(_)) => " (newer version)",
        (false, None) => "",
    };
    let text = text.trim_end();
    line(out, format_args!("## {who}{given_up}{version} · {}\n\n{thoughts}{text}", message.created_at));
    if let Some(closing) = open_block::closing(text) {
        line(out, format_args!("{closing}"));
    }
    out.push('\n');
    if let Some(why) = message.finish_reason.and_then(FinishReason::shortfall) {
        line(out, format_args!("> Not whole: {why}.\n"));
    }
}

/// The plans that a run proposed, and the one that was chosen.
fn write_plans<'e>(out: &mut String, events: impl Iterator<Item = &'e &'e Envelope>) {
    for envelope in events {
        match &envelope.event {
            Event::PlanProposed { plans, .. } => {
                for (plan, number) in plans.iter().zip(1..) {
                    write_plan(out, plan, number);
                }
            }
            Event::PlanSelected { plan_id: Some(id), .. } => line(out, format_args!("Plan `{id}` was chosen.\n")),
            Event::PlanSelected { plan_id: None, .. } => line(out, format_args!("Another plan was asked for.\n")),
            _ => {}
        }
    }
}

fn write_plan(out: &mut String, plan: &Plan, number: usize) {
    let sure = (plan.confidence.clamp(0.0, 1.0) * 100.0).round();
    line(out, format_args!("### Plan {number} · confidence {sure} % · `{}`\n\n{}\n", plan.id, name(&plan.reasoning)));
    for step in &plan.steps {
        line(out, format_args!("{}. `{}`: {}", step.step_number, code(&step.tool_name), name(&step.purpose)));
    }
    out.push('\n');
}

/// What people decided about a call.
fn write_decisions<'e>(out: &mut String, events: impl Iterator<Item = &'e &'e Envelope>) {
    for envelope in events {
        let Event::ApprovalDecided { decision, reason, .. } = &envelope.event else { continue };
        let decided = if *decision == Decision::Approve { "Allowed" } else { "Refused" };
        let why = reason.as_deref().map(|reason| format!(": {}", name(reason))).unwrap_or_default();
        line(out, format_args!("{decided} by a person · {}{why}\n", envelope.at));
    }
}

fn write_tool_run<'e>(out: &mut String, run: &ToolRun, decisions: impl Iterator<Item = &'e &'e Envelope>) {
    let version = if run.version.is_empty() { String::new() } else { format!(" {}", code(&run.version)) };
    let took = run.duration_ms.map(|ms| format!(" · {}", seconds(ms))).unwrap_or_default();
    line(out, format_args!("### Tool `{}`{version} · {}{took}\n", code(&run.tool_id), run.status.as_str()));
    write_decisions(out, decisions);
    fenced(out, "Input", &run.input);
    match (&run.output, &run.error) {
        (_, Some(error)) => line(out, format_args!("Failed with {}: {}\n", error.code.as_str(), name(&error.message))),
        (Some(output), None) => fenced(out, "Output", output),
        (None, None) if run.output_bytes > 0 => {
            line(
                out,
                format_args!("Output of {} bytes, left out here: {}\n", run.output_bytes, name(&run.output_summary)),
            );
        }
        (None, None) => {}
    }
}

/// What somebody said of the answer above: a quotation, so that nothing in it is a part of the document.
fn write_feedback(out: &mut String, feedback: &Feedback) {
    let rating = match feedback.rating {
        Rating::Good => "good",
        Rating::Bad => "bad",
    };
    let felt = match feedback.felt_real {
        Some(true) => " · felt like a real agent",
        Some(false) => " · did not feel like a real agent",
        None => "",
    };
    let who = name(&feedback.author.display_name);
    let quoted = |comment: &String| {
        let lines = sanitize_terminal(comment);
        lines.lines().map(|line| format!("\n> {line}").trim_end().to_owned()).collect::<String>()
    };
    let comment = feedback.comment.as_ref().map(|comment| format!("\n>{}", quoted(comment))).unwrap_or_default();
    line(out, format_args!("> *Feedback of {who}:* {rating}{felt} · {}{comment}\n", feedback.at));
}

fn fenced(out: &mut String, label: &str, value: &Value) {
    let (language, text) = match value {
        Value::String(text) => ("text", sanitize_terminal(text)),
        other => ("json", sanitize_terminal(&serde_json::to_string_pretty(other).unwrap_or_default())),
    };
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    line(out, format_args!("{label}:\n\n{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n')));
}

/// Tenths of a second, as in the activity lines of every client.
pub fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

/// Foreign text in a line of its own: one line, without a meaning in Markdown.
fn name(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in sanitize_terminal(text).chars() {
        match c {
            '\n' | '\t' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '&' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped.trim().to_owned()
}

/// Foreign text between backticks.
fn code(text: &str) -> String {
    sanitize_terminal(text).replace('`', "'").replace(['\n', '\t'], " ")
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn conversation() -> ConversationDetail {
        let (id, run, user, assistant) = (
            "5b0f3c1e-0000-4000-8000-000000000001",
            "5b0f3c1e-0000-7000-8000-000000000002",
            "5b0f3c1e-0000-7000-8000-000000000003",
            "5b0f3c1e-0000-7000-8000-000000000004",
        );
        let at = "2026-11-22T18:00:00.000Z";
        serde_json::from_value(json!({
            "id": id, "title": "A *bold* <title>\u{202e}", "model": "omega/offline", "executionState": "idle",
            "url": "http://x", "createdAt": at, "updatedAt": at, "isOwner": true, "participants": [],
            "messages": [
                {"id": user, "seq": 1, "runId": run, "role": "user", "status": "complete", "content": "Parse `a`",
                 "parts": [], "createdAt": at},
                {"id": assistant, "seq": 2, "runId": run, "step": 1, "role": "assistant", "status": "complete",
                 "content": "Done\u{1b}[2J.", "parts": [{"type": "text", "text": "Done\u{1b}[2J."}], "createdAt": at},
            ],
            "toolRuns": [{
                "id": id, "runId": run, "messageId": assistant, "toolCallId": "c1", "toolId": "papaparse::parse",
                "toolName": "parse", "version": "5.5.3", "status": "succeeded", "input": {"csv": "a,b"},
                "output": "```\nnot a fence\n```", "outputSummary": "x", "outputBytes": 20, "durationMs": 340,
                "createdAt": at,
            }],
            "runs": [], "messageCount": 2, "toolRunCount": 1, "usage": {"inputTokens": 5, "outputTokens": 7}, "lastSeq": 9,
        }))
        .unwrap()
    }

    #[test]
    fn what_the_model_thought_stands_as_a_quotation_before_what_it_said() {
        let mut detail = conversation();
        detail.messages[1].parts.insert(0, Part::Reasoning { text: "hm\n\n# what".into() });
        assert!(markdown(&detail, &[]).contains("> *Thought:*\n>\n> hm\n>\n> # what\n\nDone"));
    }

    #[test]
    fn what_people_said_of_an_answer_stands_under_it_as_a_quotation() {
        let mut detail = conversation();
        let (run, at) = (detail.messages[0].run_id, "2026-11-22T18:00:01.000Z");
        detail.runs = serde_json::from_value(json!([{
            "id": run, "conversationId": detail.conversation.id, "messageId": detail.messages[0].id, "status": "completed",
            "model": "omega/offline", "steps": 1, "toolCalls": 1, "usage": {}, "createdAt": at,
            "feedback": [
                {"runId": run, "author": {"userId": run, "displayName": "A *guest*", "gravatarHash": ""}, "rating": "bad",
                 "feltReal": false, "comment": "# no\n\n> heading", "at": at},
                {"runId": run, "author": {"userId": run, "displayName": "me", "gravatarHash": ""}, "rating": "good", "at": at},
            ],
        }]))
        .unwrap();
        let said = format!(
            "> *Feedback of A \\*guest\\*:* bad · did not feel like a real agent · {at}\n>\n> # no\n>\n> > heading\n\n\
             > *Feedback of me:* good · {at}\n"
        );
        let document = markdown(&detail, &[]);
        assert!(document.contains(&said), "{document}");
        assert!(
            document.find("Tool `papaparse").unwrap() < document.find(&said).unwrap(),
            "under its run's last message"
        );
    }

    #[test]
    fn markdown_keeps_foreign_text_in_its_place() {
        insta::assert_snapshot!(markdown(&conversation(), &[]), @r####"
        # A \*bold\* \<title\>\\u{202e}
        Model `omega/offline` · begun 2026-11-22T18:00:00.000Z

        ## You · 2026-11-22T18:00:00.000Z

        Parse `a`

        ## Omega · 2026-11-22T18:00:00.000Z

        Done.

        ### Tool `papaparse::parse` 5.5.3 · succeeded · 0.3 s

        Input:

        ```json
        {
          "csv": "a,b"
        }
        ```

        Output:

        ````text
        ```
        not a fence
        ```
        ````

        ---

        2 messages · 1 tool run · 5 input and 7 output tokens
        "####);
    }

    #[test]
    fn the_opening_has_everything_but_the_lists() {
        let (opening, whole) = (opening(&conversation()).unwrap(), serde_json::to_value(conversation()).unwrap());
        assert_eq!(opening["format"], FORMAT);
        for (name, member) in whole.as_object().unwrap() {
            assert_eq!(opening.get(name), (!LISTS.contains(&name.as_str())).then_some(member), "{name}");
        }
    }
}
