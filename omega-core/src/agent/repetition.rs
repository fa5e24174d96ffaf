//! A run that goes in circles: told to the model once, then ended in words.
//!
//! Everything is counted on the record, so a restart counts the same. Five things count as a circle, each with its limit in
//! `budget`: the same call with the same error, one tool's same error whatever its input, steps in which nothing works, steps
//! that bring nothing new, and calls that end in the middle. Where the last step reaches a limit the model is told with its next request; where it goes
//! beyond, the run ends.

use super::{Step, digest, written_call};
use crate::{
    api::{RunError, ToolRun, ToolRunStatus},
    budget::{BARREN_STEPS, CUT_CALLS, Limit, SAME_CALL, SAME_ERROR, STALE_STEPS},
    executor::ToolErrorCode,
    sanitize::one_line,
};
use std::collections::HashMap;

/// How much of an error is told.
const TOLD: usize = 300;

/// Whether a run goes in circles.
#[derive(Debug, Clone, PartialEq)]
pub enum Circle {
    /// It does not.
    None,
    /// The model is told so, in these words.
    Told(String),
    /// It was told, and goes on.
    Ended(RunError),
}

/// One of the ways to go in circles: how far, and what is said.
struct Count {
    found: usize,
    limit: Limit,
    code: &'static str,
    /// For the model too: no stranger's words.
    words: String,
    /// What the last error said, for people.
    said: String,
}

/// Looks at the steps so far, all of whose calls are settled.
pub fn in_steps(steps: &[Step]) -> Circle {
    let Some(last) = steps.last() else { return Circle::None };
    let mut counts: Vec<Count> = cut(steps).into_iter().chain(barren(steps)).chain(stale(steps)).collect();
    for run in last.tool_runs.iter().filter(|run| is_failure(run)) {
        counts.push(same_call(steps, run));
        counts.push(same_error(steps, run));
    }
    if let Some(count) = counts.iter().find(|count| count.found > count.limit.most) {
        let error = format!(
            "{}{}. The run was ended, because the model went on after it was told; send the message again in other words, \
             or choose another model",
            count.words, count.said
        );
        return Circle::Ended(RunError { code: count.code.into(), error, retryable: false });
    }
    counts
        .into_iter()
        .find(|count| count.found == count.limit.most)
        .map_or(Circle::None, |count| Circle::Told(count.words))
}

fn is_failure(run: &ToolRun) -> bool {
    // What a person stopped, replaced or answered says nothing of the model.
    let is_peoples = run.error.as_ref().is_some_and(|error| {
        matches!(error.code, ToolErrorCode::Cancelled | ToolErrorCode::Replaced | ToolErrorCode::BudgetExceeded)
    });
    let failed = matches!(run.status, ToolRunStatus::Failed | ToolRunStatus::TimedOut | ToolRunStatus::Denied);
    failed && !is_peoples
}

/// An error without what changes from call to call: digits, and what stands in quotes.
fn kind(run: &ToolRun) -> (String, String) {
    let Some(error) = &run.error else { return (run.status.as_str().to_owned(), String::new()) };
    let (mut text, mut quote) = (String::new(), None);
    for c in error.message.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c.is_ascii_digit() => {}
            None => {
                quote = Some(c).filter(|c| matches!(c, '"' | '`'));
                text.push(c);
            }
        }
    }
    (error.code.as_str().to_owned(), text)
}

fn said(run: &ToolRun) -> String {
    run.error.as_ref().map_or_else(String::new, |error| format!(" (the error: {})", one_line(&error.message, TOLD)))
}

fn runs(steps: &[Step]) -> impl DoubleEndedIterator<Item = &ToolRun> {
    steps.iter().flat_map(|step| &step.tool_runs)
}

fn same_call(steps: &[Step], last: &ToolRun) -> Count {
    let (digest, kind_of) = (digest::of_call(&last.tool_id, &last.input), kind(last));
    let is_same = |run: &&ToolRun| {
        is_failure(run)
            && run.tool_id == last.tool_id
            && kind(run) == kind_of
            && digest::of_call(&run.tool_id, &run.input) == digest
    };
    let found = runs(steps).filter(is_same).count();
    let words = format!(
        "The same call of {} failed {found} times with the same error. Repeating it does not help: change the input, use \
         another tool, or say what is not possible",
        one_line(&last.tool_id, 100)
    );
    Count { found, limit: SAME_CALL, code: "REPEATED_CALL", words, said: said(last) }
}

/// Counted by steps: many calls side by side are one try.
fn same_error(steps: &[Step], last: &ToolRun) -> Count {
    let kind_of = kind(last);
    let mut found = 0;
    for step in steps.iter().rev() {
        let own = || step.tool_runs.iter().filter(|run| run.tool_id == last.tool_id);
        if own().any(|run| run.status == ToolRunStatus::Succeeded) {
            break;
        }
        found += usize::from(own().any(|run| is_failure(run) && kind(run) == kind_of));
    }
    let words = format!(
        "{} failed {found} times with the same error, whatever its input was. Use another tool, or say what is not possible",
        one_line(&last.tool_id, 100)
    );
    Count { found, limit: SAME_ERROR, code: "REPEATED_CALL", words, said: said(last) }
}

fn barren(steps: &[Step]) -> Option<Count> {
    let is_barren = |step: &&Step| !step.tool_runs.is_empty() && step.tool_runs.iter().all(is_failure);
    let found = steps.iter().rev().take_while(is_barren).count();
    let mut often: HashMap<&str, usize> = HashMap::new();
    steps
        .iter()
        .rev()
        .take(found)
        .flat_map(|step| &step.tool_runs)
        .for_each(|run| *often.entry(&run.tool_id).or_default() += 1);
    let most = often.into_iter().max_by_key(|(tool, count)| (*count, *tool))?.0;
    let words = format!(
        "In {found} steps in a row no call worked, most of them of {}. Say what you found out and what is not possible",
        one_line(most, 100)
    );
    Some(Count { found, limit: BARREN_STEPS, code: "REPEATED_CALL", words, said: String::new() })
}

/// Steps in a row all of whose calls had been made before, with the same outcome.
fn stale(steps: &[Step]) -> Option<Count> {
    let is_same = |one: &ToolRun, other: &ToolRun| {
        one.tool_id == other.tool_id
            && one.status == other.status
            && one.output_bytes == other.output_bytes
            && one.input == other.input
            && one.output == other.output
    };
    let is_stale = |at: &usize| {
        let own = &steps[*at].tool_runs;
        !own.is_empty() && own.iter().all(|run| runs(&steps[..*at]).any(|earlier| is_same(run, earlier)))
    };
    let found = (0..steps.len()).rev().take(STALE_STEPS.most + 1).take_while(is_stale).count();
    let words = format!(
        "In {found} steps in a row every call had been made before, and gave the same again. Answer with what you have, or say \
         what is not possible"
    );
    (found > 0).then_some(Count { found, limit: STALE_STEPS, code: "REPEATED_CALL", words, said: String::new() })
}

fn cut(steps: &[Step]) -> Option<Count> {
    let is_cut = |step: &&Step| step.calls.iter().any(written_call::is_cut);
    let found = steps.iter().rev().take_while(is_cut).count();
    let words = "The call ended in the middle, because the answer reached its limit of length. Write a shorter call, or do the work in parts".to_owned();
    (found > 0).then_some(Count { found, limit: CUT_CALLS, code: "CALL_CUT", words, said: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::Timestamp,
        executor::ToolError,
        id::{MessageId, RunId, ToolRunId},
        model::ToolCall,
    };
    use serde_json::{Value, json};

    fn step(calls: &[(&str, Value, Option<&str>)]) -> Step {
        let tool_runs = calls.iter().map(|(tool, input, error)| ToolRun {
            id: ToolRunId::new(),
            run_id: RunId::new(),
            message_id: MessageId::new(),
            tool_call_id: "c".into(),
            tool_id: (*tool).into(),
            tool_name: (*tool).into(),
            version: String::new(),
            status: if error.is_some() { ToolRunStatus::Failed } else { ToolRunStatus::Succeeded },
            input: input.clone(),
            output: None,
            output_summary: String::new(),
            output_bytes: 0,
            truncated: false,
            attempts: 1,
            started_at: None,
            duration_ms: None,
            error: error.map(|words| ToolError::new(ToolErrorCode::ToolError, words)),
            notice: None,
            created_at: Timestamp(0),
        });
        Step { tool_runs: tool_runs.collect(), ..Step::default() }
    }

    /// How many steps pass until the model is told, and until the run ends.
    fn told_and_ended(make: impl Fn(usize) -> Step) -> (Option<usize>, Option<usize>) {
        let (mut steps, mut told) = (Vec::new(), None);
        for n in 1..=200 {
            steps.push(make(n));
            match in_steps(&steps) {
                Circle::None => {}
                Circle::Told(_) => told = told.or(Some(n)),
                Circle::Ended(error) => {
                    assert!(!error.error.is_empty());
                    return (told, Some(n));
                }
            }
        }
        (told, None)
    }

    #[test]
    fn a_circle_is_told_once_and_then_ends_the_run() {
        let fails = |tool, input, words: &str| step(&[(tool, input, Some(words))]);
        assert_eq!(told_and_ended(|_| fails("a::b", json!({}), "no")), (Some(3), Some(4)), "the same call");
        let pair = |n: usize| fails(if n.is_multiple_of(2) { "a::b" } else { "c::d" }, json!({}), "no");
        assert_eq!(told_and_ended(pair), (Some(5), Some(7)), "pairs");
        let between = |n: usize| {
            if n.is_multiple_of(2) { step(&[("s", json!({}), None)]) } else { fails("a::b", json!({}), "no") }
        };
        assert_eq!(told_and_ended(between), (Some(5), Some(7)), "with something that works between");
        assert_eq!(
            told_and_ended(|n| fails("a::b", json!({ "n": n }), "no")),
            (Some(6), Some(7)),
            "another input each time"
        );
        let counted = |n: usize| fails("a::b", json!({ "n": n }), &format!("no file \"{n}\" at {n}"));
        assert_eq!(told_and_ended(counted), (Some(6), Some(7)), "an error that repeats the input");
        let letters = |n: usize| "x".repeat(n);
        assert_eq!(told_and_ended(|n| fails("a::b", json!(n), &letters(n))), (Some(12), Some(13)), "nothing works");
        let same = |_| step(&[("search", json!({}), None)]);
        assert_eq!(told_and_ended(same), (Some(9), Some(10)), "the same again and again");
        let turns = |n: usize| step(&[("search", json!({ "q": n % 3 }), None)]);
        assert_eq!(told_and_ended(turns), (Some(11), Some(12)), "in turns");
        let cut = |_| Step {
            calls: vec![ToolCall {
                id: "c".into(),
                name: "x".into(),
                arguments: "{\"a\": \"b".into(),
                provider_state: None,
            }],
            ..step(&[("x", json!("{\"a\": \"b"), Some("cut"))])
        };
        assert_eq!(told_and_ended(cut), (Some(1), Some(2)), "cut");
    }

    #[test]
    fn work_that_gets_on_is_left_alone() {
        let search = |n: usize| step(&[("search", json!({ "q": n }), None)]);
        assert_eq!(told_and_ended(search), (None, None));
        let mends = |n: usize| step(&[("run", json!({ "n": n }), (!n.is_multiple_of(5)).then_some("exit code 1"))]);
        assert_eq!(told_and_ended(mends), (None, None), "some tries, then success");
        let crowd: Vec<_> = (0..40).map(|n| ("fetch", json!({ "n": n }), Some("failed to fetch"))).collect();
        assert_eq!(in_steps(&[step(&crowd)]), Circle::None, "side by side");
    }
}
