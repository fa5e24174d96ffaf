//! Conversations: questions back, failures, credentials, plans and titles.

use super::Talk;
use crate::model::{FinishReason, Model, ModelEvent, ToolChoice, Turn, Usage, offline::OfflinePlanner};
use futures_util::StreamExt;
use serde_json::{Value, json};

#[test]
fn an_answer_shows_the_result_first_and_says_who_answered() {
    let mut talk = Talk::new();
    let answer = talk.say("What is the determinant of [[2,1],[1,3]]?", &|_, _| Ok(json!(5)));
    assert!(answer.starts_with("**5**\n\nComputed with mathjs evaluate "), "{answer}");
    assert!(answer.contains("offline planner, which is no language model"), "{answer}");
    assert_eq!(talk.searches, ["evaluate math expression determinant"]);
}

#[test]
fn a_greeting_or_a_question_about_itself_is_answered_without_a_search() {
    for text in ["hello", "Hi!", "what can you do?", "help", "thanks", "Hello there"] {
        let mut talk = Talk::new();
        let answer = talk.say(text, &|_, _| panic!("no tool"));
        assert!(talk.searches.is_empty() && !answer.is_empty(), "{text}: {answer}");
    }
}

#[test]
fn what_is_missing_is_asked_for_and_the_answer_goes_to_the_same_tool() {
    let mut talk = Talk::new();
    let ask = talk.say("does 1.5.2 satisfy the semver range?", &|_, _| panic!("not yet"));
    assert!(ask.contains("semver::satisfies") && ask.contains("- `range`"), "{ask}");
    assert!(ask.contains("omega tools run semver::satisfies --input '{"), "{ask}");
    let answer = talk.say("^1.0.0", &|_, _| Ok(json!(true)));
    assert_eq!(talk.calls, [("semver::satisfies".to_owned(), json!({"version": "1.5.2", "range": "^1.0.0"}))]);
    assert!(answer.starts_with("**true**"), "{answer}");
}

#[test]
fn a_new_request_after_a_question_is_a_new_request() {
    let mut talk = Talk::new();
    talk.say("does 1.5.2 satisfy the semver range?", &|_, _| panic!("not yet"));
    talk.say("slugify \"Hello World\"", &|_, _| Ok(json!("Hello-World")));
    assert_eq!(talk.calls, [("slugify::default".to_owned(), json!({"text": "Hello World"}))]);
}

#[test]
fn a_failing_tool_is_followed_by_the_next_and_then_by_an_honest_end() {
    let mut talk = Talk::new();
    let answer = talk.say("diff of \"a\" and \"b\"", &|_, _| Err(json!({"code": "TOOL_ERROR", "message": "it broke"})));
    assert!(talk.calls.len() > 1 && talk.calls.len() <= 3, "{:?}", talk.calls);
    assert!(answer.starts_with("It did not work.") && answer.contains("TOOL_ERROR: it broke"), "{answer}");
}

#[test]
fn a_refused_call_is_not_replaced_by_another() {
    let mut talk = Talk::new();
    let answer = talk.say("levenshtein distance between \"a\" and \"b\"", &|_, _| {
        Err(json!({"code": "DENIED", "message": "the owner refused"}))
    });
    assert_eq!(talk.calls.len(), 1);
    assert!(answer.contains("refused"), "{answer}");
}

#[test]
fn a_tool_without_its_credentials_is_explained_unless_it_was_named() {
    let mut talk = Talk::new();
    let answer = talk.say("what is the current weather in Berlin", &|_, _| panic!("no call"));
    assert!(answer.contains("`WEATHER_API_KEY`"), "{answer}");
    let id = crate::model::offline::tests::search("current weather", 1).tools[0].tool_id.to_string();
    talk.say(&format!("{id} q: Berlin"), &|_, _| Ok(json!("sunny")));
    assert_eq!(talk.calls, [(id, json!({"q": "Berlin"}))]);
}

#[test]
fn what_no_tool_does_is_said_so() {
    let mut talk = Talk::new();
    let answer = talk.say("book me a flight to Lisbon", &|_, _| panic!("no call"));
    assert!(answer.starts_with("I found no tool that fits."), "{answer}");
}

#[test]
fn plans_are_json_made_of_the_tools_that_were_found() {
    let mut talk = Talk::new();
    talk.say("levenshtein distance between \"a\" and \"b\"", &|_, _| Ok(json!(1)));
    let mut request = talk.request();
    // As the engine asks: with the search in the conversation, before any tool ran.
    request.turns.truncate(3);
    request.system = "<omega:plan count=2> plan".into();
    let crate::model::offline::Reply::Say(text) = crate::model::offline::next(&request) else { panic!("no call") };
    let plans: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plans["plans"].as_array().unwrap().len(), 2);
    let first = &plans["plans"][0];
    assert_eq!(first["steps"][0]["toolName"], "fastest-levenshtein::distance");
    assert_eq!(first["steps"][0]["stepNumber"], 1);
    assert!((0.0..=1.0).contains(&first["confidence"].as_f64().unwrap()));
}

#[test]
fn a_title_is_short() {
    let mut talk = Talk::new();
    talk.turns.push(Turn::User { text: "what is the ".to_owned() + &"very ".repeat(30) + "long story?" });
    let mut request = talk.request();
    request.system = "<omega:title> title".into();
    let crate::model::offline::Reply::Say(title) = crate::model::offline::next(&request) else { panic!("no call") };
    assert!(title.starts_with("What is the very") && title.chars().count() <= 60, "{title}");
}

#[test]
fn when_no_call_is_allowed_it_closes_in_words() {
    let mut talk = Talk::new();
    talk.turns.push(Turn::User { text: "slugify \"a\"".into() });
    let mut request = talk.request();
    request.tool_choice = ToolChoice::None;
    assert!(matches!(crate::model::offline::next(&request), crate::model::offline::Reply::Say(_)));
}

#[tokio::test]
async fn an_answer_streams_in_words_and_a_call_is_whole() {
    let mut talk = Talk::new();
    talk.turns.push(Turn::User { text: "hello".into() });
    let events: Vec<_> =
        OfflinePlanner::new().stream(talk.request()).await.unwrap().map(Result::unwrap).collect().await;
    assert!(events.len() > 10 && matches!(&events[0], ModelEvent::Text(word) if word == "I "));
    assert_eq!(events[events.len() - 2], ModelEvent::Usage(Usage::default()));
    assert_eq!(events.last(), Some(&ModelEvent::Finished { reason: Some(FinishReason::Stop) }));

    talk.turns = vec![Turn::User { text: "slugify \"a\"".into() }];
    let events: Vec<_> =
        OfflinePlanner::new().stream(talk.request()).await.unwrap().map(Result::unwrap).collect().await;
    let call = events
        .iter()
        .find_map(|event| if let ModelEvent::CallCompleted { call, .. } = event { Some(call) } else { None });
    assert_eq!(call.unwrap().parsed().unwrap()["query"], "slugify");
    assert_eq!(events.last(), Some(&ModelEvent::Finished { reason: Some(FinishReason::ToolCalls) }));
}
