//! A model that did not answer is asked again after a while: everybody is told when, and whoever does not want to wait has it
//! asked at once.

use crate::harness::{MODELS, Omega, within};
use omega_core::{
    event::{Envelope, Event},
    testing::{Fault, Reply, Script},
    view::{Applied, View},
};
use std::time::Instant;

#[tokio::test]
async fn whoever_does_not_want_to_wait_has_the_model_asked_at_once() {
    let busy = Fault::Status { status: 429, retry_after: Some(50) };
    let omega = Omega::start(Script::new().turn(Reply::text("Here.").fault(busy, 1))).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let began = Instant::now();
    let run = omega.send(conversation, "hello").await.run_id;
    let mut frames = omega.events(conversation, "?after=0").await;
    let waits = |it: &Envelope| matches!(it.event, Event::Status { again_at: Some(_), .. });
    let log = within("the wait", frames.until(waits)).await;
    let told = log.last().unwrap();
    let Event::Status { phase, message, again_at: Some(at) } = &told.event else { panic!("{told:?}") };
    assert_eq!(phase, "retrying");
    assert!((50_000..=51_500).contains(&at.millis_since(told.at)), "{at} from {}", told.at);
    assert!(!message.contains("--") && !message.ends_with('.'), "{message}");
    let mut view = View::begun(None, 0);
    for event in log.iter().filter(|it| it.seq.is_some()) {
        assert_ne!(view.apply(event), Applied::Gap);
    }
    assert_eq!((view.again_at, view.status.as_ref()), (Some(*at), Some(message)));
    // Whoever comes meanwhile is told it too, also behind what somebody else wrote.
    omega.send(conversation, "and this").await;
    let mut late = omega.events(conversation, "").await;
    let mut view = View::default();
    for event in within("the wait again", late.until(waits)).await {
        assert_ne!(view.apply(&event), Applied::Gap);
    }
    assert_eq!((view.again_at, view.status.as_ref()), (Some(*at), Some(message)));
    omega.client.retry_run(run).await.unwrap();
    let told = omega.told(conversation, run).await;
    assert_eq!((told.log.answer(), told.log.count("run.step.started")), ("Here.", 2));
    assert!(began.elapsed().as_secs() < 50, "nobody waited");
    // Where nothing waits, nothing happens.
    omega.client.retry_run(run).await.unwrap();
    assert_eq!(omega.told(conversation, run).await.log.count("run.step.started"), 2);
}
