//! Whether a task is complex enough to be planned before anything runs (requirement P3): a cheap rule on the message
//! alone, which the planner may still overrule ([`crate::agent::planning`]).
//!
//! The rule counts what the message tells somebody to do: a verb of [`VERBS`] where a clause begins. Three of them make a
//! task complex, five make it ample. Words that politeness puts before a verb don't count; code, quotations, what was
//! piped in and what follows a colon on its line are data, and no data makes a task complex. It knows English alone: other
//! messages are planned when somebody asks for it.

use crate::budget;

/// What a clause tells somebody to do.
const VERBS: &str = "\
    add analyse analyze archive book build calculate categorise categorize chart check classify clean collect combine \
    compare compile compute convert count crawl create delete deploy download draft draw email estimate evaluate \
    export extract fetch filter find format forward gather generate get group import list look mail make measure merge \
    monitor notify open order organise organize parse pick plot post predict prepare publish put query rank read \
    recommend remove rename render replace report research retrieve review rewrite save schedule score scrape search \
    select send share sort split store sum summarise summarize tell test transform translate turn update upload \
    validate verify visualise visualize write";

/// What may stand before the verb of a clause without saying anything.
const OPENERS: &str = "\
    after afterwards also and but can could finally first firstly i'd i just kindly last lastly let's lets like me need \
    next now ok or please plus second secondly so that then third thirdly to want we with would you";

/// Ways to ask for a plan in words.
const ASKS: &[&str] = &[
    "first make a plan",
    "first propose a plan",
    "make a plan first",
    "make a plan before",
    "propose a plan",
    "propose plans",
    "show me a plan",
    "show me the plan",
    "show me your plan",
    "give me a plan first",
    "plan before you",
    "before you run anything",
    "before running anything",
    "before you start",
];

/// What a message asks for, as far as the rule sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complexity {
    /// What is to be done, each from its verb on, in order.
    pub parts: Vec<String>,
    /// The message asks for a plan in words.
    pub asks: bool,
}

impl Complexity {
    /// Judges a message.
    pub fn of(message: &str) -> Self {
        let prose = prose(message);
        let spoken: Vec<String> = words(&prose).map(|word| word.text.to_lowercase()).collect();
        let spoken = format!(" {} ", spoken.join(" "));
        let asks =
            spoken.starts_with(" plan first ") || ASKS.iter().any(|phrase| spoken.contains(&format!(" {phrase} ")));
        Self { parts: parts(&prose), asks }
    }

    /// Whether a plan is worth a question.
    pub fn is_complex(&self) -> bool {
        self.parts.len() >= 3
    }

    /// How many plans are worth choosing from: one, two for a complex task, three for an ample one.
    pub fn plans(&self) -> u8 {
        match self.parts.len() {
            0..=2 => 1,
            3..=4 => 2,
            _ => 3,
        }
    }
}

/// The message without its data.
fn prose(message: &str) -> String {
    let mut prose = String::new();
    let mut fenced = false;
    for line in message.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
            prose.push('\n');
        } else if !fenced && !trimmed.starts_with('>') {
            prose.push_str(line);
        }
    }
    let mut prose =
        without(&without(&without(&without(&prose, "<stdin>", "</stdin>"), "\"", "\""), "“", "”"), "`", "`");
    prose.truncate(prose.floor_char_boundary(budget::PROSE.most));
    prose
}

/// A text without what stands between two marks. A mark that is never closed hides the rest.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        kept.push_str(before);
        kept.push_str(" … ");
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

struct Word<'a> {
    text: &'a str,
    at: usize,
    /// What stands before it says that a clause begins.
    begins: bool,
    /// It stands behind a colon on the same line.
    told: bool,
}

fn words(prose: &str) -> impl Iterator<Item = Word<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
    let (mut at, mut told) = (0, false);
    std::iter::from_fn(move || {
        let start = at + prose.get(at..)?.find(is_word)?;
        let between = prose.get(at..start)?;
        told = (told || between.contains(':')) && !between.contains('\n');
        let end = prose.get(start..)?.find(|c| !is_word(c)).map_or(prose.len(), |length| start + length);
        let begins = at == 0 || between.contains(['.', ',', ';', '!', '?', '\n', '-', '•', '*', ')', '(']);
        at = end;
        Some(Word { text: prose.get(start..end)?, at: start, begins, told })
    })
}

fn parts(prose: &str) -> Vec<String> {
    let among = |list: &str, word: &str| list.split_whitespace().any(|known| known == word);
    let mut starts = Vec::new();
    let mut opening = true;
    for word in words(prose) {
        let lower = word.text.to_lowercase().replace('’', "'");
        opening |= word.begins || matches!(lower.as_str(), "and" | "then" | "please");
        if word.told {
            opening = false;
        } else if opening && among(VERBS, &lower) {
            starts.push(word.at);
            opening = false;
        } else if !among(OPENERS, &lower) && !lower.chars().all(|c| c.is_ascii_digit()) {
            opening = false;
        }
    }
    let ends = starts.iter().skip(1).copied().chain([prose.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| prose.get(*start..end))
        .map(|part| part.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_for_one_thing_is_never_complex() {
        for message in [
            "What is the determinant of [[2,1],[1,3]]?",
            "hello",
            "",
            "go",
            "Summarize a website and turn it into a checklist",
            "Analyze a CSV and generate insights",
            "Generate a proposal and send it via email",
            "Search for a tool to do X and run it",
            "convert 5 miles to km",
            "diff of \"find, sort, send\" and \"read, write, parse\"",
            "Translate to German: open the door, close it, check the oven, send a mail and write home",
            "fix this\n```sh\nfind .\nsort x\nread y\nwrite z\n```",
            "sum this\n<stdin>\nfind\nread\nwrite\nparse\n</stdin>",
            "> find it\n> read it\n> send it\nsummarise the quoted mail",
            "What did you find when you had to read, and why did they write it?",
            "the best way to compare, filter and sort",
        ] {
            let judged = Complexity::of(message);
            assert!(!judged.is_complex() && !judged.asks, "{message}: {judged:?}");
            assert_eq!(judged.plans(), 1);
        }
    }

    #[test]
    fn a_request_for_several_things_is_complex_and_for_many_it_is_ample() {
        for (message, parts, plans) in [
            ("Find three flights to Oslo, compare them with the train, then email the result to Ann.", 3, 2),
            ("Scrape example.com, extract the prices and then convert them to EUR", 3, 2),
            ("Please do this:\n1. fetch the page\n2. Summarise it\n3. and send it to me", 3, 2),
            ("- read the feed\n- pick the newest\n- translate it\n- draft a post; finally, publish it", 5, 3),
            ("I want you to search the web. Then can you rank what you find? Also write a report.", 3, 2),
        ] {
            let judged = Complexity::of(message);
            assert_eq!((judged.parts.len(), judged.plans()), (parts, plans), "{message}: {judged:?}");
        }
        let judged = Complexity::of("Scrape example.com, extract the prices and then convert them to EUR");
        assert_eq!(judged.parts, ["Scrape example.com,", "extract the prices and then", "convert them to EUR"]);
    }

    #[test]
    fn a_plan_that_is_asked_for_in_words_is_heard_and_a_plan_that_is_the_task_is_not() {
        for (message, asks) in [
            ("Convert this, but show me your plan before you run anything", true),
            ("Plan first: what is the weather in Oslo?", true),
            ("make a plan for my trip to Rome", false),
            ("what is a floor plan, first of all?", false),
            ("say \"show me your plan\" in German", false),
        ] {
            assert_eq!(Complexity::of(message).asks, asks, "{message}");
        }
    }
}
