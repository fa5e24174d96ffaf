//! What words mean, in several languages: the table `lexicon.txt`, and lexemes, by which it and messages are compared.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::OnceLock,
};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What a lexeme is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Word,
    Number,
    /// Any other sign.
    Sign,
}

/// A piece of prose: a word, a number or a sign.
#[derive(Debug, Clone)]
pub(super) struct Lexeme {
    pub form: Form,
    /// In lower case.
    pub key: String,
    pub span: Range<usize>,
}

/// Most lexemes of a phrase.
pub(super) const LONGEST: usize = 7;

/// The meanings of phrases.
pub(super) struct Lexicon {
    meanings: HashMap<String, Vec<&'static str>>,
    /// The words of operations, which are corrected when they are mistyped.
    verbs: Vec<&'static str>,
    /// Words and phrases of operations.
    operations: HashSet<String>,
    /// Words that stand in any phrase.
    known: HashSet<String>,
    /// The names of all meanings.
    names: HashSet<&'static str>,
    /// Phrases of scripts without blanks.
    unspaced: HashSet<&'static str>,
}

/// The table, read once.
pub(super) fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(|| Lexicon::read(include_str!("lexicon.txt")))
}

/// What a name stands for: a colour in figures, a sign, a month, a time zone, a form of dates, a day of every year.
pub(super) fn named(what: &str, name: &str) -> Option<&'static str> {
    let meanings = lexicon().meanings(&name.to_lowercase());
    meanings.iter().find_map(|meaning| meaning.strip_prefix(what)?.strip_prefix(':'))
}

/// A phrase as people type it who leave accents away.
fn unaccented(phrase: &str) -> String {
    phrase.nfd().filter(|c| !is_combining_mark(*c)).collect()
}

impl Lexicon {
    fn read(table: &'static str) -> Self {
        let (mut meanings, mut verbs) = (HashMap::<String, Vec<&'static str>>::new(), Vec::new());
        let (mut known, mut unspaced, mut operations) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut names = HashSet::new();
        let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
        for (name, phrases) in lines.filter_map(|line| line.split_once(" = ")) {
            let (name, corrected) = name.strip_prefix('*').map_or((name, false), |name| (name, true));
            names.insert(name);
            for phrase in phrases.split(',').map(str::trim) {
                if phrase.chars().all(is_unspaced) {
                    unspaced.insert(phrase);
                }
                let words = lexemes_of(phrase, &HashSet::new());
                if corrected && words.len() == 1 {
                    verbs.push(phrase);
                }
                known.extend(words.iter().map(|word| word.key.clone()));
                let key = words.iter().map(|word| word.key.as_str()).collect::<Vec<_>>().join(" ");
                if corrected {
                    operations.insert(key.clone());
                }
                let plain = unaccented(&key);
                // No meaning of a word may come from another that only looks alike: "año" and "ano".
                let forms = if key.is_ascii() || plain.chars().count() < 4 || !plain.is_ascii() {
                    vec![key]
                } else {
                    vec![key, plain]
                };
                for form in forms {
                    let of_phrase = meanings.entry(form).or_default();
                    if !of_phrase.contains(&name) {
                        of_phrase.push(name);
                    }
                }
            }
        }
        Self { meanings, verbs, operations, known, names, unspaced }
    }

    /// What a phrase may mean.
    pub(super) fn meanings(&self, key: &str) -> &[&'static str] {
        self.meanings.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether a meaning has words of its own; else its name is the word.
    pub(super) fn defines(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether a word asks for something to be done.
    pub(super) fn is_operation(&self, key: &str) -> bool {
        self.operations.contains(key)
    }

    /// Whether a word stands in the table, alone or in a phrase.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.known.contains(word)
    }

    /// The word of an operation that a mistyped one was meant to be: one slip, two in a long word, and only one such word.
    pub(super) fn corrected(&self, word: &str) -> Option<&'static str> {
        let length = word.chars().count();
        if length < 3 || self.knows(word) || !word.is_ascii() || !word.chars().any(char::is_alphabetic) {
            return None;
        }
        let figures = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let most = if length >= 8 { 2 } else { 1 };
        let mut best: Option<(usize, &'static str)> = None;
        for verb in &self.verbs {
            // A slip in a figure is another figure, and a short word is too like others.
            let short = || verb.len() == 4 && verb.ends_with(&word[word.len() - 1..]) && is_shuffled(word, verb);
            let alike = (verb.len() >= 5 || short())
                && verb.chars().next() == word.chars().next()
                && figures(verb) == figures(word);
            let slips = if alike { strsim::osa_distance(word, verb) } else { usize::MAX };
            if slips <= most && best.is_none_or(|(least, _)| slips < least) {
                best = Some((slips, verb));
            }
        }
        best.map(|(_, verb)| verb)
    }

    /// The lexemes of a text.
    pub(super) fn lexemes(&self, text: &str) -> Vec<Lexeme> {
        lexemes_of(text, &self.unspaced)
    }
}

/// Whether a short word has the letters of another in another order, or all but one: no other word is meant.
fn is_shuffled(word: &str, verb: &str) -> bool {
    word.len() <= verb.len() && word.chars().all(|c| word.matches(c).count() <= verb.matches(c).count())
}

/// Whether a letter belongs to a script that sets no blanks between words.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

fn lexemes_of(text: &str, unspaced: &HashSet<&'static str>) -> Vec<Lexeme> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (form, length) = if c.is_whitespace() || c == '\u{1}' {
            at += c.len_utf8();
            continue;
        } else if is_unspaced(c) {
            (Form::Word, unspaced_word(rest, unspaced))
        } else if c.is_ascii_digit() || number_begins(text, at) {
            (Form::Number, number_length(rest))
        } else if c.is_alphabetic() {
            (Form::Word, word_length(rest))
        } else {
            (Form::Sign, c.len_utf8())
        };
        let key = match &rest[..length] {
            "？" => "?".to_owned(),
            "！" => "!".to_owned(),
            "：" => ":".to_owned(),
            "，" | "、" => ",".to_owned(),
            "。" => ".".to_owned(),
            other => other.to_lowercase().replace('’', "'"),
        };
        found.push(Lexeme { form, key, span: at..at + length });
        at += length;
    }
    found
}

/// A sign that belongs to the number behind it: `-3` at a word's beginning, `.5`.
fn number_begins(text: &str, at: usize) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let before = text[..at].chars().next_back();
    let mut rest = text[at..].chars();
    match rest.next() {
        Some('-') => {
            let opens = before.is_none_or(|c| c.is_whitespace() || matches!(c, ',' | '(' | '[' | ':' | ';'));
            opens && digit(rest.next())
        }
        Some('.') => !before.is_some_and(char::is_alphanumeric) && digit(rest.next()),
        _ => false,
    }
}

/// Figures with a point in them; commas only where they set thousands apart.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if let Some(rest) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0b")) {
        let digits = rest.chars().take_while(char::is_ascii_hexdigit).count();
        if digits > 0 {
            return 2 + digits;
        }
    }
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = usize::from(matches!(bytes.first(), Some(b'-')));
    end += digits(end);
    let mut grouped = end;
    while bytes.get(grouped) == Some(&b',')
        && digits(grouped + 1) == 3
        && !matches!(bytes.get(grouped + 4), Some(b'.' | b',') if digits(grouped + 5) == 0)
    {
        grouped += 4;
    }
    // `1,200,3` is a list.
    if grouped > end && bytes.get(grouped) != Some(&b',') && end <= 4 {
        end = grouped;
    }
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    let exponent = matches!(bytes.get(end), Some(b'e' | b'E')) as usize;
    let signed = usize::from(exponent == 1 && matches!(bytes.get(end + 1), Some(b'-' | b'+')));
    if exponent == 1
        && digits(end + 1 + signed) > 0
        && !bytes.get(end + 1 + signed + digits(end + 1 + signed)).is_some_and(u8::is_ascii_alphabetic)
    {
        end += 1 + signed + digits(end + 1 + signed);
    }
    end.max(1)
}

fn word_length(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let joins = matches!(c, '\'' | '’' | '-' | '_')
            && next.is_some_and(|next| next.is_alphanumeric() && !is_unspaced(next));
        if !(c.is_alphanumeric() && !is_unspaced(c) || joins || c == '°') {
            break;
        }
        end = at + c.len_utf8();
        // French and Italian: `l'adresse` is two words.
        if matches!(c, '\'' | '’') && matches!(text[..at].to_lowercase().as_str(), "l" | "d" | "qu") {
            break;
        }
    }
    end.max(text.chars().next().map_or(1, char::len_utf8))
}

/// The longest phrase of the table, or the letters up to where one begins.
fn unspaced_word(text: &str, phrases: &HashSet<&'static str>) -> usize {
    const MOST: usize = 10;
    let run: Vec<usize> =
        text.char_indices().take_while(|(_, c)| is_unspaced(*c)).map(|(at, c)| at + c.len_utf8()).take(60).collect();
    let phrase = |from: usize| {
        let ends: Vec<usize> = run.iter().copied().filter(|end| *end > from).take(MOST).collect();
        ends.into_iter().rev().find(|end| phrases.contains(&text[from..*end]))
    };
    if let Some(end) = phrase(0) {
        return end;
    }
    run.iter().copied().find(|end| phrase(*end).is_some()).or(run.last().copied()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        lexicon().lexemes(text).into_iter().map(|lexeme| lexeme.key).collect()
    }

    #[test]
    fn prose_is_words_numbers_and_signs() {
        for (text, expected) in [
            ("MD5 of user_id", &["md5", "of", "user_id"] as &[&str]),
            ("2*(3.5+4)^2", &["2", "*", "(", "3.5", "+", "4", ")", "^", "2"]),
            ("1,000 and 1,2,3", &["1,000", "and", "1", ",", "2", ",", "3"]),
            ("10 -3", &["10", "-3"]),
            ("10-3", &["10", "-", "3"]),
            ("5km/h", &["5", "km", "/", "h"]),
            ("l'adresse d’un", &["l'", "adresse", "d'", "un"]),
            ("10マイルをキロに変換して", &["10", "マイル", "を", "キロ", "に変換して"]),
            ("21st 1e5 0xff", &["21", "st", "1e5", "0xff"]),
        ] {
            assert_eq!(keys(text), expected, "{text}");
        }
    }

    #[test]
    fn only_words_of_operations_are_corrected() {
        for (word, meant) in
            [("uppercse", "uppercase"), ("revrese", "reverse"), ("conver", "convert"), ("bas64", "base64")]
        {
            assert_eq!(lexicon().corrected(word), Some(meant));
        }
        for word in ["hello", "bob", "sha255", "world", "Berlin", "poem"] {
            assert_eq!(lexicon().corrected(word), None, "{word}");
        }
    }
}
