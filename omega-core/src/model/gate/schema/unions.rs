//! Choices: a union at the top becomes one object with the properties of all branches, one further down becomes `anyOf`.

use super::{
    BRANCHES, SAID, VALUE, Writer, joined, object_of,
    words::{SHORT, cut, json_in_short, not_shown, quoted},
};
use crate::model::gate::facts::{Facts, Kind};
use serde_json::{Map, Value};

impl<'s> Writer<'_, 's> {
    pub(super) fn top(&mut self, schema: &'s Value) -> (Map<String, Value>, bool) {
        let facts = self.reader.facts(&[schema], &[]);
        let targets = facts.targets.len();
        self.within.extend(facts.targets.iter().copied());
        let mut branches = self.branches(facts.clone());
        if branches.iter().any(|branch| branch.kinds() != [Kind::Null]) {
            branches.retain(|branch| branch.kinds() != [Kind::Null]);
        }
        if branches.iter().any(|branch| !branch.is_object()) {
            self.within.truncate(self.within.len() - targets);
            let value = self.node(facts, 1);
            return (object_of(vec![(VALUE.to_owned(), Value::Object(value))], vec![VALUE.to_owned()]), true);
        }
        let written = match branches.len() {
            0 => object_of(Vec::new(), Vec::new()),
            1 => self.plain(&Facts { kinds: Some(vec![Kind::Object]), values: None, ..branches.remove(0) }, 0),
            _ => self.merged(&facts, &branches),
        };
        (written, false)
    }

    /// What a union stands for: each branch with everything that is said beside the union, unions within it too.
    fn branches(&mut self, mut facts: Facts<'s>) -> Vec<Facts<'s>> {
        let mut open = vec![facts.unions.iter().position(|union| !union.is_empty()).map(|at| facts.unions.remove(at))];
        let mut done = Vec::new();
        let mut waiting = vec![facts];
        while let Some(facts) = waiting.pop() {
            match open.pop().flatten() {
                None => done.push(facts),
                // From the last to the first, since the last one put here is the first one taken.
                Some(union) => {
                    for branch in union.iter().take(BRANCHES).rev() {
                        let mut one = facts.clone();
                        (one.title, one.description) = (None, None);
                        self.reader.add(&mut one, &[branch], &self.within);
                        let next = (done.len() + waiting.len() < BRANCHES && !one.unions.is_empty())
                            .then(|| one.unions.remove(0));
                        if !one.nothing {
                            open.push(next);
                            waiting.push(one);
                        }
                    }
                }
            }
        }
        done
    }

    /// One object with the properties of several.
    fn merged(&mut self, facts: &Facts<'s>, branches: &[Facts<'s>]) -> Map<String, Value> {
        let labels: Vec<String> = (0..branches.len()).map(|at| label(branches, at)).collect();
        let mut names: Vec<&'s str> = Vec::new();
        for (name, _) in branches.iter().flat_map(|branch| &branch.properties) {
            if !names.contains(name) {
                names.push(name);
            }
        }
        let (mut properties, mut left_out) = (Vec::new(), Vec::new());
        for name in names {
            if !self.spend(name.len() + 8) {
                left_out.push(name);
                continue;
            }
            let having: Vec<usize> = (0..branches.len()).filter(|at| branches[*at].property(name).is_some()).collect();
            let mut variants: Vec<Map<String, Value>> = Vec::new();
            for at in &having {
                let written = branches[*at].property(name).map(|schemas| self.property(schemas, 1)).unwrap_or_default();
                if !variants.contains(&written) {
                    variants.push(written);
                }
            }
            let mut written = joined(variants);
            if having.len() < branches.len() {
                let only: Vec<&str> = having.iter().map(|at| labels[*at].as_str()).collect();
                self.note(&mut written, format!("only for {}", only.join(", or ")));
            }
            properties.push((self.key(name, &mut written), Value::Object(written)));
        }
        let mut common: Vec<String> = Vec::new();
        for name in
            branches[0].required.iter().filter(|name| branches.iter().all(|branch| branch.required.contains(name)))
        {
            let name = self.keys.name(name, self.rules.keys);
            if properties.iter().any(|(known, _)| *known == name) {
                common.push(name);
            }
        }
        let closed =
            left_out.is_empty() && branches.iter().all(|branch| branch.additional == Some(&Value::Bool(false)));
        let mut written = object_of(properties, common);
        if closed {
            written.insert("additionalProperties".into(), Value::Bool(false));
        }
        let said = branches.iter().zip(&labels).map(|(branch, label)| {
            let required: Vec<String> = branch.required.iter().map(|name| quoted(name)).collect();
            if required.is_empty() { label.clone() } else { format!("{label} needs {}", required.join(", ")) }
        });
        let note = format!("one of {} forms: {}", branches.len(), said.collect::<Vec<_>>().join("; "));
        let mut notes = vec![cut(&note, SAID)];
        notes.extend(not_shown(&left_out));
        self.describe(&mut written, facts, notes);
        written
    }

    pub(super) fn union(&mut self, facts: Facts<'s>, depth: usize) -> Map<String, Value> {
        let mut variants: Vec<Map<String, Value>> = Vec::new();
        for branch in self.branches(facts.clone()) {
            let targets = branch.targets.len();
            self.within.extend(branch.targets.iter().copied());
            // The default of the whole is told with the whole.
            let written = self.plain(&Facts { default: None, example: None, ..branch }, depth + 1);
            self.within.truncate(self.within.len() - targets);
            if !variants.contains(&written) {
                variants.push(written);
            }
        }
        let mut written = joined(variants);
        let whole = Facts {
            description: facts.description,
            title: facts.title,
            default: facts.default,
            example: facts.example,
            ..Facts::default()
        };
        self.describe(&mut written, &whole, Vec::new());
        written
    }
}

/// What tells a branch from the others, in a few words.
fn label(branches: &[Facts<'_>], at: usize) -> String {
    let branch = &branches[at];
    let apart = branch.properties.iter().find_map(|(name, _)| {
        let value = branch.only_value(name)?;
        let same = branches.iter().filter(|other| other.only_value(name) == Some(value)).count();
        (same == 1).then(|| format!("{} = {}", cut(name, SHORT), json_in_short(value)))
    });
    let titled = || branch.title.map(quoted);
    apart.or_else(titled).unwrap_or_else(|| format!("form {}", at + 1))
}
