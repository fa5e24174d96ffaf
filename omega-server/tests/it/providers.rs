//! Providers that fail: a run ends with a code and words, or it asks again; it never ends with an empty answer.

use crate::harness::{MODELS, Omega, Told};
use omega_core::{
    api::FinishReason,
    event::Event,
    testing::{Fault, Reply, Script},
};
use std::time::Instant;

const FOREVER: u32 = 1_000;

/// What a case must come to.
enum Ends {
    /// Failed with this code after so many requests.
    Failed(&'static str, usize),
    /// The answer after so many requests.
    Answered(usize),
    /// The same, and text that had been shown was taken back in between.
    TakenBack(usize),
}
use Ends::{Answered, Failed, TakenBack};

const ANSWER: &str = "One two three four five six.";

fn cases() -> Vec<(&'static str, Reply, Ends)> {
    let status = |status, retry_after, times| Reply::text(ANSWER).fault(Fault::Status { status, retry_after }, times);
    let fault = |fault, times| Reply::text(ANSWER).fault(fault, times);
    vec![
        ("wrong key", status(401, None, FOREVER), Failed("PROVIDER_AUTH", 1)),
        ("no such model", status(404, None, FOREVER), Failed("MODEL_NOT_FOUND", 1)),
        ("refused request", status(400, None, FOREVER), Failed("PROVIDER_REJECTED", 1)),
        ("limit for an hour", status(429, Some(3600), FOREVER), Failed("PROVIDER_RATE_LIMITED", 1)),
        ("limit for a second", status(429, Some(1), 1), Answered(2)),
        ("limit without a time", status(429, None, 1), Answered(2)),
        ("one 500", status(500, None, 1), Answered(2)),
        ("one 529", status(529, None, 1), Answered(2)),
        ("cut before a word", fault(Fault::Cut { after: 0 }, 1), Answered(2)),
        ("cut once", fault(Fault::Cut { after: 6 }, 1), TakenBack(2)),
        ("closed once", fault(Fault::Close { after: 6 }, 1), TakenBack(2)),
        ("error event once", fault(Fault::ErrorEvent { after: 6 }, 1), TakenBack(2)),
        ("empty once", Reply::text(ANSWER), Answered(1)),
        ("always empty", Reply::text(""), Failed("EMPTY_ANSWER", 2)),
        ("white space", Reply::text(" \n "), Failed("EMPTY_ANSWER", 2)),
        ("filtered", Reply::text("").finish(FinishReason::ContentFilter), Failed("CONTENT_FILTER", 1)),
        ("used up", Reply::text("").finish(FinishReason::Length), Failed("ANSWER_CUT", 1)),
    ]
}

fn script(cases: impl IntoIterator<Item = (&'static str, Reply)>) -> Script {
    cases.into_iter().fold(Script::new(), |script, (name, reply)| {
        script.when(move |seen| seen.users.last().is_some_and(|user| user == name), [reply])
    })
}

/// Text that is there at the end of the deltas, as a plain reader adds them up.
fn shown(told: &Told) -> bool {
    told.log.count("message.reset") > 0
}

#[tokio::test]
async fn every_failure_of_a_provider_ends_in_words_or_in_an_answer_on_every_wire_format() {
    for model in MODELS {
        // The faults are counted: each format gets a provider of its own.
        let omega = Omega::start(script(cases().into_iter().map(|(name, reply, _)| (name, reply)))).await;
        let began = Instant::now();
        let talks = cases().into_iter().map(async |(name, _, ends)| (name, omega.ask(model, name).await, ends));
        for (name, told, ends) in futures_util::future::join_all(talks).await {
            let at = format!("{model}, {name}: {:?}", told.log.kinds());
            let asked = omega.provider.requests().iter().filter(|seen| seen.users[0] == name).count();
            let (expected, taken_back) = match ends {
                Failed(code, requests) => {
                    let error = told.log.failure();
                    assert_eq!(error.code, code, "{at}: {}", error.error);
                    assert!(error.error.len() > 20, "{at}: it says what happened: {}", error.error);
                    (requests, shown(&told))
                }
                Answered(requests) => (requests, false),
                TakenBack(requests) => (requests, true),
            };
            if matches!(told.log.end(), Event::RunCompleted { .. }) {
                assert_eq!(told.log.answer(), ANSWER, "{at}");
            }
            assert_eq!(asked, expected, "{at}");
            assert_eq!(shown(&told), taken_back, "{at}");
            // Every further request was announced.
            assert_eq!(told.log.count("status"), expected - 1, "{at}");
        }
        // A `Retry-After` of one second was waited for, one of an hour was not.
        assert!(began.elapsed().as_secs_f64() >= 1.0);
    }
}

#[tokio::test]
async fn a_provider_that_stays_broken_is_given_up_after_three_retries() {
    let always = |fault| Reply::text(ANSWER).fault(fault, FOREVER);
    let omega = Omega::start(script([
        ("down", always(Fault::Status { status: 503, retry_after: None })),
        ("cut", always(Fault::Cut { after: 6 })),
    ]))
    .await;
    let (down, cut, nobody) = futures_util::join!(
        omega.ask(MODELS[0], "down"),
        omega.ask(MODELS[2], "cut"),
        // Nobody listens where this provider should be.
        omega.ask("groq/test", "hello"),
    );
    for (told, code) in [(&down, "PROVIDER_ERROR"), (&cut, "PROVIDER_STREAM_CUT"), (&nobody, "PROVIDER_UNREACHABLE")] {
        let error = told.log.failure();
        assert_eq!((error.code.as_str(), error.retryable), (code, true), "{}", error.error);
        assert_eq!(told.log.count("run.step.started"), 4);
    }
    assert_eq!(cut.log.count("message.reset"), 4, "nothing of a cut answer stays");
    assert!(nobody.log.failure().error.contains("the model omega/offline"));
    let stored = omega.client.conversation(cut.conversation).await.unwrap();
    assert_eq!(stored.messages.len(), 1, "only what the person wrote: {:?}", stored.messages);
}

#[tokio::test]
async fn a_cut_at_the_models_own_limit_is_told_with_the_answer() {
    let omega = Omega::start(Script::new().turn(Reply::text("Half a").finish(FinishReason::Length))).await;
    for model in MODELS {
        let told = omega.ask(model, "long").await;
        assert_eq!((told.log.answer(), told.log.notices()), ("Half a", vec!["ANSWER_CUT"]), "{model}");
    }
}

#[tokio::test]
async fn a_model_that_can_not_be_asked_is_refused_at_once_with_the_next_step() {
    let omega = Omega::start(Script::new()).await;
    for (model, words) in [("mistral/x", "MISTRAL_API_KEY"), ("opnai/gpt-4.1", "openai"), ("nothing", "provider/model")]
    {
        let body = omega_core::api::CreateConversation { model: Some(model.into()), ..<_>::default() };
        let error = omega.client.create_conversation(&body).await.unwrap_err().to_string();
        assert!(error.contains(words), "{model}: {error}");
    }
}
