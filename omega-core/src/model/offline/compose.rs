//! From a message to a plan: one step, several one after the other, or the same done in several ways.
//!
//! A request of several steps is understood whole or not at all. What follows "then", "and" or a comma goes on with the
//! result before it.

use super::{
    data,
    lexicon::lexicon,
    math,
    message::{Datum, Kind, Message, Token, TokenKind, phrases},
    recipe::{Gives, Recipe, named},
    slots::{Given, accept},
    step::Step,
    understand::{Earlier, Found, MOST_TOKENS, understand},
};
use serde_json::{Map, json};

/// Steps of a plan, at most.
const MOST_STEPS: usize = 6;

/// What is to be done.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub steps: Vec<Step>,
    /// The steps do not go on with one another: each gives a part of the answer.
    pub joint: bool,
}

/// What is known of the talk before a message.
#[derive(Debug, Clone, Default)]
pub(super) struct Talk {
    pub result: Option<String>,
    pub plan: Option<Plan>,
    /// What was piped in or fenced last.
    pub block: Option<Datum>,
}

impl Talk {
    fn earlier(&self) -> Earlier {
        let step = self.plan.as_ref().and_then(|plan| plan.steps.last().cloned());
        Earlier { result: self.result.clone(), step, piped: false }
    }
}

/// The plan for a message; mistyped words of operations are corrected when nothing else helps.
pub(super) fn plan(message: &Message, talk: &Talk) -> Option<Plan> {
    if message.tokens.len() > MOST_TOKENS || message.tokens.is_empty() {
        return None;
    }
    let plan = |tokens: &[Token]| {
        let tokens = strip_end(tokens);
        let composer = Composer { message, talk };
        composer.chain(tokens, &talk.earlier(), MOST_STEPS).or_else(|| composer.follow_up(tokens))
    };
    // "Hi, what is 2+2?"
    let greets = message.tokens.len() > 2 && lexicon().meanings(&message.tokens[0].key).contains(&"!hello");
    let greeted = || {
        let rest = strip_separators(message.tokens.get(1..).filter(|_| greets)?);
        // "Hello World" is a text.
        let apart = rest.len() + 1 < message.tokens.len();
        let goes_on = rest
            .first()
            .is_some_and(|first| first.kind != TokenKind::Word || !lexicon().meanings(&first.key).is_empty());
        if apart || goes_on { plan(rest) } else { None }
    };
    plan(&message.tokens).or_else(greeted).or_else(|| {
        let mistyped =
            |token: &Token| if token.kind == TokenKind::Word { lexicon().corrected(&token.key) } else { None };
        let corrected: Vec<(usize, &str)> =
            message.tokens.iter().enumerate().filter_map(|(at, token)| Some((at, mistyped(token)?))).take(3).collect();
        let with = |slips: &[(usize, &str)]| {
            let mut tokens = message.tokens.clone();
            for (at, verb) in slips {
                (*verb).clone_into(&mut tokens[*at].key);
            }
            plan(&tokens)
        };
        corrected.iter().find_map(|slip| with(&[*slip])).or_else(|| with(&corrected).filter(|_| corrected.len() > 1))
    })
}

/// What a recipe that was meant still needs.
pub(super) fn lacking(message: &Message, talk: &Talk) -> Option<(&'static Recipe, String)> {
    // "What is a slug?" asks for no slug, nor does "what is base64?" for Base64.
    let said = message.tokens.iter().filter(|token| !token.is_pause()).count();
    let defines = |(length, _, all): (usize, _, &[&str])| {
        all.contains(&"%what-is-a") || all.contains(&"-what") && length + 1 == said
    };
    match understand(message, &message.tokens, &talk.earlier()).filter(|_| !phrases(&message.tokens).any(defines))? {
        Found::Lacks(recipe, slot) => Some((recipe, slot)),
        Found::Step(_) => None,
    }
}

struct Composer<'a> {
    message: &'a Message,
    talk: &'a Talk,
}

impl Composer<'_> {
    /// One step, or the first of several with those that go on with it.
    fn chain(&self, tokens: &[Token], earlier: &Earlier, most: usize) -> Option<Plan> {
        if tokens.is_empty() || most == 0 {
            return None;
        }
        if let Some(steps) = self.single(tokens, earlier) {
            return Some(Plan { steps, joint: false });
        }
        if let Some(steps) = self.several(tokens, earlier).or_else(|| self.angles(tokens, earlier)) {
            return Some(Plan { steps, joint: true });
        }
        self.split(tokens, earlier, most).or_else(|| self.joint(tokens, earlier))
    }

    fn single(&self, tokens: &[Token], earlier: &Earlier) -> Option<Vec<Step>> {
        let fits = |step: &Step| !earlier.piped || step.piped.is_some();
        if let Some(Found::Step(step)) = understand(self.message, tokens, earlier)
            && fits(&step)
        {
            return Some(vec![*step]);
        }
        if earlier.piped {
            if let Some(step) = data::piped(self.message, tokens, earlier) {
                return Some(vec![step]);
            }
        } else if let Some(steps) = data::steps(self.message, tokens, earlier, self.talk.block.as_ref()) {
            return Some(steps);
        }
        if let Some(expression) = math::expression(self.message, tokens, earlier) {
            let step = computed(&expression);
            return fits(&step).then(|| vec![step]);
        }
        if earlier.piped { None } else { self.with_arithmetic(tokens) }
    }

    /// "5 UUIDs": what is made without any input, so many times.
    fn several(&self, tokens: &[Token], earlier: &Earlier) -> Option<Vec<Step>> {
        let (at, count) = self.message.count(tokens).filter(|(at, _)| at + 1 < tokens.len() && !earlier.piped)?;
        let rest: Vec<Token> = tokens[..at].iter().chain(&tokens[at + 1..]).cloned().collect();
        match understand(self.message, &rest, &Earlier::default())? {
            Found::Step(step) if step.slots.is_empty() && step.recipe.is_generated() => Some(vec![*step; count]),
            _ => None,
        }
    }

    /// An angle in figures alone is read in both ways.
    fn angles(&self, tokens: &[Token], earlier: &Earlier) -> Option<Vec<Step>> {
        let read = |name: &str, unit: &str| {
            let mut step = computed(&math::of_angle(self.message, tokens, earlier, unit)?);
            name.clone_into(&mut step.recipe.id);
            Some(step)
        };
        Some(vec![read("in degrees", "deg")?, read("in radians", "rad")?])
    }

    /// Arithmetic as a value of something else: "12*37 in Roman numerals".
    fn with_arithmetic(&self, tokens: &[Token]) -> Option<Vec<Step>> {
        let is_part = |token: &Token| {
            let sign = token.kind == TokenKind::Sign && "+-*/^()×÷·".contains(token.key.as_str());
            token.kind == TokenKind::Number || sign
        };
        let from = tokens.iter().position(is_part)?;
        let length = tokens[from..].iter().take_while(|token| is_part(token)).count();
        let whole = tokens
            .get(from + length)
            .is_none_or(|next| next.chunk != tokens[from + length - 1].chunk || next.is_pause());
        let expression = math::expression(self.message, &tokens[from..from + length], &Earlier::default())
            .filter(|_| length >= 3 && whole)?;
        let mut rest: Vec<Token> = tokens[..from].to_vec();
        rest.push(Token { kind: TokenKind::Word, key: "it".into(), ..tokens[from].clone() });
        rest.extend(tokens[from + length..].iter().cloned());
        let piped = Earlier { result: None, step: None, piped: true };
        match understand(self.message, &rest, &piped)? {
            Found::Step(step) if step.piped.is_some() => Some(vec![computed(&expression), *step]),
            _ => None,
        }
    }

    fn split(&self, tokens: &[Token], earlier: &Earlier, most: usize) -> Option<Plan> {
        // What was piped in stands behind all steps and belongs to the first.
        let piped_in = |token: &&Token| {
            self.message.datum(token).is_some_and(|datum| matches!(datum.kind, Kind::Stdin | Kind::Fence(_)))
        };
        let block = tokens.last().filter(piped_in);
        let end = tokens.len() - usize::from(block.is_some());
        (1..end).find_map(|at| {
            let length = separator(&tokens[at..])?;
            let tail = tokens.get(at + length..end)?;
            let head: Vec<Token> = tokens[..at].iter().chain(block).cloned().collect();
            let mut steps = self.single(&head, earlier)?;
            let piped = Earlier { result: None, step: steps.last().cloned(), piped: true };
            let tail = strip_separators(tail);
            let rest = self.chain(tail, &piped, most - 1).filter(|rest| !rest.joint)?;
            steps.extend(rest.steps);
            Some(Plan { steps, joint: false })
        })
    }

    /// "median and mean of 1, 2, 6": the same input, given to several recipes of one family.
    fn joint(&self, tokens: &[Token], earlier: &Earlier) -> Option<Plan> {
        if earlier.piped {
            return None;
        }
        let asks = |token: &Token| lexicon().is_operation(&token.key);
        let at = (1..tokens.len())
            .find(|at| separator(&tokens[*at..]).is_some() || asks(&tokens[at - 1]) && asks(&tokens[*at]))?;
        if phrases(&tokens[at..]).any(|(_, _, all)| all.contains(&"then")) {
            return None;
        }
        let head = &tokens[..at];
        let rest = strip_separators(&tokens[at..]);
        let rest_plan = self.chain(rest, earlier, 2).filter(|plan| plan.joint || plan.steps.len() == 1)?;
        let family = &rest_plan.steps.first()?.recipe.family;
        if family.is_empty() {
            return None;
        }
        let first = (1..rest.len()).find_map(|from| {
            let mut all = head.to_vec();
            all.extend(rest[from..].iter().cloned());
            match understand(self.message, &all, earlier)? {
                Found::Step(step)
                    if step.recipe.family == *family && !step.borrowed && step.slots == rest_plan.steps[0].slots =>
                {
                    Some(*step)
                }
                _ => None,
            }
        })?;
        let mut steps = vec![first];
        steps.extend(rest_plan.steps);
        let mut ids: Vec<&str> = steps.iter().map(|step| step.recipe.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        (ids.len() == steps.len() && steps.len() <= MOST_STEPS).then_some(Plan { steps, joint: true })
    }

    /// The last plan again, with another value, or taken back.
    fn follow_up(&self, tokens: &[Token]) -> Option<Plan> {
        let last = self.talk.plan.as_ref()?;
        let step = last.steps.last()?;
        let said = said(self.message, tokens);
        let only = |names: &str| {
            let known = |one: &&str| names.split(' ').any(|name| name == *one);
            said.unexplained == 0 && said.values.is_empty() && said.meanings.iter().all(known)
        };
        if said.meanings.contains(&"again")
            && only("again it convert text number password uuid generate encode decode round")
            && said.meanings.iter().all(|one| ["again", "it"].contains(one) || step.recipe.id.contains(one))
        {
            return Some(last.clone());
        }
        let more = said.values.iter().all(|(given, unit)| unit.is_none() && given.datum.kind == Kind::Number);
        if let Some((_, count)) = self.message.count(tokens).filter(|_| more && step.recipe.is_generated())
            && said.meanings.contains(&"again")
            && said.unexplained == 0
            && said.values.len() <= 1
        {
            return Some(Plan { steps: vec![step.clone(); count], joint: true });
        }
        let undoes = said.meanings.iter().any(|one| matches!(*one, "back" | "decode" | "unescape"))
            && only("back decode unescape again it convert text number and");
        if undoes && !(said.meanings.contains(&"decode") && step.recipe.family != "encode") {
            let undo = named(&step.recipe.undo)?;
            let (name, kind) = undo.slots.iter().next()?;
            let value = accept(kind.as_str()?, &Given::result(self.talk.result.as_ref()?))?;
            let step = Step {
                recipe: undo.clone(),
                slots: Map::from_iter([(name.clone(), value)]),
                piped: None,
                borrowed: true,
            };
            return Some(Plan { steps: vec![step], joint: false });
        }
        self.with_another_value(last, tokens, &said)
    }

    fn with_another_value(&self, last: &Plan, tokens: &[Token], said: &Said) -> Option<Plan> {
        // A number alone is another value for the same.
        let alone = said.meanings.is_empty()
            && matches!(said.values.as_slice(), [(only, _)] if only.datum.kind == Kind::Number);
        // "Divided by 5" is no other value.
        let works = |name: &&str| matches!(*name, "@/" | "@*" | "@-" | "@^" | "@mod" | "@^2" | "@^3");
        if (0..tokens.len()).any(|at| phrases(&tokens[at..]).any(|(_, _, all)| all.iter().any(works))) {
            return None;
        }
        let goes_on = alone
            || tokens.first().is_some_and(|first| lexicon().meanings(&first.key).contains(&"@of"))
            || said.meanings.iter().any(|one| matches!(*one, "and" | "same"));
        if !goes_on
            || last.joint
            || said.values.is_empty()
            || !said.meanings.iter().all(|one| matches!(*one, "and" | "same" | "it" | "text" | "number" | "from"))
        {
            return None;
        }
        let mut plan = last.clone();
        let first = plan.steps.first_mut()?;
        if first.recipe.id == "expression" {
            let expression = first.recipe.input["expression"].as_str()?.to_owned();
            let [(only, unit)] = said.values.as_slice() else { return None };
            if let Some(other) = math::with_another(&expression, only).filter(|_| unit.is_none()) {
                *first = computed(&other);
                return (said.unexplained == 0).then_some(plan);
            }
            let number = accept("number", only)?;
            let (quantity, to) = expression.split_once(" to ")?;
            let (_, from) =
                quantity.split_once(' ').filter(|(_, unit)| !unit.contains(['+', '(']) || unit.starts_with('('))?;
            let same = unit.as_ref().is_none_or(|unit| unit == from);
            *first = computed(&format!("{number} {from} to {to}"));
            return (same && said.unexplained == 0).then_some(plan);
        }
        if said.values.iter().any(|(_, unit)| unit.is_some()) {
            return None;
        }
        let values: Vec<&Given> = said.values.iter().map(|(given, _)| given).collect();
        let kinds = first.recipe.slots.clone();
        if let (1, Some((name, kind))) = (kinds.len(), kinds.iter().next())
            && kind == "numbers"
        {
            let numbers: Option<Vec<_>> = values.iter().map(|given| accept("number", given)).collect();
            let list = numbers.filter(|numbers| numbers.len() > 1).map(|numbers| json!(numbers));
            first.slots.insert(name.clone(), list.or_else(|| accept("numbers", values[0]))?);
            return Some(plan);
        }
        let [value] = values.as_slice() else { return None };
        let fitting: Vec<_> =
            kinds.iter().filter_map(|(name, kind)| Some((name, accept(kind.as_str()?, value)?))).collect();
        let [(name, value)] = fitting.as_slice() else { return None };
        first.slots.insert((*name).clone(), value.clone());
        (said.unexplained == 0).then_some(plan)
    }
}

/// What a follow-up says.
struct Said {
    meanings: Vec<&'static str>,
    /// Values, with the unit behind a number.
    values: Vec<(Given, Option<String>)>,
    unexplained: usize,
}

fn said(message: &Message, tokens: &[Token]) -> Said {
    let mut said = Said { meanings: Vec::new(), values: Vec::new(), unexplained: 0 };
    let mut at = 0;
    let mut words: Vec<Token> = Vec::new();
    while at < tokens.len() {
        let token = &tokens[at];
        if let Some(given) = Given::at(message, tokens, at) {
            said.values.push((given, None));
            at += 1;
            continue;
        }
        let found = phrases(&tokens[at..]).find_map(|(length, _, all)| {
            let describes = |name: &&&str| {
                ['%', '!'].iter().any(|mark| name.starts_with(*mark))
                    || name.contains(":#")
                    || name.starts_with("sign:")
                    || name.starts_with("compare:")
            };
            let all: Vec<&'static str> = all.iter().filter(|name| !describes(name)).copied().collect();
            let glued = tokens.get(at + length).is_some_and(|next| next.chunk == tokens[at].chunk && !next.is_pause());
            (!all.is_empty() && !glued || length == 1 && token.is_pause()).then_some((all, length))
        });
        let Some((all, length)) = found else {
            let chunk =
                tokens[at..].iter().take_while(|next| next.chunk == token.chunk && !next.is_pause()).count().max(1);
            words.extend_from_slice(&tokens[at..at + chunk]);
            at += chunk;
            continue;
        };
        // "The same for good bye now": the last word may belong to the text.
        if all.contains(&"-soft") && words.last().is_some_and(|last| last.chunk + 1 == token.chunk) {
            said.unexplained += 1;
        }
        let unit = all.iter().find_map(|name| name.strip_prefix('~')?.split_once(':'));
        if let (Some((_, name)), Some((_, place @ None))) = (unit, said.values.last_mut()) {
            *place = Some(name.to_owned());
        } else if !all.iter().any(|name| name.starts_with('-')) {
            said.meanings.extend(all.iter().filter(|name| !name.starts_with(['@', '~', '#', '!'])));
        }
        at += length;
    }
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        let text = message.text.get(first.span.start..last.span.end).unwrap_or_default();
        let side_by_side = message.text.get(first.span.start..last.span.end).is_some()
            && words.windows(2).all(|pair| pair[1].chunk <= pair[0].chunk + 1);
        said.unexplained += usize::from(!side_by_side || words.len() > 6);
        let looks = Datum::new(Kind::Words, text).looks();
        said.values.push((Given::new(looks, text), None));
    }
    said
}

/// One computation.
pub(super) fn computed(expression: &str) -> Step {
    let recipe = Recipe {
        id: "expression".into(),
        tool: "mathjs::evaluate".into(),
        input: json!({ "expression": expression }),
        gives: Gives::Number,
        ..Recipe::default()
    };
    let is_piped = expression.contains("{prev}");
    let mut step = Step::of(recipe, is_piped);
    if is_piped {
        step.piped = Some(("prev".into(), "number".into()));
    }
    step
}

/// Words or a sign between two steps that begin here, by their number.
fn separator(tokens: &[Token]) -> Option<usize> {
    let joins = |all: &[&str]| all.iter().any(|one| matches!(*one, "then" | "and"));
    let phrase = phrases(tokens).find(|(_, _, all)| joins(all)).map(|(length, ..)| length);
    phrase.or_else(|| {
        (tokens[0].kind == TokenKind::Sign && matches!(tokens[0].key.as_str(), "," | ";" | ".")).then_some(1)
    })
}

/// Without "then" or a comma at the end.
fn strip_end(tokens: &[Token]) -> &[Token] {
    match tokens.split_last() {
        Some((last, rest)) if !rest.is_empty() && lexicon().meanings(&last.key).contains(&"then") => strip_end(rest),
        _ => tokens,
    }
}

fn strip_separators(mut tokens: &[Token]) -> &[Token] {
    while let Some(length) = tokens.first().and_then(|_| separator(tokens)) {
        tokens = tokens.get(length..).unwrap_or_default();
    }
    tokens
}
