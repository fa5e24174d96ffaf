//! Whether a request asks for one recipe, and with which values.
//!
//! Every word has to be explained: by the recipe's meanings, as dress, or as data that a slot takes; every value has to be
//! used. What is left over makes it another request. Among recipes that explain a request whole, the one that needs the most
//! of its words is meant.

mod filling;
mod free_text;

use super::{
    lexicon::lexicon,
    message::{Kind, Message, Token, TokenKind, phrases},
    recipe::{Gives, Recipe, Say, recipes},
    slots::{self, Given, accept},
    step::{Source, Step},
};
use filling::Filling;
use std::{collections::HashSet, ops::Range};

/// Most words of a text that nothing sets apart.
const MOST_WORDS: usize = 12;
/// Tokens of a request that is looked at.
pub(super) const MOST_TOKENS: usize = 160;

/// What a piece of a request is to a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Needed(usize),
    Extra,
    /// Dress that may begin a text: an article.
    Article,
    Dress,
    /// Points at an earlier result or at what was piped in.
    Pointer,
    /// A value or a number.
    Value,
    /// Explained by nothing.
    Open,
    Pause,
}

#[derive(Debug, Clone)]
struct Part {
    role: Role,
    tokens: Range<usize>,
}

/// What the talk has come to, for requests that point back.
#[derive(Debug, Clone, Default)]
pub(super) struct Earlier {
    /// The answer before.
    pub result: Option<String>,
    /// The last step that led to it, with its slots.
    pub step: Option<Step>,
    /// The result of a step before in the same request.
    pub piped: bool,
}

/// What a request comes to.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Step(Box<Step>),
    /// A recipe is meant, and a slot of it has no value.
    Lacks(&'static Recipe, String),
}

impl Earlier {
    /// Whether what came before is a number in another base: "52" may be eighty-two then.
    pub(super) fn is_based(&self) -> bool {
        self.step.as_ref().is_some_and(|step| step.recipe.family == "base")
    }
}

impl Found {
    fn is_of(&self, tool: &str) -> bool {
        matches!(self, Self::Lacks(recipe, _) if recipe.tool == tool)
    }
}

/// The recipe that a request asks for.
pub(super) fn understand(message: &Message, tokens: &[Token], earlier: &Earlier) -> Option<Found> {
    if tokens.len() > MOST_TOKENS {
        return None;
    }
    let tail = tail(message, tokens);
    let forms: Vec<(&[Token], Option<Given>)> = match tail {
        Some((head, tail)) => vec![(&tokens[..head], Some(tail)), (tokens, None)],
        None => vec![(tokens, None)],
    };
    let forms: Vec<_> = forms.into_iter().map(|(tokens, tail)| (tokens, tail, Phrases::of(tokens))).collect();
    let mut best: Option<(usize, Step)> = None;
    let (mut lacks, mut rivals) = (None::<(usize, Found)>, 0);
    for recipe in recipes() {
        for say in &recipe.say {
            for (tokens, tail, phrases) in forms.iter().filter(|(_, _, phrases)| phrases.may_ask(say)) {
                match (Reading { message, tokens, tail: tail.as_ref(), earlier, recipe, say, phrases }).read() {
                    Some((score, Ok(step))) if best.as_ref().is_none_or(|(most, _)| score > *most) => {
                        best = Some((score, step));
                    }
                    Some((score, Err(slot))) if lacks.as_ref().is_none_or(|(most, _)| score > *most) => {
                        (lacks, rivals) = (Some((score, Found::Lacks(recipe, slot))), 0);
                    }
                    Some((score, Err(_)))
                        if lacks.as_ref().is_some_and(|(most, found)| score == *most && !found.is_of(&recipe.tool)) =>
                    {
                        rivals += 1;
                    }
                    _ => {}
                }
            }
        }
    }
    let step = best.map(|(_, step)| Found::Step(Box::new(step)));
    // Where several tools may be meant, none is.
    step.or(lacks.filter(|_| rivals == 0).map(|(_, lacks)| lacks))
}

/// What stands behind the first colon, as one value, and where the words before it end.
fn tail(message: &Message, tokens: &[Token]) -> Option<(usize, Given)> {
    let at = tokens.iter().position(|token| token.key == ":" && token.kind == TokenKind::Sign)?;
    let (before, behind) = (&tokens[..at], tokens.get(at + 1..)?);
    let (last, first) = (tokens.last()?, behind.first()?);
    let spaced = first.span.start > tokens[at].span.end || tokens[at].key.len() != 1;
    if before.is_empty() || !spaced {
        return None;
    }
    if let [only] = behind
        && let Some(datum) = message.datum(only)
    {
        return Some((at, Given { datum: datum.clone(), percent: false, earlier: false }));
    }
    // A block behind the words is what they are about.
    if behind
        .iter()
        .any(|token| message.datum(token).is_some_and(|datum| matches!(datum.kind, Kind::Stdin | Kind::Fence(_))))
    {
        return None;
    }
    let text = message.text.get(first.span.start..last.span.end)?;
    // The sentence ends with the message.
    let end = message.text.len() == message.text.trim_end().len() && last.span.end < message.text.len();
    let text = if end { message.text.get(first.span.start..)?.lines().next().unwrap_or(text) } else { text };
    Some((at, Given::new(Kind::Tail, text)))
}

/// The length of a phrase, what it may mean, and the word itself when it is one.
type Phrase<'a> = (usize, &'static [&'static str], Option<&'a str>);

/// The phrases of the lexicon that some tokens have, looked up once.
struct Phrases<'a> {
    /// By place, the longest first.
    at: Vec<Vec<Phrase<'a>>>,
    said: HashSet<&'a str>,
}

impl<'a> Phrases<'a> {
    fn of(tokens: &'a [Token]) -> Self {
        let mut said = HashSet::new();
        let of = |at: usize| {
            phrases(&tokens[at..]).filter_map(move |(length, _, meanings)| {
                let word = if length == 1 { Some(tokens[at].key.as_str()) } else { None };
                (!meanings.is_empty() || word.is_some()).then_some((length, meanings, word))
            })
        };
        let at: Vec<Vec<_>> = (0..tokens.len()).map(|at| of(at).collect()).collect();
        for (_, meanings, word) in at.iter().flatten() {
            said.extend(meanings.iter().copied().chain(*word));
        }
        Self { at, said }
    }

    /// Whether all that a way to ask needs is there at all.
    fn may_ask(&self, say: &Say) -> bool {
        say.needed.iter().all(|group| group.iter().any(|name| self.said.contains(name.as_str())))
    }
}

struct Reading<'a> {
    message: &'a Message,
    tokens: &'a [Token],
    tail: Option<&'a Given>,
    earlier: &'a Earlier,
    recipe: &'static Recipe,
    say: &'static Say,
    phrases: &'a Phrases<'a>,
}

impl Reading<'_> {
    /// How well the recipe fits with its step, or the slot that has no value; nothing when it is not meant.
    fn read(&self) -> Option<(usize, Result<Step, String>)> {
        let parts = self.parts()?;
        let opens = parts.iter().find(|part| matches!(part.role, Role::Needed(_)))?;
        if !self.recipe.opens.is_empty() && !self.means(opens.tokens.clone(), &self.recipe.opens) {
            return None;
        }
        if self.recipe.asks && !self.asks() {
            return None;
        }
        // Yes or no is the answer to a question for it, and to no other.
        if self.form().is_some_and(|yes_or_no| yes_or_no != (self.recipe.gives == Gives::Bool)) {
            return None;
        }
        // "What is a UUID?" asks for no new one.
        let generates = self.say.extra.iter().any(|name| name == "generate");
        let asks_what = self.tokens.first().is_some_and(|first| meanings(&first.key).any(|one| one == "-what"));
        if self.recipe.makes && generates && asks_what {
            return None;
        }
        let counted = |part: &Part| match part.role {
            Role::Needed(_) => 10 * part.tokens.len(),
            Role::Extra => part.tokens.len(),
            _ => 0,
        };
        let score: usize = parts.iter().map(counted).sum();
        let filling = |earlier_first: bool| Filling {
            reading: self,
            parts: &parts,
            used: vec![false; parts.len()],
            tail_used: false,
            earlier_first,
            pointed: false,
        };
        let mut first = filling(false);
        let mut filled = first.slots();
        if matches!(filled, Some(Err(_))) && self.earlier.result.is_some() {
            let mut second = filling(true);
            if let Some(Ok(slots)) = second.slots() {
                (first, filled) = (second, Some(Ok(slots)));
            }
        }
        let filling = first;
        match filled {
            Some(Ok((slots, sources))) => {
                let own = sources.iter().filter(|source| **source == Source::Request).count();
                let step = Step::new(self.recipe.clone(), slots, &sources);
                let told = if filling.tail_used { 50 } else { 0 };
                filling.all_used().then_some((score + told + 3 * own, Ok(step)))
            }
            Some(Err(slot)) => filling.all_used().then_some((score, Err(slot))),
            None => None,
        }
    }

    fn key(&self, range: Range<usize>) -> String {
        self.tokens[range].iter().map(|token| token.key.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn means(&self, range: Range<usize>, meaning: &str) -> bool {
        let key = self.key(range);
        key == meaning || meanings(&key).any(|one| one == meaning)
    }

    /// Whether it is a question or a check.
    fn asks(&self) -> bool {
        self.tokens.iter().any(|token| meanings(&token.key).any(|one| one == "-is" || one == "valid"))
    }

    /// Whether the request is a question that is answered by yes or no, where its first word tells.
    fn form(&self) -> Option<bool> {
        const YES_OR_NO: &[&str] = &["is", "are", "were", "does", "ist", "sind", "est", "es", "est-ce", "son"];
        let first = self.tokens.iter().find(|token| !token.is_pause() && token.key != "ist")?;
        let asks_what = meanings(&first.key).any(|one| one == "-what" || one == "how-many" || one == "how-much");
        (YES_OR_NO.contains(&first.key.as_str()) && !asks_what)
            .then_some(true)
            .or_else(|| asks_what.then_some(false).filter(|_| self.recipe.gives == Gives::Bool))
    }

    /// The request in pieces; nothing when the recipe's meanings are not all there.
    fn parts(&self) -> Option<Vec<Part>> {
        let mut parts: Vec<Part> = Vec::new();
        let (mut said, mut extras) = (vec![false; self.say.needed.len()], Vec::new());
        let mut at = 0;
        while at < self.tokens.len() {
            let part = self.part(at, &mut said, &mut extras);
            at = part.tokens.end;
            // What is glued to something that nothing explains is a piece of it.
            if part.role == Role::Open {
                let chunk = self.tokens[part.tokens.start].chunk;
                let mut from = part.tokens.start;
                while let Some(last) = parts.last().filter(|last| self.tokens[last.tokens.end - 1].chunk == chunk) {
                    if last.role == Role::Pause && !self.joins(last.tokens.start) {
                        break;
                    }
                    if let Role::Needed(group) = last.role {
                        said[group] = false;
                    }
                    from = last.tokens.start;
                    parts.pop();
                }
                while at < self.tokens.len()
                    && self.tokens[at].chunk == chunk
                    && (!self.tokens[at].is_pause() || self.joins(at))
                {
                    at += 1;
                }
                parts.push(Part { role: Role::Open, tokens: from..at });
            } else {
                parts.push(part);
            }
        }
        said.iter().all(|said| *said).then_some(parts)
    }

    /// Whether a sign stands inside of a word: `user:pass`, `a,b`.
    fn joins(&self, at: usize) -> bool {
        let chunk = self.tokens[at].chunk;
        let behind = self.tokens.get(at + 1).is_some_and(|next| next.chunk == chunk && !next.is_pause());
        behind && at > 0 && self.tokens[at - 1].chunk == chunk
    }

    fn part(&self, at: usize, said: &mut [bool], extras: &mut Vec<usize>) -> Part {
        let token = &self.tokens[at];
        // A currency before or behind a number, per cent behind it.
        let of_a_number = || meanings(&token.key).any(|one| matches!(one, "@%" | "money")) && self.by_a_number(at);
        let mut role = |phrase: &Phrase<'_>| Some((self.role(at, phrase, said, extras)?, phrase.0));
        let (role, length) = match token.kind {
            TokenKind::Datum(_) => (Role::Value, 1),
            kind => self.phrases.at[at].iter().find_map(&mut role).unwrap_or(match kind {
                TokenKind::Number => (Role::Value, 1),
                _ if of_a_number() => (Role::Dress, 1),
                _ if token.is_pause() => (Role::Pause, 1),
                _ => (Role::Open, 1),
            }),
        };
        Part { role, tokens: at..at + length }
    }

    /// What a phrase that begins here is; nothing when it says nothing of the recipe.
    fn role(&self, at: usize, phrase: &Phrase<'_>, said: &mut [bool], extras: &mut Vec<usize>) -> Option<Role> {
        let (length, all, own) = *phrase;
        let has = |name: &str| all.contains(&name);
        let is = |name: &String| has(name) || own == Some(name.as_str()) && !lexicon().defines(name);
        if let Some(group) = self.say.needed.iter().position(|group| group.iter().any(is)) {
            let again = std::mem::replace(&mut said[group], true);
            return Some(if again { Role::Extra } else { Role::Needed(group) });
        }
        // "Word by word" is no text.
        let new = |extra: &usize| self.say.extra[*extra] != "text" || !extras.contains(extra);
        if let Some(extra) = self.say.extra.iter().position(is).filter(new) {
            extras.push(extra);
            return Some(Role::Extra);
        }
        let named = |kind: &serde_json::Value| {
            kind.as_str().and_then(slots::names).is_some_and(|what| all.iter().any(|name| name.starts_with(what)))
        };
        let goes_on = at == 0 && self.earlier.result.is_some();
        let joins = || goes_on || !self.recipe.slots.is_empty() && self.between_values(at, length);
        match self.recipe.slots.values().any(named) {
            true => Some(Role::Value),
            _ if has("it") => Some(Role::Pointer),
            _ if has("-article") => Some(Role::Article),
            _ => (all.iter().any(|name| name.starts_with('-')) || has("and") && joins()).then_some(Role::Dress),
        }
    }

    fn by_a_number(&self, at: usize) -> bool {
        let is_number = |token: &Token| token.kind == TokenKind::Number;
        self.tokens.get(at + 1).is_some_and(is_number) || at > 0 && is_number(&self.tokens[at - 1])
    }

    /// "and" between two values.
    fn between_values(&self, at: usize, length: usize) -> bool {
        let value = |token: &Token| matches!(token.kind, TokenKind::Number | TokenKind::Datum(_));
        let named = |token: &Token| {
            accept("color", &Given::new(Kind::Words, &token.key)).is_some()
                || meanings(&token.key).any(|one| one.starts_with("zone:"))
        };
        let fits = |token: Option<&Token>| token.is_some_and(|token| value(token) || named(token));
        at > 0
            && fits(self.tokens[..at].iter().rev().find(|token| !token.is_pause() && token.key != "%"))
            && fits(self.tokens.get(at + length))
    }
}

/// Meanings of a phrase, that of the word which it was meant to be counted in.
fn meanings(key: &str) -> impl Iterator<Item = &'static str> {
    lexicon().meanings(key).iter().copied()
}
