//! What is left of a sentence when the request is taken off it: "slugify Hello World" leaves "Hello World".

use super::{message::Message, role::Property, words};

/// The free text of a message: what stands after a colon, or the sentence without the words in front that only ask for
/// the tool.
pub(super) fn of(message: &Message, about: &str, properties: &[Property<'_>]) -> Option<String> {
    if let Some(text) = message.after_colon() {
        return Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    // Examples in a description are data too.
    let about: String = about.split('`').step_by(2).collect();
    let mut about: Vec<String> = words::split(&about).iter().map(|word| words::canonical(word)).collect();
    about.extend(properties.iter().flat_map(|p| &p.words).map(|word| words::canonical(word)));
    let mut rest = message.text.trim();
    while let Some(word) = rest.split_whitespace().next() {
        let bare: Vec<String> = words::split(word);
        let asks = bare.iter().all(|word| {
            words::is_filler(word) || words::opens_request(word) || about.contains(&words::canonical(word))
        });
        // A capital inside the sentence begins a name or a title.
        let is_first = rest.len() == message.text.trim().len();
        let speaks_of_tool = bare.iter().all(|word| about.contains(&words::canonical(word)));
        let is_name = !is_first && word.starts_with(char::is_uppercase) && !speaks_of_tool;
        if !asks || is_name {
            break;
        }
        rest = rest[word.len()..].trim_start();
    }
    let mut rest = rest.trim_end_matches(['?', ' ', '\n', ',']);
    // And off the end: "omega with sha512", "DE89... a valid IBAN".
    while let Some((front, word)) = rest.rsplit_once(' ') {
        let bare = words::split(word);
        if !bare.iter().all(|word| words::is_filler(word) || about.contains(&words::canonical(word))) {
            break;
        }
        rest = front.trim_end_matches([' ', ',']);
    }
    (rest.chars().any(char::is_alphanumeric) && rest.len() < message.text.trim().len()).then(|| rest.to_owned())
}

/// A question as it would be typed into a search box: without "search the web for" in front.
pub(super) fn question(message: &Message) -> Option<String> {
    if let Some(quoted) = message.data.iter().find(|datum| datum.is_text()) {
        return Some(quoted.text.clone());
    }
    let text = message.text.trim();
    let lower = text.to_lowercase();
    let heads = ["search", "find", "look up", "google", "research"];
    let asks = heads.iter().any(|head| lower.starts_with(head));
    let cut = [" for ", " about "].iter().filter_map(|word| text.find(word).map(|at| at + word.len())).min();
    let rest = match cut {
        Some(at) if asks => &text[at..],
        _ => text,
    };
    let rest = rest.trim().trim_end_matches(['?', '.', '!']);
    (!rest.is_empty()).then(|| rest.to_owned())
}

/// The words of a list in prose: "which of apple, apply and angle is ..." gives the three.
pub(super) fn listed(message: &Message) -> Option<Vec<String>> {
    let prose = message.prose();
    let (_, tail) = [" of ", " between ", " from ", " among "].iter().find_map(|word| prose.split_once(word))?;
    let end = [" is ", " are ", "?", "\u{1}", " to ", " by "].iter().filter_map(|mark| tail.find(mark)).min();
    let list = &tail[..end.unwrap_or(tail.len())];
    if !list.contains(',') {
        return None;
    }
    let items: Vec<String> = list
        .replace(" and ", ",")
        .replace(" or ", ",")
        .split(',')
        .map(|item| item.trim().to_owned())
        .filter(|item| !item.is_empty())
        .collect();
    (items.len() > 1 && items.iter().all(|item| item.split(' ').count() <= 3)).then_some(items)
}

/// A rest that names exactly so many things: "kitten and sitting", "a, b and c", "old vs new".
pub(super) fn parts(text: &str, count: usize) -> Option<Vec<String>> {
    let mut parts = vec![text.to_owned()];
    for separator in [" versus ", " vs. ", " vs ", " and ", " with ", " to ", ", ", "; "] {
        let split: Vec<String> =
            parts.iter().flat_map(|part| part.split(separator)).map(|part| part.trim().to_owned()).collect();
        if split.len() == count && split.iter().all(|part| !part.is_empty()) {
            return Some(split);
        }
        if split.len() < count {
            parts = split;
        }
    }
    None
}

/// The word after the preposition that a property is named by: "to German" for `to`, `target` or `targetLanguage`.
pub(super) fn after_preposition(message: &Message, name: &[String]) -> Option<String> {
    let first = name.first()?.as_str();
    let prepositions: &[&str] = match first {
        "to" | "target" | "into" | "output" => &["to", "into", "in"],
        "from" | "source" => &["from"],
        "in" => &["in"],
        _ => return None,
    };
    let prose = message.prose();
    let tokens: Vec<&str> = prose.split_whitespace().collect();
    // The number's unit is where a conversion starts ("5 miles to km").
    if first == "from" && !tokens.iter().any(|word| word.eq_ignore_ascii_case("from")) {
        let number = message.data.iter().find(|datum| datum.kind == super::message::Kind::Number)?;
        return message.after(number);
    }
    let at = tokens.iter().rposition(|word| prepositions.contains(&word.to_lowercase().as_str()))?;
    let word = tokens.get(at + 1)?.trim_matches(|c: char| !c.is_alphanumeric());
    (!word.is_empty() && !words::is_filler(&word.to_lowercase())).then(|| word.to_owned())
}
