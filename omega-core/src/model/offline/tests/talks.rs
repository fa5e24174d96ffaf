//! Conversations: questions back, failures, credentials, plans and titles.

use super::{Talk, search};
use crate::{
    api::{FinishReason, Usage},
    model::{
        Model, ModelEvent, Purpose, ToolCall, ToolChoice, ToolResult, ToolSpec, Turn, frame,
        offline::{ANSWERED, NOT_DONE, OfflinePlanner, Reply, next},
    },
};
use futures_util::StreamExt;
use serde_json::{Value, json};

#[test]
fn an_answer_is_bare_and_who_computed_it_is_a_notice() {
    let mut talk = Talk::new();
    let said = talk.heard("What is the determinant of [[2,1],[1,3]]?", &|_, _| Ok(json!(5)));
    assert_eq!(said, ("5".to_owned(), Some(ANSWERED)));
    assert_eq!(talk.calls, [("mathjs::evaluate".to_owned(), json!({"expression": "det([[2,1],[1,3]])"}))]);
    assert_eq!(talk.searches, ["mathjs::evaluate"], "that there is such a tool is looked up");
    let mut request = talk.request();
    request.turns.pop();
    let Reply::Say { notice: Some((_, footer)), .. } = next(&request) else { panic!("it answers") };
    assert!(footer.starts_with("Computed by tools") && footer.contains("no language model"), "{footer}");
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
    let (ask, notice) = talk.heard("does 1.5.2 satisfy the semver range?", &|_, _| panic!("not yet"));
    assert!(ask.contains("semver::satisfies") && ask.contains("a range") && notice == Some(NOT_DONE), "{ask}");
    let answer = talk.say("^1.0.0", &|_, _| Ok(json!(true)));
    assert_eq!(talk.calls, [("semver::satisfies".to_owned(), json!({"version": "1.5.2", "range": "^1.0.0"}))]);
    assert_eq!(answer, "true");
}

#[test]
fn a_new_request_after_a_question_is_a_new_request() {
    let mut talk = Talk::new();
    talk.say("does 1.5.2 satisfy the semver range?", &|_, _| panic!("not yet"));
    talk.say("slugify \"Hello World\"", &|_, _| Ok(json!("Hello-World")));
    assert_eq!(
        talk.calls,
        [("slugify::default".to_owned(), json!({"text": "Hello World", "options": {"lower": true, "strict": true}}))]
    );
}

#[test]
fn a_tool_that_fails_is_said_so_with_a_way_to_try_it() {
    let mut talk = Talk::new();
    let (answer, notice) =
        talk.heard("diff of \"a b\" and \"a c\"", &|_, _| Err(json!({"code": "TOOL_ERROR", "message": "it broke"})));
    assert_eq!((talk.calls.len(), notice), (1, Some(NOT_DONE)));
    assert!(answer.starts_with("It did not work") && answer.contains("TOOL_ERROR: it broke"), "{answer}");
    assert!(answer.contains("omega tools run diff::createPatch --input '{"), "{answer}");
}

#[test]
fn an_output_that_cannot_be_what_was_asked_for_is_no_answer() {
    for (text, output) in [
        ("md5 of hello", json!(true)),
        ("what is 2+2", json!("NaN")),
        ("is 7 prime", json!("seven")),
        ("reverse \"abc\"", json!({"stdout": "", "stderr": "jq: broken", "exitCode": 5})),
        ("plural of mouse", json!(null)),
        ("a uuid please", json!({"error": true, "message": "fetch failed"})),
    ] {
        let mut talk = Talk::new();
        let (answer, notice) = talk.heard(text, &|_, _| Ok(output.clone()));
        assert!(notice == Some(NOT_DONE) && answer.starts_with("I have no answer"), "{text}: {answer}");
    }
}

#[test]
fn of_several_steps_all_are_done_or_none() {
    let mut talk = Talk::new();
    let outputs =
        |tool: &str, _: &Value| Ok(if tool == "slugify::default" { json!("Big-News") } else { json!("ab12") });
    assert_eq!(talk.say("slugify \"Big News\", then md5", &outputs), "ab12");
    assert_eq!(talk.calls[1], ("hash-wasm::md5".to_owned(), json!({"text": "Big-News"})));
    let mut talk = Talk::new();
    let (_, notice) = talk.heard("slugify \"Big News\", then tweet it", &outputs);
    assert_eq!((talk.calls.len(), notice), (0, Some(NOT_DONE)), "nothing is half done");
}

#[test]
fn the_tool_that_a_person_chose_is_called_next_whatever_else_there_is() {
    let mut request = Talk::new().request();
    request.turns = after_search(serde_json::to_string(&search("slugify", 3)).unwrap(), false);
    let Reply::Call { name, arguments } = next(&request) else { panic!("a call is due") };
    let chosen = search("levenshtein", 1).tools.remove(0);
    let call = ToolCall { id: "2".into(), name: name.clone(), arguments: arguments.to_string(), provider_state: None };
    let failure = |choice: Value| {
        let error = json!({"code": "MISSING_ENV_VARS", "message": "m", "details": {"alternatives": [chosen]}});
        json!({"error": error, "choice": choice}).to_string()
    };
    let mut after = |content: String| {
        let result = ToolResult { call_id: "2".into(), name: name.clone(), content, is_error: true, loads: Vec::new() };
        request.turns.truncate(3);
        request.turns.push(Turn::Assistant { text: String::new(), calls: vec![call.clone()], provider_state: vec![] });
        request.turns.push(Turn::Tools { results: vec![result] });
        next(&request)
    };
    // What it needs is not in the message: it asks, for this tool and no other.
    let Reply::Say { text: asks, .. } = after(failure(json!({"useInstead": chosen.tool_id}))) else {
        panic!("it needs input")
    };
    assert!(asks.contains(chosen.tool_id.as_str()), "{asks}");
    let Reply::Say { text: ends, .. } = after(failure(Value::Null)) else { panic!("no key, no tool") };
    assert!(ends.starts_with("It did not work"), "{ends}");
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
    assert!(answer.contains("omega keys set WEATHER_API_KEY"), "{answer}");
    let id = search("current weather", 1).tools[0].tool_id.to_string();
    talk.say(&format!("{id} q: Berlin"), &|_, _| Ok(json!("sunny")));
    assert_eq!(talk.calls, [(id, json!({"q": "Berlin"}))]);
}

#[test]
fn a_tool_that_an_earlier_search_found_is_called_without_another() {
    let mut request = Talk::new().request();
    request.tools.push(slugify());
    let mut output = search("slugify", 1);
    output.tools[0].call_as = Some("slugify__default".into());
    request.turns = after_search(serde_json::to_string(&output).unwrap(), false);
    request.turns.push(Turn::Assistant { text: "Hello-World".into(), calls: vec![], provider_state: vec![] });
    request.turns.push(Turn::User { text: "slugify \"Big News\"".into() });
    let input = json!({"text": "Big News", "options": {"lower": true, "strict": true}});
    assert_eq!(next(&request), Reply::Call { name: "slugify__default".into(), arguments: input });
}

/// The slug tool as a request offers it.
fn slugify() -> ToolSpec {
    let found = search("slugify", 1).tools.remove(0);
    ToolSpec {
        name: "slugify__default".into(),
        description: found.description,
        input_schema: found.input_schema.unwrap(),
    }
}

/// A conversation in which the user asked for a slug and the search came to this.
fn after_search(content: String, is_error: bool) -> Vec<Turn> {
    let call = ToolCall {
        id: "1".into(),
        name: "registrySearchTool".into(),
        arguments: json!({"query": "slugify"}).to_string(),
        provider_state: None,
    };
    let result = ToolResult { call_id: "1".into(), name: call.name.clone(), content, is_error, loads: Vec::new() };
    vec![
        Turn::User { text: "slugify \"Hello World\"".into() },
        Turn::Assistant { text: String::new(), calls: vec![call], provider_state: vec![] },
        Turn::Tools { results: vec![result] },
    ]
}

#[test]
fn a_found_tool_is_called_by_the_name_that_the_search_gave_it() {
    let mut request = Talk::new().request();
    request.tools.push(slugify());
    let mut output = search("slugify", 1);
    output.tools[0].call_as = Some("slugify__default".into());
    request.turns = after_search(serde_json::to_string(&output).unwrap(), false);
    let input = json!({"text": "Hello World", "options": {"lower": true, "strict": true}});
    assert_eq!(next(&request), Reply::Call { name: "slugify__default".into(), arguments: input });
}

#[test]
fn a_registry_that_cannot_be_read_is_said_so() {
    let mut request = Talk::new().request();
    let error = json!({"error": {"code": "REGISTRY_UNAVAILABLE", "message": "the disk is gone"}});
    request.turns = after_search(error.to_string(), true);
    let Reply::Say { text: answer, .. } = next(&request) else { panic!("no call") };
    assert!(answer.contains("REGISTRY_UNAVAILABLE: the disk is gone"), "{answer}");
}

#[test]
fn several_missing_inputs_can_be_given_by_name() {
    let mut talk = Talk::new();
    let ask = talk.say("run semver::satisfies", &|_, _| panic!("not yet"));
    assert!(ask.contains("version: ") && ask.contains("range: "), "{ask}");
    talk.say("version: 1.2.3\nrange: ^1.0.0", &|_, _| Ok(json!(true)));
    assert_eq!(talk.calls, [("semver::satisfies".to_owned(), json!({"version": "1.2.3", "range": "^1.0.0"}))]);
}

#[test]
fn plans_are_json_made_of_the_tools_that_were_found() {
    let mut talk = Talk::new();
    talk.say("levenshtein distance between \"a\" and \"b\"", &|_, _| Ok(json!(1)));
    let mut request = talk.request();
    // As the engine asks: with the search in the conversation, before any tool ran.
    request.turns.truncate(3);
    request.purpose = Purpose::Plans { count: 2 };
    let Reply::Say { text, .. } = next(&request) else { panic!("no call") };
    let plans: Value = serde_json::from_str(&text).unwrap();
    assert!((1..=2).contains(&plans["plans"].as_array().unwrap().len()), "at most what was asked for");
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
    request.purpose = Purpose::Title;
    let Reply::Say { text: title, .. } = next(&request) else { panic!("no call") };
    assert!(title.starts_with("What is the very") && title.chars().count() <= 60, "{title}");
}

#[test]
fn when_no_call_is_allowed_it_closes_in_words() {
    let mut talk = Talk::new();
    talk.turns.push(Turn::User { text: "slugify \"a\"".into() });
    let mut request = talk.request();
    request.tool_choice = ToolChoice::None;
    assert!(matches!(next(&request), Reply::Say { .. }));
}

#[tokio::test]
async fn an_answer_streams_in_words_and_a_call_is_whole() {
    let mut talk = Talk::new();
    talk.turns.push(Turn::User { text: "hello".into() });
    let events: Vec<_> = OfflinePlanner.stream(talk.request()).await.unwrap().map(Result::unwrap).collect().await;
    assert!(events.len() > 10 && matches!(&events[0], ModelEvent::Text(word) if word == "I "));
    assert_eq!(events[events.len() - 2], ModelEvent::Usage(Usage::default()));
    assert_eq!(events.last(), Some(&ModelEvent::Finished { reason: Some(FinishReason::Stop) }));

    talk.turns = vec![Turn::User { text: "slugify \"a\"".into() }];
    let events: Vec<_> = OfflinePlanner.stream(talk.request()).await.unwrap().map(Result::unwrap).collect().await;
    let call = events
        .iter()
        .find_map(|event| if let ModelEvent::CallCompleted { call, .. } = event { Some(call) } else { None });
    assert_eq!(call.unwrap().parsed().unwrap()["query"], "slugify::default");
    assert_eq!(events.last(), Some(&ModelEvent::Finished { reason: Some(FinishReason::ToolCalls) }));
}

#[test]
fn a_wish_for_an_answer_of_a_schema_changes_no_request() {
    let schema = json!({"type": "number", "description": "Answer with one\n\nJSON value"});
    let mut talk = Talk::new();
    let asked = frame::asking_for("what is 2+2?", &schema);
    assert_eq!(talk.say(&asked, &|_, _| Ok(json!(4))), "4");
    // Whoever writes such a sentence without a schema behind it is quoted in full.
    let other = format!("{} and more", frame::asking_for("what is 2+2?", &schema));
    assert_eq!(frame::as_written(&other), other);
}
