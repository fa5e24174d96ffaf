//! Values that are words without quotes: a text behind its verb, the items of a list, one thing written in several words.

use super::{MOST_WORDS, Part, Role, filling::Filling, meanings};
use crate::model::offline::{
    lexicon::lexicon,
    message::{Kind, Token, TokenKind},
    slots::{Given, accept},
};
use serde_json::Value;
use std::ops::Range;

impl Filling<'_> {
    /// The words that nothing sets apart, as one text, when they surely are one.
    pub(super) fn words(&mut self) -> Option<String> {
        let opens: Vec<usize> =
            (0..self.parts.len()).filter(|at| self.is_free(*at) && self.parts[*at].role == Role::Open).collect();
        // "Can you make QR codes?" asks what can be done.
        let asks = self.reading.key(0..self.reading.tokens.len().min(2));
        if meanings(&asks).any(|one| one == "%can-you") {
            return None;
        }
        let (mut from, mut to) = (self.text_begins(*opens.first()?)?, *opens.last()?);
        while from > 0 && self.is_free(from - 1) && !self.is_set_apart(from - 1) {
            from -= 1;
        }
        while to + 1 < self.parts.len() && self.is_free(to + 1) && !self.is_set_apart(to + 1) {
            to += 1;
        }
        let inside = from..=to;
        if inside
            .clone()
            .any(|at| self.used[at] || matches!(self.parts[at].role, Role::Needed(_)) || self.is_set_apart(at))
        {
            return None;
        }
        let asked_before = self.parts[..from].iter().any(|part| matches!(part.role, Role::Needed(_)));
        if !self.may_follow(&self.parts[to + 1..], asked_before) {
            return None;
        }
        // "The opposite of uppercase" is no text to be written so.
        let of = self
            .parts
            .get(to + 1)
            .is_some_and(|next| matches!(self.reading.key(next.tokens.clone()).as_str(), "of" | "von" | "de"));
        if of && !asked_before {
            return None;
        }
        let tokens = self.parts[from].tokens.start..self.parts[to].tokens.end;
        let mut text = self.reading.message.written(&self.reading.tokens[tokens.clone()]).to_owned();
        // A sentence hardly ends with these, and an entity does.
        let behind = self.reading.message.text.get(self.reading.tokens[tokens.end - 1].span.end..).unwrap_or_default();
        text.extend(behind.chars().next().filter(|c| matches!(c, ';' | '!')));
        // Before what is asked, several words may hold a verb that nothing explains.
        let alone = self.parts[..from].iter().any(|part| matches!(part.role, Role::Needed(_) | Role::Extra))
            || !text.contains(' ');
        // "Sha256 instead", said of what came before, names no text.
        let small =
            self.has_earlier() && !text.contains(|c: char| c.is_whitespace() || c.is_uppercase() || c.is_ascii_digit());
        let introduced = from > 0 && self.is_dress(&self.parts[from - 1], &["-link"]);
        if !alone || small && !introduced || !self.is_a_text(tokens, &text) {
            return None;
        }
        for at in inside {
            self.used[at] = true;
        }
        Some(text)
    }

    pub(super) fn is_set_apart(&self, at: usize) -> bool {
        let first = &self.reading.tokens[self.parts[at].tokens.start];
        self.reading
            .message
            .datum(first)
            .is_some_and(|datum| datum.is_text() || matches!(datum.kind, Kind::Json | Kind::Braced))
    }

    /// Where a text begins whose first word that nothing explains is here. Dress before that word may belong to it: an article
    /// does, and what else stands between the operation and the word leaves it open.
    fn text_begins(&self, first: usize) -> Option<usize> {
        let asks = |at: &usize| self.used[*at] || matches!(self.parts[*at].role, Role::Needed(_) | Role::Extra);
        let operation = (0..first).rev().find(asks);
        let Some(operation) = operation else { return Some(first) };
        let links = |part: &Part| part.role == Role::Dress && self.is_dress(part, &["-link", "-is"]);
        let from = (operation + 1..first).find(|at| !links(&self.parts[*at])).unwrap_or(first);
        let between = &self.parts[from..first];
        let belongs = |part: &Part| {
            part.role == Role::Article
                || part.role == Role::Value
                || part.role == Role::Dress && self.is_dress(part, &["-soft", "-link"])
        };
        match between.iter().all(|part| part.role == Role::Pause) {
            true => Some(first),
            false => between.iter().all(belongs).then_some(from),
        }
    }

    fn is_dress(&self, part: &Part, names: &[&str]) -> bool {
        meanings(&self.reading.key(part.tokens.clone())).any(|one| names.contains(&one))
    }

    /// What may stand behind a text: manners, and what the recipe is asked by. Anything else may belong to the text.
    fn may_follow(&self, parts: &[Part], asked_before: bool) -> bool {
        let (mut operation, mut open) = (false, false);
        for part in parts {
            match part.role {
                // Behind what was asked, "title" is a word of the text.
                Role::Needed(_) | Role::Extra if asked_before && !open && !operation => return false,
                Role::Needed(_) | Role::Extra => operation = true,
                Role::Pause => {}
                Role::Dress if operation || self.is_dress(part, &["-please", "-ask", "%particle"]) => {}
                Role::Dress if self.is_dress(part, &["-link"]) => open = true,
                Role::Article => open = true,
                Role::Dress | Role::Pointer | Role::Value | Role::Open => return false,
            }
        }
        !open || operation
    }

    /// Whether unquoted words are a text, and not words about one.
    pub(super) fn is_a_text(&self, tokens: Range<usize>, text: &str) -> bool {
        let words: Vec<&Token> =
            self.reading.tokens[tokens.clone()].iter().filter(|token| token.kind == TokenKind::Word).collect();
        let headline = words.len() > 1
            && text.split_whitespace().all(|word| word.chars().count() < 4 || !word.starts_with(char::is_lowercase))
            && text.starts_with(char::is_uppercase);
        let structure = |token: &&Token| {
            meanings(&token.key).any(|one| one == "%structure") || token.key.ends_with("'s") && words.len() > 1
        };
        let operation = |at: usize| {
            let key = &self.reading.tokens[at].key;
            lexicon().is_operation(key)
        };
        let clean = headline || !(words.iter().any(structure) || tokens.clone().any(operation));
        // "The alphabet" is a thing by its name.
        let named = words.first().is_some_and(|word| meanings(&word.key).any(|one| one == "-article"))
            && words.len() <= 3
            && text.contains(' ')
            && !headline;
        // "hsh of abc" is a slip.
        let slips = words.len() > 2 && words[1].key == "of" && !headline;
        clean
            && !slips
            && !named
            && words.len() <= MOST_WORDS
            && words.first().is_none_or(|word| !matches!(word.key.as_str(), "this" | "that" | "something" | "some"))
    }

    /// Words that commas set apart, from behind the words that ask up to the end.
    pub(super) fn items(&mut self) -> Option<Value> {
        let opens = (0..self.parts.len()).find(|at| self.is_free(*at))?;
        let asks = |part: &Part| {
            matches!(part.role, Role::Needed(_) | Role::Extra | Role::Pointer)
                || part.role == Role::Dress && self.is_dress(part, &["-link", "-please"])
        };
        let from = (0..opens).rev().find(|at| asks(&self.parts[*at])).map_or(opens, |at| at + 1);
        let rest = &self.parts[from..];
        let plain = |part: &Part| matches!(part.role, Role::Open | Role::Article | Role::Pause);
        let tokens = rest.first()?.tokens.start..rest.last()?.tokens.end;
        let operation = |at: usize| lexicon().is_operation(&self.reading.tokens[at].key);
        // "Order pizza, pasta, wine" asks for no order.
        let describes = |part: &Part| matches!(part.role, Role::Needed(_)) && self.is_dress(part, &["%describes"]);
        if !rest.iter().all(plain) || tokens.clone().any(operation) || self.parts.iter().any(describes) {
            return None;
        }
        let text = self.reading.message.written(&self.reading.tokens[tokens]).trim_end_matches(['.', '?', '!']);
        let value = accept("lines", &Given::new(Kind::Words, text))?;
        self.used[from..].fill(true);
        Some(value)
    }

    /// Words and figures side by side, as one value of the kind.
    pub(super) fn run(&mut self, kind: &str) -> Option<Value> {
        let opens: Vec<usize> =
            (0..self.parts.len()).filter(|at| self.is_free(*at) && !self.is_set_apart(*at)).collect();
        let (from, to) = (*opens.first()?, *opens.last()?);
        let solid = (from..=to)
            .all(|at| self.is_free(at) || matches!(self.parts[at].role, Role::Article | Role::Dress | Role::Pause));
        let tokens = self.parts[from].tokens.start..self.parts[to].tokens.end;
        let text = self.reading.message.written(&self.reading.tokens[tokens]);
        let value = accept(kind, &Given::new(Kind::Words, text)).filter(|_| solid)?;
        for at in from..=to {
            self.used[at] = true;
        }
        Some(value)
    }
}
