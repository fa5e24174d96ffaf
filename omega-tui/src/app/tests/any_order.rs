//! Whatever happens in whatever order: nothing that was written is lost, no question is answered by who did not see it,
//! and every conversation is found again.

use super::{remembered::remembered, writing::everywhere};
use crate::{
    app::Focus,
    messages::{Command, PauseAnswer, Update},
    test_harness::{TestHarness, full},
};
use crossterm::event::MouseEventKind;
use omega_core::{
    api::RequiredAction,
    id::{ApprovalId, ConversationId},
    type_ahead::QUIET_MILLIS,
};
use proptest::prelude::*;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happens {
    Keys(&'static str),
    /// A word, letter by letter, with so many milliseconds between them.
    Writes(&'static str, i64),
    Passes(i64),
    Pastes(&'static str),
    Resizes(u16, u16),
    Wheel,
    /// A run asks whether so many calls may be made.
    Asks(usize),
    /// The first of them was answered, here or elsewhere.
    AsksOn,
    Answers,
    SendFails,
    /// The conversation is left for an empty one, or the message in that one gets through.
    Leaves,
    Opens,
}
use Happens::{Answers, Asks, AsksOn, Keys, Leaves, Opens, Passes, Pastes, Resizes, SendFails, Wheel, Writes};

const KEYS: [&str; 37] = [
    "a",
    "y",
    "c",
    "n",
    "e",
    "s",
    "w",
    "/",
    "?",
    " ",
    "@",
    "<enter>",
    "<tab>",
    "<s-tab>",
    "<esc>",
    "<up>",
    "<down>",
    "<end>",
    "<right>",
    "<ctrl+c>",
    "<ctrl+r>",
    "<ctrl+p>",
    "<alt+y>",
    "<alt+c>",
    "<alt+v>",
    "<alt+r>",
    "<ctrl+s>",
    "<ctrl+y>",
    "<f1>",
    "<f3>",
    "<ctrl+o>",
    "<alt+up>",
    "<alt+down>",
    "<home>",
    "<pgup>",
    "<ctrl+home>",
    "<ctrl+end>",
];

/// Each begins with, or holds, letters that answer something.
const WORDS: [&str; 6] = ["yesterday", "always", "nobody", "edition", "scanty", "answer"];

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => prop::sample::select(KEYS.to_vec()).prop_map(Keys),
        5 => (prop::sample::select(WORDS.to_vec()), prop::sample::select(vec![0, 40, 120, 300])).prop_map(|(word, gap)| Writes(word, gap)),
        4 => prop::sample::select(vec![30, 450, 500, 700, 1_100, 1_600]).prop_map(Passes),
        1 => prop::sample::select(vec!["pasted", "line\nline\nline\nline\nline\nline\nline\nline\nline\nline\n"]).prop_map(Pastes),
        1 => (1..130_u16, 1..40_u16).prop_map(|(width, height)| Resizes(width, height)),
        1 => Just(Wheel),
        3 => (1..4_usize).prop_map(Asks),
        3 => Just(AsksOn),
        1 => Just(Answers),
        1 => Just(SendFails),
        1 => Just(Leaves),
        2 => Just(Opens),
    ]
}

/// What is known of the keyboard, told apart from what the screen itself keeps of it.
#[derive(Default)]
struct Witness {
    words: Vec<&'static str>,
    conversations: Vec<ConversationId>,
    asked: Option<ApprovalId>,
    /// When the question came, or somebody last pressed a key.
    quiet_since: i64,
    /// Whether it stood there long enough before a key.
    was_seen: bool,
    answers: usize,
}

impl Witness {
    /// Before a key, or anything else: a question may have come, and may have been looked at.
    fn looks(&mut self, stage: &TestHarness, is_key: bool) {
        let asks = stage.app.active_run().and_then(|run| match run.requires_action.as_ref() {
            Some(RequiredAction::Approval { approvals, .. }) => approvals.first().map(|it| it.id),
            _ => None,
        });
        if asks != self.asked {
            (self.asked, self.was_seen, self.quiet_since) = (asks, false, stage.now);
        }
        if is_key {
            self.was_seen |= stage.now - self.quiet_since >= QUIET_MILLIS;
            self.quiet_since = stage.now;
        }
    }

    fn follows(&mut self, stage: &TestHarness) -> Result<(), TestCaseError> {
        let answers: Vec<_> = stage.commands().into_iter().filter(|it| matches!(it, Command::Answer(_))).collect();
        if let Some(Command::Answer(PauseAnswer::Decide { approval, .. })) = answers.get(self.answers) {
            prop_assert!(Some(*approval) == self.asked && self.was_seen, "nobody saw it\n{}", stage.text());
        }
        prop_assert!(answers.len() <= self.answers + 1, "one key, one answer");
        self.answers = answers.len();
        if let Some(id) =
            stage.app.here.id.filter(|_| stage.app.here.is_there && !stage.app.here.view.messages.is_empty())
        {
            self.conversations.push(id);
        }
        let known = remembered(stage);
        for id in &self.conversations {
            prop_assert!(known.iter().any(|(known, _)| known == id), "{id} is not remembered");
        }
        Ok(())
    }
}

fn key(stage: &mut TestHarness, witness: &mut Witness, keys: &str) -> Result<(), TestCaseError> {
    witness.looks(stage, true);
    stage.keys(keys);
    witness.follows(stage)
}

/// Whether letters are letters of a message: in an overlay they search, and a question that hears is answered.
fn is_writing(stage: &TestHarness) -> bool {
    stage.app.layers.is_empty() && (stage.app.focus != Focus::Question || !stage.app.hears())
}

/// Whether what is put in here would make one word into two.
fn is_in_a_word(stage: &TestHarness) -> bool {
    let (before, text) = (stage.app.composer.before_caret(), stage.app.composer.text());
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    is_letter(before.chars().next_back()) && is_letter(text[before.len()..].chars().next())
}

fn happen(stage: &mut TestHarness, witness: &mut Witness, what: &Happens) -> Result<(), TestCaseError> {
    let is_empty = stage.app.composer.is_empty() && stage.app.here.pending.is_empty();
    match *what {
        Writes(..) | Pastes(_) if is_in_a_word(stage) => {}
        Keys(keys) if keys.len() == 1 && is_in_a_word(stage) => {}
        Keys(keys) => key(stage, witness, keys)?,
        Writes(word, gap) if is_writing(stage) && stage.app.question.as_ref().is_none_or(|it| it.field().is_none()) => {
            // What a person wished to answer is none of the message.
            let is_meant = stage.app.focus != Focus::Question;
            for (at, letter) in word.chars().enumerate() {
                if at > 0 {
                    stage.waits(gap);
                }
                key(stage, witness, &letter.to_string())?;
            }
            witness.words.extend(is_meant.then_some(word));
        }
        Writes(..) => {}
        Passes(millis) => {
            stage.waits(millis);
        }
        Pastes(text) => {
            witness.looks(stage, true);
            stage.paste(text);
        }
        Resizes(width, height) => {
            stage.resize(width, height);
        }
        Wheel => {
            stage.mouse(MouseEventKind::ScrollUp, 5, 5);
        }
        Asks(count) if stage.app.here.is_there && stage.app.question.is_none() && stage.app.active_run().is_none() => {
            stage.awaits_approvals(&["mathjs::evaluate"; 3][..count]);
        }
        AsksOn if stage.app.question.is_some() => {
            let action = stage.app.active_run().and_then(|run| run.requires_action.clone());
            if let Some(RequiredAction::Approval { mut approvals, .. }) = action
                && approvals.len() > 1
            {
                approvals.remove(0);
                stage.asks_about_the_next();
            }
        }
        Answers if stage.app.active_run().is_some() && stage.app.question.is_none() => {
            stage.answered();
        }
        SendFails => {
            if let Some(draft) = stage.app.here.pending.first().map(|it| it.draft) {
                stage.news(Update::SendFailed { draft, error: "away".into() });
            }
        }
        Leaves if is_empty && stage.app.layers.is_empty() && stage.app.focus == Focus::Composer => {
            for letter in ["/", "n", "e", "w", "<enter>"] {
                key(stage, witness, letter)?;
            }
        }
        Opens if stage.app.here.id.is_none() && !stage.app.here.pending.is_empty() => {
            stage.conversation = ConversationId::new();
            let text = stage.app.here.pending[0].text.clone();
            stage.open().asked(&text).says("Well.").answered();
        }
        Asks(_) | AsksOn | Answers | Leaves | Opens => {}
    }
    witness.looks(stage, false);
    witness.follows(stage)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_order_of_keys_and_events_loses_a_word_answers_unseen_or_forgets_a_conversation(
        what in prop::collection::vec(happens(), 1..30),
    ) {
        let mut stage = TestHarness::new(60, 16);
        stage.app.keeps_drafts = true;
        stage.is_patient = false;
        full(&mut stage);
        let mut witness = Witness::default();
        stage.keys("WORD");
        for one in &what {
            happen(&mut stage, &mut witness, one)?;
        }
        let found = everywhere(&stage);
        for word in ["WORD"].iter().chain(&witness.words) {
            prop_assert!(found.contains(word), "{word} is lost: {found}");
        }
    }
}
