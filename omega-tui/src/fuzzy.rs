//! How well what is typed fits a text: its words in any order, each as letters that follow one another.
//!
//! Letters in one piece count for more than scattered ones, and the beginning of a word for more than its middle; a text that
//! lacks a letter does not fit at all. Upper and lower case are the same.

/// The score of a text, higher is better; `None` when it does not fit. What is empty fits everything alike.
pub fn score(typed: &str, text: &str) -> Option<u32> {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    typed.split_whitespace().map(|word| of_word(word, &text)).sum()
}

fn of_word(word: &str, text: &[char]) -> Option<u32> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let whole = text.windows(word.len().max(1)).position(|piece| piece == word);
    if let Some(at) = whole {
        // A whole piece is better than any scattered letters, and the earlier the better.
        let bonus = if begins_word(text, at) { 500 } else { 0 };
        return Some(1_000 + bonus + 100_u32.saturating_sub(u32::try_from(at).unwrap_or(100)));
    }
    let (mut sum, mut from, mut last) = (0, 0, None);
    for letter in &word {
        let at = from + text.get(from..)?.iter().position(|c| c == letter)?;
        sum += match last {
            Some(last) if last + 1 == at => 12,
            _ if begins_word(text, at) => 10,
            _ => 1,
        };
        (last, from) = (Some(at), at + 1);
    }
    // Letters that are scattered over a whole sentence are an accident.
    (sum >= 3 * u32::try_from(word.len()).unwrap_or(u32::MAX)).then_some(sum)
}

fn begins_word(text: &[char], at: usize) -> bool {
    at == 0 || text.get(at - 1).is_some_and(|before| !before.is_alphanumeric())
}

/// Those that fit, the best first; equally good ones stay in their order.
pub fn best<T>(typed: &str, all: impl IntoIterator<Item = T>, text: impl Fn(&T) -> String) -> Vec<T> {
    let scored = all.into_iter().filter_map(|it| Some((score(typed, &text(&it))?, it)));
    let mut scored: Vec<(u32, T)> = scored.collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, it)| it).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first_and_what_does_not_fit_not_at_all() {
        let names = ["open settings", "set model", "settle", "new conversation", "stop"];
        assert_eq!(best("set", names, |it| (*it).to_owned()), ["set model", "settle", "open settings"]);
        assert_eq!(best("mod set", names, |it| (*it).to_owned()), ["set model"]);
        assert_eq!(best("nc", names, |it| (*it).to_owned()), ["new conversation"]);
        assert_eq!(best("", names, |it| (*it).to_owned()), names);
        assert_eq!(best("xyz", names, |it| (*it).to_owned()), [""; 0]);
        assert_eq!(score("ÄB", "xäb"), score("äb", "xÄB"));
    }
}
