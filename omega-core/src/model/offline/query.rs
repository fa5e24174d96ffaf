//! What to search the registry for: the words of the request, without its data and its politeness.

use super::{
    math,
    message::{Kind, Message},
    rest, units, words,
};

/// Longest query, in words.
const MOST: usize = 6;

/// The words that describe the wanted tool, in the order of the message, then what its values are called.
pub(super) fn terms(message: &Message) -> Vec<String> {
    let mut terms = said(message);
    let nouns = nouns(message);
    // A URL with no word of what to do with it is to be fetched.
    if nouns == ["url"] && terms.iter().all(|term| ["url", "page", "website", "open"].contains(&term.as_str())) {
        terms.insert(0, "fetch".to_owned());
    }
    for noun in nouns {
        if !terms.iter().any(|term| words::canonical(term) == noun) {
            terms.push(noun.to_owned());
        }
    }
    terms
}

/// The words of the request itself.
fn said(message: &Message) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    let prose = message.prose();
    // What follows a colon is data, unless nothing stands before it.
    let head = match message.after_colon() {
        Some(tail) => message.text.find(tail).and_then(|at| prose_before(message, at)).unwrap_or(prose),
        None => prose,
    };
    let spoken = words::split(&head);
    // "What does ... mean?" asks for no mean.
    let asks_meaning = spoken.iter().any(|word| word == "does") && spoken.last().is_some_and(|word| word == "mean");
    let listed: Vec<String> = rest::listed(message).iter().flatten().flat_map(|item| words::split(item)).collect();
    for word in spoken {
        // The unit that a length of time is wanted in says little of the tool.
        let is_unit = units::is_time(&word) && message.data.iter().any(|datum| datum.kind == Kind::Duration);
        if listed.contains(&word) || is_unit || (asks_meaning && word == "mean") {
            continue;
        }
        let greets = ["hello", "hi", "hey"].contains(&word.as_str());
        let is_data = word.chars().count() < 2 || word.starts_with(|c: char| c.is_ascii_digit());
        if !greets && !is_data && !words::is_filler(&word) && !terms.contains(&word) {
            terms.push(word);
        }
    }
    terms
}

/// A word of the request as tools are measured by it.
pub(super) struct Term {
    /// In its canonical form.
    pub word: String,
    pub weight: f64,
    /// Whether the user said it and it fits few tools.
    pub telling: bool,
}

/// How much each canonical term says of the wanted tool: later words are more often data, verbs that fit many tools tell
/// little beside a word that does not, and what a value is called is a hint only.
#[allow(clippy::cast_precision_loss, reason = "a handful of words")]
pub(super) fn weights(message: &Message) -> Vec<Term> {
    let spoken = said(message);
    let terms: Vec<(String, bool)> =
        terms(message).iter().map(|term| (words::canonical(term), spoken.contains(term))).collect();
    let specific = terms.iter().any(|(term, spoken)| *spoken && !words::is_general(term));
    let weigh = |(at, (term, spoken)): (usize, (String, bool))| {
        let general = words::is_general(&term);
        let base = if specific && (general || !spoken) { 0.3 } else { 1.0 };
        Term { word: term, weight: base / (1.0 + 0.3 * at as f64), telling: spoken && !general }
    };
    terms.into_iter().enumerate().map(weigh).collect()
}

fn prose_before(message: &Message, at: usize) -> Option<String> {
    let head = Message::read(message.text.get(..at)?).prose();
    (!words::content(&head).is_empty()).then_some(head)
}

/// What the values are called, for messages such as "is a@b.co valid?".
fn nouns(message: &Message) -> Vec<&'static str> {
    let mut nouns = Vec::new();
    for datum in &message.data {
        let noun = match datum.kind {
            Kind::Email => Some("email"),
            Kind::Url => Some("url"),
            Kind::Date | Kind::DatePattern => Some("date"),
            Kind::Cron => Some("cron"),
            Kind::Version | Kind::Range => Some("version"),
            Kind::Uuid => Some("uuid"),
            Kind::Color => Some("color"),
            Kind::Ip => Some("ip"),
            Kind::Jwt => Some("jwt"),
            Kind::Phone => Some("phone"),
            Kind::File => Some("file"),
            Kind::Roman => Some("roman"),
            Kind::Duration => Some("duration"),
            Kind::Number if message.data.len() == 1 => Some("number"),
            Kind::Braced => Some("json"),
            Kind::Json => datum.text.starts_with('{').then_some("json"),
            Kind::Stdin | Kind::Fence(_) | Kind::Code => match datum.language().as_deref() {
                Some("csv") => Some("csv"),
                Some("json") => Some("json"),
                Some("yaml") => Some("yaml"),
                Some("html") => Some("html"),
                Some("xml") => Some("xml"),
                Some("sql") => Some("sql"),
                Some("markdown") => Some("markdown"),
                Some("diff") => Some("diff"),
                _ => None,
            },
            _ => None,
        };
        nouns.extend(noun.filter(|noun| !nouns.contains(noun)));
    }
    nouns
}

/// The first search.
pub(super) fn first(message: &Message) -> String {
    if let Some(id) = message.tools.first() {
        return id.to_string();
    }
    let terms = terms(message);
    if math::expression(message).is_some() {
        let mut query = vec!["evaluate".to_owned(), "math".to_owned(), "expression".to_owned()];
        query.extend(terms.into_iter().filter(|t| !["evaluate", "math", "expression"].contains(&t.as_str())).take(2));
        return query.join(" ");
    }
    terms.into_iter().take(MOST).collect::<Vec<_>>().join(" ")
}

/// The second search, with fewer words, when the first found nothing that fits; `None` when it would be the same.
pub(super) fn second(message: &Message, first: &str) -> Option<String> {
    let terms = terms(message);
    let query = match terms.as_slice() {
        [one, two, ..] => format!("{one} {two}"),
        [one] => one.clone(),
        [] => return None,
    };
    if query != first {
        return Some(query);
    }
    terms.first().filter(|one| one.as_str() != first).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_has_the_words_of_the_request_and_not_its_data() {
        for (text, expected) in [
            ("Parse this CSV:\n```csv\na,b\n1,2\n```", "parse csv"),
            ("please parse it\n<stdin>\na,b\n1,2\n</stdin>", "parse csv"),
            ("Can you slugify \"Hello World\" for me?", "slugify"),
            ("slugify: Hello Wörld & more", "slugify"),
            ("is a@b.co a valid address?", "valid address email"),
            ("Explain the cron line 0 9 * * 1-5", "explain cron line"),
            ("what is the determinant of [[2,1],[1,3]]", "evaluate math expression determinant"),
            ("mathjs::evaluate {\"expr\": \"1+1\"}", "mathjs::evaluate"),
            ("convert {\"a\": 1} to YAML", "convert yaml json"),
            ("fetch https://example.com/a?b=c", "fetch url"),
            ("", ""),
        ] {
            assert_eq!(first(&Message::read(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_second_search_is_shorter_or_none() {
        let message = Message::read("convert markdown document to html page");
        assert_eq!(second(&message, &first(&message)).as_deref(), Some("convert markdown"));
        let message = Message::read("slugify");
        assert_eq!(second(&message, "slugify"), None);
    }
}
