//! Answers a paused run on the terminal, question by question.

use super::{Keyboard, Waiting, is_answered_already, parts, words};
use crate::{exit::Failure, ui::Ui};
use omega_core::{
    api::{
        AlternativeChoice, Approval, Decide, Decision, MissingVar, Plan, ProvideCredentials, Remember, RequiredAction,
        Save, SelectAlternative, SelectPlan,
    },
    client::{Client, ClientError},
    exact,
    sanitize::one_line,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug)]
pub enum Answered {
    /// They answered these parts of the question; the run goes on.
    Done(Vec<String>),
    /// They left it open, or may not answer.
    Left,
}

/// Asks, and sends the answers.
pub async fn ask(ui: &Ui, client: &Client, waiting: &Waiting) -> Result<Answered, Failure> {
    if !waiting.is_mine() {
        ui.question(words::waits_for_owner(ui, &waiting.action));
        return Ok(Answered::Left);
    }
    let keyboard = Keyboard(ui);
    let answered = match &waiting.action {
        RequiredAction::Credentials { missing_vars, requests, .. } => {
            ui.question(words::credentials(ui, requests, missing_vars));
            let Some(body) = credentials(&keyboard, missing_vars).await? else { return Ok(Answered::Left) };
            match waiting.action.alternatives().first().filter(|_| body.decline) {
                None => settle(ui, client.provide_credentials(waiting.conversation, &body).await)?,
                Some(choice) => {
                    ui.question(words::alternatives(choice).trim_end());
                    let Some(chosen) = alternative(&keyboard, choice).await? else { return Ok(Answered::Left) };
                    match chosen.none {
                        true => settle(ui, client.provide_credentials(waiting.conversation, &body).await)?,
                        false => settle(ui, client.select_alternative(waiting.conversation, &chosen).await)?,
                    }
                }
            }
        }
        RequiredAction::Approval { approvals, .. } => {
            for approval in approvals {
                ui.question(words::approval(ui, approval));
                if !waiting.role.may_decide(approval) {
                    ui.question(words::OWNER_IS_ASKED);
                    return Ok(Answered::Left);
                }
                let lasts = waiting.role.may_remember(approval);
                let Some(body) = decision(&keyboard, approval, lasts).await? else { return Ok(Answered::Left) };
                if !settle(ui, client.decide(approval.id, &body).await)? {
                    return Ok(Answered::Left);
                }
                if body.remember != Remember::Once {
                    ui.note(
                        "It is not asked about again; `omega approvals list` shows that, and `revoke` takes it back.",
                    );
                }
            }
            true
        }
        RequiredAction::Plan { plans, .. } => {
            ui.question(words::plans(plans).trim_end());
            match choice(&keyboard, plans).await? {
                None => return Ok(Answered::Left),
                Some(Choice::Cancel) => settle(ui, client.cancel_run(waiting.run).await)?,
                Some(Choice::Select(plan, body)) => {
                    settle(ui, client.select_plan(waiting.conversation, plan.id, &body).await)?
                }
            }
        }
        RequiredAction::Alternatives { choices, .. } => {
            for choice in choices {
                ui.question(words::alternatives(choice).trim_end());
                let Some(body) = alternative(&keyboard, choice).await? else { return Ok(Answered::Left) };
                if !settle(ui, client.select_alternative(waiting.conversation, &body).await)? {
                    return Ok(Answered::Left);
                }
            }
            true
        }
    };
    Ok(if answered { Answered::Done(parts(&waiting.action)) } else { Answered::Left })
}

/// Whether the question is answered now. Somebody else's answer is one; who may not answer leaves it open.
fn settle<T>(ui: &Ui, answer: Result<T, ClientError>) -> Result<bool, Failure> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if is_answered_already(&error) => {
            ui.note("Somebody else answered first; the run goes on with that.");
            Ok(true)
        }
        Err(ClientError::Forbidden(message)) => {
            ui.warn(one_line(&message, 300));
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

async fn credentials(keyboard: &Keyboard<'_>, vars: &[MissingVar]) -> Result<Option<ProvideCredentials>, Failure> {
    keyboard.quiet().await?;
    let mut env = BTreeMap::new();
    for var in vars {
        let prompt = format!("{} (hidden; Enter alone goes on without): ", one_line(&var.name, 200));
        let Some(value) = keyboard.secret(&prompt).await? else { return Ok(None) };
        let value = value.expose_secret().trim();
        if value.is_empty() {
            return Ok(Some(ProvideCredentials { decline: true, ..ProvideCredentials::default() }));
        }
        env.insert(var.name.clone(), value.to_owned());
    }
    let prompt = "Use [o]nce, save for this [t]ool, save for [a]ll tools? [o] ";
    let save = match keyboard.choice(prompt, &["once", "tool", "all"], true).await? {
        None => return Ok(None),
        Some('t') => Save::Tool,
        Some('a') => Save::Global,
        Some(_) => Save::Once,
    };
    Ok(Some(ProvideCredentials { env, save, decline: false }))
}

async fn decision(keyboard: &Keyboard<'_>, approval: &Approval, lasts: bool) -> Result<Option<Decide>, Failure> {
    let (prompt, words): (_, &[&str]) = match lasts {
        _ if approval.package.is_some() => ("Add it? [y]es, [n]o: ", &["yes", "no"]),
        true => (
            "Allow it? [y]es once, in this [c]onversation, [a]lways, [e]dit the input, [n]o: ",
            &["yes", "conversation", "always", "edit", "no"],
        ),
        false => ("Allow it? [y]es once, [e]dit the input, [n]o: ", &["yes", "edit", "no"]),
    };
    keyboard.quiet().await?;
    let letter = loop {
        let Some(letter) = keyboard.choice(prompt, words, false).await? else { return Ok(None) };
        // What lasts is said twice.
        match is_sure(keyboard, letter).await? {
            None => return Ok(None),
            Some(true) => break letter,
            Some(false) => {}
        }
    };
    let mut input = None;
    let (decision, remember) = match letter {
        'y' => (Decision::Approve, Remember::Once),
        'e' => {
            let Some(edited) = edited(keyboard).await? else { return Ok(None) };
            input = Some(edited);
            (Decision::Approve, Remember::Once)
        }
        'c' => (Decision::Approve, Remember::Conversation),
        'a' => (Decision::Approve, Remember::Always),
        _ => (Decision::Deny, Remember::Once),
    };
    let reason = match decision {
        Decision::Approve => None,
        Decision::Deny => keyboard.line("Why not? (the model is told; Enter for no reason) ").await?,
    };
    Ok(Some(Decide {
        decision,
        remember,
        reason: reason.filter(|text| !text.is_empty()),
        args_digest: Some(approval.args_digest.clone()),
        input,
    }))
}

/// Whether a standing approval is meant; every other answer is.
async fn is_sure(keyboard: &Keyboard<'_>, letter: char) -> Result<Option<bool>, Failure> {
    let where_it_holds = match letter {
        'c' => "in this conversation",
        'a' => "in all your conversations",
        _ => return Ok(Some(true)),
    };
    let prompt = format!("Never ask about this tool again {where_it_holds}? [y]es, [n]o: ");
    keyboard.quiet().await?;
    Ok(keyboard.choice(&prompt, &["yes", "no"], false).await?.map(|letter| letter == 'y'))
}

async fn alternative(
    keyboard: &Keyboard<'_>,
    choice: &AlternativeChoice,
) -> Result<Option<SelectAlternative>, Failure> {
    let prompt = format!("Which tool instead? [1-{}], [n]one: ", choice.alternatives.len());
    let body = SelectAlternative { tool_run_id: Some(choice.tool_run_id), ..SelectAlternative::default() };
    keyboard.quiet().await?;
    loop {
        let Some(line) = keyboard.line(&prompt).await? else { return Ok(None) };
        let number = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some(chosen) = number.and_then(|at| choice.alternatives.get(at)) {
            return Ok(Some(SelectAlternative { tool_id: Some(chosen.tool_id.clone()), ..body }));
        }
        if line == "n" {
            return Ok(Some(SelectAlternative { none: true, ..body }));
        }
    }
}

/// Another input in place of the model's, as one line of JSON, asked until it is one.
async fn edited(keyboard: &Keyboard<'_>) -> Result<Option<Value>, Failure> {
    loop {
        let Some(line) = keyboard.line("The input instead, as one line of JSON: ").await? else { return Ok(None) };
        match exact::input(&line) {
            Ok(value) if value.is_object() => return Ok(Some(value)),
            Ok(_) => keyboard.0.warn("an input is a JSON object, {...}"),
            Err(error) => keyboard.0.warn(error),
        }
    }
}

enum Choice<'a> {
    Select(&'a Plan, SelectPlan),
    Cancel,
}

async fn choice<'a>(keyboard: &Keyboard<'_>, plans: &'a [Plan]) -> Result<Option<Choice<'a>>, Failure> {
    let prompt = format!("Which plan? [1-{}], [a]nother, [c]ancel: ", plans.len());
    keyboard.quiet().await?;
    loop {
        let Some(line) = keyboard.line(&prompt).await? else { return Ok(None) };
        if let Some(plan) = line.parse::<usize>().ok().and_then(|number| plans.get(number.checked_sub(1)?)) {
            return Ok(Some(Choice::Select(plan, SelectPlan::default())));
        }
        match (line.as_str(), plans.first()) {
            ("a", Some(first)) => {
                let note = keyboard.line("What should be different? (Enter for nothing special) ").await?;
                let note = note.filter(|note| !note.is_empty());
                return Ok(Some(Choice::Select(first, SelectPlan { another: true, note })));
            }
            ("c", _) => return Ok(Some(Choice::Cancel)),
            _ => {}
        }
    }
}
