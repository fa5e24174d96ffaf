//! What one thinks of an answer, and what others said of it.

use super::{Act, Row, Typing};
use crate::{clean::one_line, messages::Wish};
use omega_core::{
    api::{Feedback, GiveFeedback, Rating, Whoami},
    id::RunId,
    view::View,
};

/// What one says can be changed as often as one likes; each person's newest word counts.
pub fn rows(view: &View, run: RunId, me: Option<&Whoami>) -> Vec<Row> {
    let said: &[Feedback] = view.runs.iter().find(|it| it.id == run).map_or(&[], |it| &it.feedback);
    let own = said.iter().find(|it| me.is_some_and(|me| me.user_id == it.author.user_id));
    let remove = own.map(|_| (String::from("take back what you said of it?"), Wish::NoFeedback(run)));
    let row = |name: &str, value: &str, about: &str, change: Option<Act>| Row {
        name: name.to_owned(),
        value: value.to_owned(),
        about: about.to_owned(),
        change,
        remove: remove.clone(),
    };
    let rated = |rating| {
        let before = own.map_or(GiveFeedback { rating, felt_real: None, comment: None }, given);
        Some(Act::Do(Wish::Feedback(run, GiveFeedback { rating, ..before })))
    };
    let is = |rating| if own.is_some_and(|own| own.rating == rating) { "✓" } else { "" };
    let mut rows = vec![
        row("good", is(Rating::Good), "it did what you asked", rated(Rating::Good)),
        row("bad", is(Rating::Bad), "it did not", rated(Rating::Bad)),
    ];
    if let Some(own) = own {
        let given = given(own);
        let (felt, next) = match own.felt_real {
            Some(true) => ("yes", Some(false)),
            Some(false) => ("no", None),
            None => ("not said", Some(true)),
        };
        let felt_real = Act::Do(Wish::Feedback(run, GiveFeedback { felt_real: next, ..given.clone() }));
        rows.push(row("felt like a real agent", felt, "enter changes it: yes, no, not said", Some(felt_real)));
        let comment = given.comment.clone().unwrap_or_default();
        let words = Some(Act::Type(Typing::Comment(run, given)));
        rows.push(row("comment", &comment, "what else there is to say; an empty one is none", words));
    }
    let others = said.iter().filter(|it| own.is_none_or(|own| own.author.user_id != it.author.user_id));
    rows.extend(others.map(|it| Row {
        name: one_line(&it.author.display_name),
        value: it.rating.as_str().to_owned(),
        about: it.comment.clone().unwrap_or_default(),
        ..Row::default()
    }));
    rows
}

fn given(own: &Feedback) -> GiveFeedback {
    GiveFeedback { rating: own.rating, felt_real: own.felt_real, comment: own.comment.clone() }
}
