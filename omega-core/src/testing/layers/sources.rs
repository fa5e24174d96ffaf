//! From the files of a crate to its top modules and the arrows between them.

use super::Arrow;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

/// The sources of a crate: the files below its `src`, by their paths.
#[derive(Debug, Clone, Default)]
pub struct Sources(BTreeMap<String, String>);

impl Sources {
    /// Those of the crate whose manifest lies in `folder` (`env!("CARGO_MANIFEST_DIR")`).
    #[allow(clippy::panic, reason = "a test fails by panicking")]
    pub fn of_crate(folder: &str) -> Self {
        let mut sources = Self::default();
        let src = Path::new(folder).join("src");
        sources.read(&src, "").unwrap_or_else(|error| panic!("{} can't be read: {error}", src.display()));
        sources
    }

    /// The same with its tests and examples.
    #[allow(clippy::panic, reason = "a test fails by panicking")]
    pub(super) fn with_tests(folder: &str) -> Self {
        let mut sources = Self::of_crate(folder);
        for of_tests in ["tests", "examples", "benches"] {
            let folder = Path::new(folder).join(of_tests);
            if folder.is_dir() {
                let read = sources.read(&folder, &format!("{of_tests}/"));
                read.unwrap_or_else(|error| panic!("{} can't be read: {error}", folder.display()));
            }
        }
        sources
    }

    pub(super) fn names(&self, crate_name: &str) -> bool {
        let name = crate_name.replace('-', "_");
        self.0.values().any(|text| text.contains(&name) && text.parse().is_ok_and(|code| has_word(code, &name)))
    }

    fn read(&mut self, folder: &Path, name: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = format!("{name}{}", path.file_name().unwrap_or_default().to_string_lossy());
            if path.is_dir() {
                self.read(&path, &format!("{name}/"))?;
            } else if name.ends_with(".rs") {
                self.0.insert(name, fs::read_to_string(path)?);
            }
        }
        Ok(())
    }

    /// The same with a text at the end of a file, which may be new.
    #[must_use]
    pub fn with(mut self, file: &str, text: &str) -> Self {
        self.0.entry(file.to_owned()).or_default().push_str(text);
        self
    }
}

fn has_word(code: TokenStream, name: &str) -> bool {
    code.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == name,
        TokenTree::Group(group) => has_word(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The names of the top modules, and all arrows between them.
pub(super) fn modules_and_arrows(sources: &Sources) -> (BTreeSet<String>, BTreeSet<Arrow>) {
    let Reader { modules, named, .. } = Reader::of(sources);
    let of_root = |mut arrow: Arrow| {
        if !modules.contains(&arrow.to) {
            arrow.to = format!("the root's {}", arrow.to);
        }
        arrow
    };
    let arrows = named.into_iter().map(of_root).collect();
    (modules, arrows)
}

/// The files that are not there for tests alone, with their texts.
pub(super) fn files(sources: &Sources) -> BTreeMap<&str, &str> {
    let Reader { files, .. } = Reader::of(sources);
    (sources.0.iter())
        .filter(|(file, _)| files.contains(*file))
        .map(|(file, text)| (file.as_str(), text.as_str()))
        .collect()
}

/// Follows the `mod` lines from the root; `module` is always the path of the module at work.
struct Reader<'a> {
    sources: &'a Sources,
    modules: BTreeSet<String>,
    named: BTreeSet<Arrow>,
    files: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn of(sources: &'a Sources) -> Self {
        let mut reader = Self { sources, modules: BTreeSet::new(), named: BTreeSet::new(), files: BTreeSet::new() };
        for root in ["lib.rs", "main.rs"] {
            if sources.0.contains_key(root) {
                reader.file(root, "", &mut Vec::new());
            }
        }
        reader
    }

    /// `folder` is where the files of its modules lie, with a slash at the end.
    #[allow(clippy::panic, reason = "a test fails by panicking")]
    fn file(&mut self, file: &str, folder: &str, module: &mut Vec<String>) {
        self.files.insert(file.to_owned());
        match self.sources.0[file].parse::<TokenStream>() {
            Ok(tokens) => self.tokens(tokens, &ModuleFile { file, folder }, module),
            Err(error) => panic!("{file} is no Rust: {error}"),
        }
    }

    fn tokens(&mut self, tokens: TokenStream, place: &ModuleFile<'_>, module: &mut Vec<String>) {
        let trees: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            at += 1;
            match tree {
                TokenTree::Punct(punct) if punct.as_char() == '#' && trees.get(at).is_some_and(is_for_tests) => {
                    at = after_item(&trees, at + 1);
                }
                TokenTree::Ident(word) if word == "mod" => self.module(&trees[at..], place, module),
                // A visibility names where something is seen, and uses nothing.
                TokenTree::Ident(word) if word == "in" && at == 1 => return,
                TokenTree::Ident(word) if (word == "crate" || word == "super") && is_path(&trees[at..]) => {
                    at = self.path(&trees, at - 1, module.clone(), place, module);
                }
                TokenTree::Group(group) if !is_body_of_module(&trees[..at]) => {
                    self.tokens(group.stream(), place, module)
                }
                TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// After the word `mod`: a module in the same file, or in one of its own.
    fn module(&mut self, after: &[TokenTree], place: &ModuleFile<'_>, module: &mut Vec<String>) {
        let [TokenTree::Ident(name), body, ..] = after else { return };
        let name = name.to_string();
        if module.is_empty() {
            self.modules.insert(name.clone());
        }
        let folder = format!("{}{name}/", place.folder);
        module.push(name);
        match body {
            TokenTree::Group(group) => {
                self.tokens(group.stream(), &ModuleFile { file: place.file, folder: &folder }, module);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                let files = [format!("{}.rs", folder.trim_end_matches('/')), format!("{folder}mod.rs")];
                for file in files.iter().filter(|file| self.sources.0.contains_key(*file)) {
                    self.file(file, &folder, module);
                }
            }
        }
        module.pop();
    }

    /// Reads a path, and the nested paths of a `use`, from `base` on; gives where it ends.
    fn path(
        &mut self,
        trees: &[TokenTree],
        mut at: usize,
        mut base: Vec<String>,
        place: &ModuleFile<'_>,
        module: &[String],
    ) -> usize {
        loop {
            match trees.get(at) {
                Some(TokenTree::Ident(word)) if word == "crate" => base.clear(),
                Some(TokenTree::Ident(word)) if word == "super" => drop(base.pop()),
                Some(TokenTree::Ident(word)) if word == "self" && !base.is_empty() => {}
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.group(group, &base, place, module);
                    return at + 1;
                }
                Some(tree @ (TokenTree::Ident(_) | TokenTree::Punct(_))) if base.is_empty() => {
                    self.name(tree, place, module);
                    return at + 1;
                }
                _ => return at,
            }
            if !is_path(&trees[at + 1..]) {
                return at + 1;
            }
            at += 3;
        }
    }

    fn group(&mut self, group: &Group, base: &[String], place: &ModuleFile<'_>, module: &[String]) {
        let trees: Vec<_> = group.stream().into_iter().collect();
        for path in trees.split(|tree| is_punct(tree, ',')).filter(|path| !path.is_empty()) {
            self.path(path, 0, base.to_vec(), place, module);
        }
    }

    fn name(&mut self, tree: &TokenTree, place: &ModuleFile<'_>, module: &[String]) {
        if let Some(from) = module.first().filter(|from| **from != tree.to_string()) {
            self.named.insert(Arrow {
                from: from.clone(),
                to: tree.to_string(),
                file: place.file.to_owned(),
                line: tree.span().start().line,
            });
        }
    }
}

struct ModuleFile<'a> {
    file: &'a str,
    folder: &'a str,
}

fn is_punct(tree: &TokenTree, char: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_path(after: &[TokenTree]) -> bool {
    matches!(after, [first, second, ..] if is_punct(first, ':') && is_punct(second, ':'))
}

/// Whether the last tree is the body of `mod name { ... }`, which was read with the word `mod`.
fn is_body_of_module(trees: &[TokenTree]) -> bool {
    matches!(trees, [.., TokenTree::Ident(word), TokenTree::Ident(_), TokenTree::Group(_)] if word == "mod")
}

/// Whether an attribute's brackets say that what follows is for tests alone: `cfg(test)`, or `cfg(all(test, ...))`.
fn is_for_tests(brackets: &TokenTree) -> bool {
    let text: String = brackets.to_string().split_whitespace().collect();
    text == "[cfg(test)]" || text.starts_with("[cfg(all(test,")
}

/// Where the item (field, arm) ends that begins at `at`, other attributes included.
fn after_item(trees: &[TokenTree], mut at: usize) -> usize {
    while trees.get(at).is_some_and(|tree| is_punct(tree, '#')) {
        at += 2;
    }
    let words = || {
        trees[at.min(trees.len())..].iter().map_while(|tree| match tree {
            TokenTree::Ident(word) => Some(word.to_string()),
            TokenTree::Group(_) => Some(String::new()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => None,
        })
    };
    let begins = |any: &[&str]| words().take(3).any(|word| any.contains(&word.as_str()));
    let is_function = words().take(6).any(|word| word == "fn");
    let until_semicolon = !is_function && begins(&["use", "const", "static", "let", "type", "extern"]);
    let is_item =
        is_function || until_semicolon || begins(&["mod", "struct", "enum", "impl", "trait", "unsafe", "macro_rules"]);
    let ends = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !until_semicolon,
        TokenTree::Punct(punct) => punct.as_char() == ';' || (punct.as_char() == ',' && !is_item),
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    trees[at.min(trees.len())..].iter().position(ends).map_or(trees.len(), |end| at + end + 1)
}
