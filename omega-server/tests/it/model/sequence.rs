//! Sequences of transitions for proptest: made along the reference, made smaller by leaving out what still leaves the rest
//! possible.

use super::{
    reference::Model,
    transition::{Transition, choices},
};
use proptest::{
    prelude::RngExt,
    strategy::{NewTree, Strategy, ValueTree},
    test_runner::TestRunner,
};

/// So many transitions, from nothing.
#[derive(Debug, Clone, Copy)]
pub struct Sequences(pub usize);

impl Strategy for Sequences {
    type Tree = Sequence;
    type Value = Vec<Transition>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut model = Model::default();
        let mut transitions = Vec::with_capacity(self.0);
        while transitions.len() < self.0 {
            let choices = choices(&model);
            let mut picked = runner.rng().random_range(0..choices.iter().map(|(weight, _)| weight).sum());
            let mut choices = choices.into_iter();
            let transition = loop {
                let Some((weight, transition)) = choices.next() else { panic!("nothing was picked") };
                if picked < weight {
                    break transition;
                }
                picked -= weight;
            };
            model.apply(&transition);
            transitions.push(transition);
        }
        Ok(Sequence { chunk: transitions.len().div_ceil(2), at: transitions.len(), left_out: None, transitions })
    }
}

/// A sequence, and how far it was made smaller: pieces are left out from the end on, ever smaller ones.
#[derive(Debug)]
pub struct Sequence {
    transitions: Vec<Transition>,
    chunk: usize,
    at: usize,
    left_out: Option<Vec<Transition>>,
}

/// What of these is possible one after the other.
fn possible(transitions: &[Transition]) -> Vec<Transition> {
    let mut model = Model::default();
    let fitting = transitions.iter().filter(|transition| {
        let fits = choices(&model).iter().any(|(_, choice)| choice == *transition);
        if fits {
            model.apply(transition);
        }
        fits
    });
    fitting.cloned().collect()
}

impl ValueTree for Sequence {
    type Value = Vec<Transition>;

    fn current(&self) -> Vec<Transition> {
        self.transitions.clone()
    }

    fn simplify(&mut self) -> bool {
        loop {
            if self.at == 0 {
                if self.chunk <= 1 {
                    self.left_out = None;
                    return false;
                }
                (self.chunk, self.at) = (self.chunk / 2, self.transitions.len());
            }
            // What was left out before may have shortened it.
            let end = self.at.min(self.transitions.len());
            self.at = end.saturating_sub(self.chunk);
            let mut rest = self.transitions.clone();
            rest.drain(self.at..end);
            let rest = possible(&rest);
            if rest.len() < self.transitions.len() {
                self.left_out = Some(std::mem::replace(&mut self.transitions, rest));
                return true;
            }
        }
    }

    fn complicate(&mut self) -> bool {
        match self.left_out.take() {
            // It fails without this no more: something else is tried.
            Some(whole) => {
                self.transitions = whole;
                self.simplify()
            }
            None => false,
        }
    }
}
