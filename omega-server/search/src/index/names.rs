//! Which documents have a name, its words joined. Most names are one document's.

use super::{
    file::{Reader, Writer},
    postings::Docs,
    table::Table,
};
use std::io::{self, Read, Write};

/// Says that a number is a place among the lists.
const MANY: u32 = 1 << 31;
/// Nobody has the name any more.
const NOBODY: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Names {
    names: Table,
    /// The document that has a name, or the place of a list of them.
    of: Vec<u32>,
    many: Vec<Docs>,
}

impl Names {
    /// Adds a document, which is behind all others, by a name's hash.
    pub(super) fn add(&mut self, doc: u32, name: u64) {
        let number = self.names.number(name) as usize;
        match self.of.get(number).copied() {
            None => self.of.push(doc),
            Some(NOBODY) => self.of[number] = doc,
            Some(known) if known & MANY != 0 => self.many[(known & !MANY) as usize].push(doc),
            Some(known) => {
                let mut docs = Docs::default();
                docs.push(known);
                docs.push(doc);
                self.of[number] = MANY | u32::try_from(self.many.len()).unwrap_or(u32::MAX);
                self.many.push(docs);
            }
        }
    }

    /// The documents with a name, in rising order.
    pub(super) fn find(&self, name: u64) -> Vec<u32> {
        match self.names.find(name).map(|number| self.of[number as usize]) {
            None | Some(NOBODY) => Vec::new(),
            Some(known) if known & MANY != 0 => self.many[(known & !MANY) as usize].iter().collect(),
            Some(doc) => vec![doc],
        }
    }

    pub(super) fn renumber(&mut self, numbers: &[Option<u32>]) {
        for docs in &mut self.many {
            *docs = docs.renumbered(numbers);
        }
        for known in &mut self.of {
            if *known & MANY == 0 {
                *known = numbers[*known as usize].unwrap_or(NOBODY);
            }
        }
    }

    pub(super) fn save(&self, to: &mut Writer<impl Write>) -> io::Result<()> {
        self.names.save(to)?;
        to.small(&self.of)?;
        to.number(self.many.len() as u64)?;
        self.many.iter().try_for_each(|docs| docs.save(to))
    }

    pub(super) fn load(from: &mut Reader<impl Read>) -> io::Result<Self> {
        let names = Table::load(from)?;
        let of = from.small()?;
        let many = (0..from.number()?).map(|_| Docs::load(from)).collect::<io::Result<_>>()?;
        Ok(Self { names, of, many })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_with_a_name_is_found_and_nobody_who_is_gone() {
        let mut names = Names::default();
        for (doc, name) in [(0, 7), (1, 8), (2, 7), (3, 9), (5, 7)] {
            names.add(doc, name);
        }
        let found = |names: &Names| [7, 8, 9, 10].map(|name| names.find(name));
        let none = Vec::<u32>::new;
        assert_eq!(found(&names), [vec![0, 2, 5], vec![1], vec![3], none()]);
        names.renumber(&[Some(0), None, None, Some(1), None, Some(2)]);
        assert_eq!(found(&names), [vec![0, 2], none(), vec![1], none()]);
        names.add(3, 8);
        names.add(4, 9);
        names.add(4, 7);
        assert_eq!(found(&names), [vec![0, 2, 4], vec![3], vec![1, 4], none()]);
        // Gone again and again: those of which nobody is left are found empty, too.
        names.renumber(&[None; 5]);
        names.renumber(&[]);
        assert_eq!(found(&names), [none(), none(), none(), none()]);
    }
}
