//! A long conversation: its beginning and any day of it are there at once, and what is between when it is read.

use crate::{
    messages::{Command, PAGE, Stretch, Update},
    test_harness::TestHarness,
};
use omega_core::{
    api::{ConversationDetail, Message},
    event::Event,
};

/// Exchanges of the conversation, and messages of it that are here when it is opened.
const EXCHANGES: usize = 150;
const OPENED: usize = 50;

/// A server with a long conversation, and a screen on which it was opened.
struct Long {
    stage: TestHarness,
    whole: ConversationDetail,
}

impl Long {
    fn open() -> Self {
        let mut before = TestHarness::new(1, 1);
        before.open();
        for n in 0..EXCHANGES {
            before.asked(&format!("question {n}.")).says(&format!("answer {n}.")).answered();
        }
        let view = &before.app.here.view;
        let mut whole = before.detail();
        (whole.messages, whole.runs) = (view.messages.clone(), view.runs.clone());
        whole.message_count = whole.messages.len() as u64;
        let mut stage = TestHarness::new(80, 24);
        stage.conversation = before.conversation;
        let mut long = Self { stage, whole };
        long.stage.open();
        let opened = long.part(long.whole.messages[long.whole.messages.len() - OPENED..].to_vec());
        long.stage.frame(Event::Snapshot { conversation: Box::new(opened) });
        long
    }

    fn part(&self, messages: Vec<Message>) -> ConversationDetail {
        let runs = self.whole.runs.iter().filter(|run| messages.iter().any(|it| it.run_id == Some(run.id)));
        ConversationDetail { runs: runs.cloned().collect(), messages, ..self.whole.clone() }
    }

    /// Answers what was asked for last, as the server does.
    fn answers(&mut self) -> Stretch {
        let Some(Command::LoadSection(stretch)) = self.stage.commands().last().cloned() else {
            panic!("nothing was asked for: {:?}", self.stage.commands());
        };
        let all = self.whole.messages.clone();
        let most = PAGE as usize;
        let messages: Vec<Message> = match stretch {
            Stretch::Before(seq) => {
                let before: Vec<Message> = all.into_iter().filter(|it| it.seq < seq).collect();
                before[before.len().saturating_sub(most)..].to_vec()
            }
            Stretch::After(seq) => all.into_iter().filter(|it| it.seq > seq).take(most).collect(),
            Stretch::Since(time) => all.into_iter().filter(|it| it.created_at >= time).take(most).collect(),
        };
        let section = Box::new(self.part(messages));
        self.stage.news(Update::Section(stretch, section));
        stretch
    }

    fn asked_for(&self) -> usize {
        self.stage.commands().iter().filter(|it| matches!(it, Command::LoadSection(_))).count()
    }
}

#[test]
fn the_beginning_is_there_at_once_and_what_is_between_when_it_is_read() {
    let mut long = Long::open();
    long.stage.keys("<ctrl+home>");
    assert_eq!(long.answers(), Stretch::After(0));
    assert_eq!(long.stage.row_of("question 0."), Some(2), "{}", long.stage.text());
    assert_eq!((long.asked_for(), long.stage.app.here.older), (1, 2 * EXCHANGES as u64 - 150));
    // On, over the gap, to the end: each message once, and in order.
    let mut seen = vec![0];
    for _ in 0..500 {
        let text = long.stage.text();
        for n in text.lines().filter_map(|line| line.trim().strip_prefix("question ")?.strip_suffix('.')?.parse().ok())
        {
            if seen.last().is_some_and(|last| last + 1 == n) {
                seen.push(n);
            }
        }
        if long.stage.app.transcript.is_following() {
            break;
        }
        let asked = long.asked_for();
        long.stage.keys("<pgdn>");
        if long.asked_for() > asked {
            long.answers();
        }
    }
    assert_eq!(seen.len(), EXCHANGES, "{:?}", seen.last());
    assert!(long.stage.app.here.gaps.is_empty());
    assert_eq!((long.stage.app.here.older, long.stage.app.here.view.messages.len()), (0, 2 * EXCHANGES));
    assert!(long.stage.app.here.view.messages.is_sorted_by_key(|message| message.seq));
}

#[test]
fn who_reads_back_over_a_gap_misses_nothing_either() {
    let mut long = Long::open();
    long.stage.keys("<ctrl+home>");
    long.answers();
    long.stage.keys("<ctrl+end>");
    let mut least = EXCHANGES;
    for _ in 0..500 {
        while least > 0 && long.stage.row_of(&format!("question {}.", least - 1)).is_some() {
            least -= 1;
        }
        if least == 0 {
            return;
        }
        let (asked, row) = (long.asked_for(), long.stage.row_of(&format!("question {least}.")));
        long.stage.keys("<pgup>");
        if long.asked_for() > asked {
            long.answers();
            assert_eq!(long.stage.row_of(&format!("question {least}.")), row, "nothing moves: {}", long.stage.text());
        }
    }
    panic!("only back to {least}: {}", long.stage.text());
}

#[test]
fn a_day_of_the_conversation_is_gone_to() {
    let mut long = Long::open();
    let wanted = long.whole.messages[120].clone();
    let time = wanted.created_at.to_string();
    long.stage.now = wanted.created_at.0 + 3_600_000;
    long.stage.keys("/when 1h<enter>");
    assert_eq!(long.answers(), Stretch::Since(wanted.created_at));
    assert_eq!(long.stage.row_of(&wanted.content), Some(3), "{}", long.stage.text());
    assert_eq!(long.stage.app.here.gaps.as_slice().len(), 2);
    long.stage.keys(&format!("/when {}<enter>", &time[..10]));
    assert!(matches!(long.stage.commands().last(), Some(Command::LoadSection(Stretch::Since(_)))));
    long.answers();
    long.stage.keys("/when tomorrow<enter>");
    assert!(long.stage.text().contains("say a day"), "{}", long.stage.text());
    assert_eq!(long.stage.app.composer.text(), "/when tomorrow");
    long.stage.app.here.is_loading = false;
    long.stage.now += 10_000_000_000;
    long.stage.keys("<ctrl+u>/when 1s<enter>");
    let Some(Command::LoadSection(stretch)) = long.stage.commands().last().cloned() else { panic!() };
    let nothing = Box::new(long.part(Vec::new()));
    long.stage.news(Update::Section(stretch, nothing));
    assert!(long.stage.text().contains("nothing was written since then"), "{}", long.stage.text());
}

#[test]
fn what_is_not_here_yet_is_searched_in_until_it_is_found() {
    let mut long = Long::open();
    long.stage.keys("<ctrl+s>question 42.");
    assert!(long.stage.text().contains("enter searches the 250 earlier messages"), "{}", long.stage.text());
    long.stage.keys("<enter>");
    let mut pages = 0;
    while long.asked_for() > pages {
        pages = long.asked_for();
        long.answers();
    }
    assert!(long.stage.row_of("question 42.").is_some(), "{}", long.stage.text());
    assert_eq!(pages, 2, "no more than it takes");
    long.stage.keys("<ctrl+u>nowhere<enter>");
    while long.asked_for() > pages {
        pages = long.asked_for();
        long.answers();
    }
    assert!(long.stage.text().contains("not there"), "{}", long.stage.text());
    assert_eq!(long.stage.app.here.older, 0);
}

#[test]
fn a_part_that_could_not_be_loaded_is_asked_for_again() {
    let mut long = Long::open();
    long.stage.keys("<ctrl+home><ctrl+home>");
    assert_eq!(long.asked_for(), 1, "once at a time");
    long.stage.news(Update::Failed("nobody answers".into()));
    long.stage.keys("<ctrl+home>");
    assert_eq!(long.asked_for(), 2);
    long.answers();
    assert!(long.stage.row_of("question 0.").is_some(), "{}", long.stage.text());
}
