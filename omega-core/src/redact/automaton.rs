//! An Aho-Corasick automaton that says how much of a needle the text ends with.
//!
//! That depth is what a stream needs to know: what begins there may become a secret, and everything before it is decided. It
//! is linear: a byte goes one node down, and each node up was one byte down before.

use std::collections::{BTreeMap, VecDeque};

/// Which of the needles was found, by its place in the order of the bytes.
pub(super) type Needle = u32;

const ROOT: u32 = 0;
const NONE: u32 = u32::MAX;

/// Node `n` is the child of the edge `n - 1`; the children of a node stand beside each other.
#[derive(Default)]
pub(super) struct Automaton {
    /// The byte that leads to a node.
    byte: Vec<u8>,
    /// The first child of a node; the last one stands before the first of the next node.
    children: Vec<u32>,
    depth: Vec<u32>,
    /// The node of the longest proper suffix.
    fail: Vec<u32>,
    /// The longest needle that ends at a node.
    found: Vec<Needle>,
    lengths: Vec<u32>,
    first: Vec<u32>,
}

impl Automaton {
    /// Of needles in the order of their bytes.
    pub fn new<T>(needles: &BTreeMap<Vec<u8>, T>) -> Self {
        let needles: Vec<&[u8]> = needles.keys().map(Vec::as_slice).collect();
        let mut made = Self { lengths: needles.iter().map(|needle| needle.len() as u32).collect(), ..Self::default() };
        // The needles that share a node's bytes.
        let mut open = VecDeque::from([(0, needles.len(), 0)]);
        made.push_node(0, 0);
        let mut node = 0;
        while let Some((mut low, high, depth)) = open.pop_front() {
            made.children.push(made.byte.len() as u32);
            if low < high && needles[low].len() == depth {
                made.found[node] = low as Needle;
                low += 1;
            }
            while low < high {
                let byte = needles[low][depth];
                let end = low + needles[low..high].partition_point(|needle| needle[depth] == byte);
                made.push_node(byte, depth as u32 + 1);
                open.push_back((low, end, depth + 1));
                low = end;
            }
            node += 1;
        }
        made.children.push(made.byte.len() as u32);
        made.link();
        made
    }

    fn push_node(&mut self, byte: u8, depth: u32) {
        self.byte.push(byte);
        self.depth.push(depth);
        self.fail.push(ROOT);
        self.found.push(NONE);
    }

    fn link(&mut self) {
        self.first = (0..=u8::MAX).map(|byte| self.child(ROOT, byte).unwrap_or(ROOT)).collect();
        for node in 0..self.byte.len() as u32 {
            for child in self.children[node as usize]..self.children[node as usize + 1] {
                let fail =
                    if node == ROOT { ROOT } else { self.next(self.fail[node as usize], self.byte[child as usize]) };
                self.fail[child as usize] = fail;
                if self.found[child as usize] == NONE {
                    self.found[child as usize] = self.found[fail as usize];
                }
            }
        }
    }

    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let (from, to) = (self.children[node as usize] as usize, self.children[node as usize + 1] as usize);
        self.byte[from..to].iter().position(|at| *at == byte).map(|at| (from + at) as u32)
    }

    fn next(&self, mut node: u32, byte: u8) -> u32 {
        loop {
            if node == ROOT {
                return self.first[usize::from(byte)];
            }
            if let Some(child) = self.child(node, byte) {
                return child;
            }
            node = self.fail[node as usize];
        }
    }
}

/// A place in an automaton, and where in the source the bytes stand that lead there.
#[derive(Clone, Default)]
pub(super) struct Cursor {
    node: u32,
    starts: VecDeque<u64>,
}

impl Cursor {
    /// Takes a byte that stands from `start` to `end`, and gives the longest needle that ends with it and where that begins.
    /// What would reach over more than `reach` of the source is given up.
    pub fn step(&mut self, of: &Automaton, byte: u8, start: u64, end: u64, reach: u64) -> Option<(u64, Needle)> {
        while self.starts.front().is_some_and(|first| end - first > reach) {
            self.node = of.fail[self.node as usize];
            self.keep(of);
        }
        self.node = of.next(self.node, byte);
        if self.node == ROOT {
            self.starts.clear();
            return None;
        }
        self.starts.push_back(start);
        self.keep(of);
        let found = of.found[self.node as usize];
        if found == NONE {
            return None;
        }
        let begins = self.starts.len() - of.lengths[found as usize] as usize;
        Some((self.starts[begins], found))
    }

    fn keep(&mut self, of: &Automaton) {
        let depth = of.depth[self.node as usize] as usize;
        self.starts.drain(..self.starts.len() - depth);
    }

    /// Where, at the earliest, a needle may begin that is not whole yet.
    pub fn open(&self, of: &Automaton, at: u64, reach: u64) -> Option<u64> {
        let mut node = self.node;
        while node != ROOT {
            let start = self.starts[self.starts.len() - of.depth[node as usize] as usize];
            if at - start <= reach {
                return Some(start);
            }
            node = of.fail[node as usize];
        }
        None
    }

    /// Where the bytes begin that may become each of the needles, the longest first, and how many they are.
    pub fn prefixes<'a>(&'a self, of: &'a Automaton) -> impl Iterator<Item = (u64, usize)> + 'a {
        let above = |node: &u32| Some(of.fail[*node as usize]).filter(|node| *node != ROOT);
        std::iter::successors(Some(self.node).filter(|node| *node != ROOT), above).map(|node| {
            let depth = of.depth[node as usize] as usize;
            (self.starts[self.starts.len() - depth], depth)
        })
    }

    /// Whether another one that got the same bytes since a place of the source is at the same place.
    pub fn is_same(&self, other: &Self, since: u64) -> bool {
        self.node == other.node && self.starts.front().is_none_or(|first| *first >= since)
    }
}
