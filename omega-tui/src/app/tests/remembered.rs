//! Which conversations there are is written down as soon as it is known.

use crate::{
    app::{App, Effect},
    messages::{Command, Link, Update},
    test_harness::TestHarness,
};
use omega_core::{event::Event, id::ConversationId};

pub fn remembered(stage: &TestHarness) -> Vec<(ConversationId, String)> {
    let remembered = stage.effects.iter().filter_map(|effect| match effect {
        Effect::Command(Command::Remember(id, title)) => Some((*id, title.clone())),
        _ => None,
    });
    remembered.collect()
}

#[test]
fn a_conversation_is_written_down_once_it_is_seen_and_whenever_its_title_changes() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    assert_eq!(remembered(&stage), [(stage.conversation, String::new())]);
    stage.event(Event::ConversationUpdated {
        title: Some("Determinants".into()),
        model: None,
        safe_mode: None,
        guest_credentials: None,
        visibility: None,
        url: None,
        usage: None,
    });
    assert_eq!(remembered(&stage).last(), Some(&(stage.conversation, "Determinants".into())));
    // What one writes oneself is use; what a guest writes is not.
    stage.keys("again<enter>");
    stage.asked("again");
    assert_eq!(remembered(&stage).len(), 3);
    stage.asked("from somebody else");
    assert_eq!(remembered(&stage).len(), 3);
}

#[test]
fn a_conversation_that_nobody_saw_is_not_written_down() {
    let mut stage = TestHarness::new(80, 24);
    stage.app = App::new(stage.app.theme, Some(stage.conversation), None);
    for link in [Link::Refused { cause: "nothing was found".into() }, Link::Offline { cause: "away".into() }] {
        stage.news(Update::Link(link));
        assert_eq!((remembered(&stage), stage.app.here.is_there), (Vec::new(), false));
    }
    stage.open();
    assert!(stage.app.here.is_there);
    stage.keys("/new<enter>");
    assert!(!stage.app.here.is_there);
}
