//! Which tool a written name means. Models write names that they have seen somewhere: with the prefix of another vendor's
//! format (`functions.x`), as an id (`package::export`), in another case or with other separators.
//!
//! A name is taken for a tool only when nothing else can be meant: what differs in case and separators alone, or by one letter
//! too many or too few of a long name that no other name is near to. A letter in place of another one makes another word
//! (`getUser`, `setUser`), and is never guessed.

use super::names::ToolSet;
use crate::id::ToolId;

/// What providers and frameworks put before a name in their own formats.
const PREFIXES: &[&str] =
    &["functions", "function", "default_api", "tools", "tool", "multi_tool_use", "mcp", "registry", "omega"];
/// How many ids a written name is looked up as.
const MOST: usize = 8;
/// Shorter names are not guessed: too many are near to each other.
const LONG: usize = 10;

/// A name without the marks of the formats that it was written in.
pub fn bare(written: &str) -> &str {
    // Some models leak the next part of their own format behind the name (`x<|channel|>commentary`).
    let mut name = written.split("<|").next().unwrap_or_default();
    loop {
        let before = name;
        name = name.trim().trim_matches(['`', '"', '\'']).trim_end_matches("()");
        for prefix in PREFIXES {
            let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(['.', '/', ':']));
            // `tools::x` is the tool `x` of a package `tools`.
            name = rest.filter(|rest| !rest.is_empty() && !rest.starts_with(':')).unwrap_or(name);
        }
        if name == before {
            return name;
        }
    }
}

/// The ids that a name may be, likeliest first.
pub fn ids(written: &str) -> Vec<ToolId> {
    let name = bare(written);
    let mut texts: Vec<String> = vec![name.to_owned()];
    // The separators that stand for `::`, the last one first: exports rarely hold one.
    for separator in ["__", ":", "#", "/", "."] {
        if let Some((package, export)) = name.rsplit_once(separator).filter(|(package, _)| !package.ends_with(':')) {
            texts.push(format!("{package}::{export}"));
            // Names under which tools are called have no `@` and no `/`: `scope_package__export`.
            if let Some((scope, name)) = package.split_once('_').filter(|_| separator == "__") {
                texts.push(format!("@{scope}/{}::{export}", name));
            }
        }
    }
    let mut ids: Vec<ToolId> = texts.iter().filter_map(|text| text.parse().ok()).filter(is_npm).collect();
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids.truncate(MOST);
    ids
}

/// Whether the package's name is one that npm knows: `@scope/name` or a name without a slash.
fn is_npm(id: &ToolId) -> bool {
    let package = id.package();
    let slashes = package.matches('/').count();
    package.starts_with('@') == (slashes == 1) && slashes <= 1 && !package.ends_with(':')
}

/// The words of a name, to search by.
pub fn words(written: &str) -> String {
    let mut words = String::new();
    for c in bare(written).chars() {
        if c.is_uppercase() && words.ends_with(char::is_lowercase) {
            words.push(' ');
        }
        words.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The one of some tools that a name means, if it is clear.
pub fn meant<'t>(written: &str, known: impl Iterator<Item = &'t ToolId> + Clone) -> Option<&'t ToolId> {
    let name = folded(bare(written));
    if name.is_empty() {
        return None;
    }
    let only = |is: &dyn Fn(&ToolId) -> bool| {
        let mut found = known.clone().filter(|id| is(id));
        found.next().filter(|_| found.next().is_none())
    };
    let whole = |id: &ToolId| folded(id.as_str());
    only(&|id| whole(id) == name)
        .or_else(|| only(&|id| folded(id.export()) == name))
        .or_else(|| only(&|id| name.len() >= LONG && is_slip(&name, &whole(id))))
        .filter(|meant| {
            // A name that is as near to a second tool means neither.
            let near = known.clone().filter(|id| *id != *meant && is_slip(&name, &whole(id))).count();
            near == 0 || whole(meant) == name || folded(meant.export()) == name
        })
}

/// The same without case and separators.
pub fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether two names differ by one letter that one of them has more.
fn is_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() < b.len() { (&a, &b) } else { (&b, &a) };
    if long.len() != short.len() + 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    short[same..] == long[same + 1..]
}

impl ToolSet {
    /// The tool of the set that a name means: exactly its name, else what is clear.
    pub fn meant(&self, written: &str) -> Option<&ToolId> {
        self.id_of(written).or_else(|| self.id_of(bare(written))).or_else(|| meant(written, self.ids()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<ToolId> {
        [
            "mathjs::evaluate",
            "@bugs/behave::echo",
            "@acme/users::getUser",
            "@acme/users::setUser",
            "a::deleteFile",
            "a::deleteFiles",
        ]
        .map(|id| id.parse().unwrap())
        .to_vec()
    }

    fn found(written: &str) -> Option<String> {
        meant(written, known().iter()).map(ToString::to_string)
    }

    #[test]
    fn a_name_in_whatever_format_means_its_tool() {
        for (written, id) in [
            ("mathjs::evaluate", "mathjs::evaluate"),
            ("functions.mathjs__evaluate", "mathjs::evaluate"),
            ("default_api.mathjs__evaluate", "mathjs::evaluate"),
            ("default_api:mathjs__evaluate", "mathjs::evaluate"),
            ("`mathjs__evaluate()`", "mathjs::evaluate"),
            ("mathjs__evaluate<|channel|>commentary", "mathjs::evaluate"),
            ("MathJS-Evaluate", "mathjs::evaluate"),
            ("mathjs_evaluate", "mathjs::evaluate"),
            ("@bugs/behave:echo", "@bugs/behave::echo"),
            ("@bugs/behave__echo", "@bugs/behave::echo"),
            ("bugs_behave__echo", "@bugs/behave::echo"),
            ("bugs/behave/echo", "@bugs/behave::echo"),
            ("echo", "@bugs/behave::echo"),
            ("mathjs_evalute", "mathjs::evaluate"),
            ("mathjs__evaluatee", "mathjs::evaluate"),
            ("getUser", "@acme/users::getUser"),
            ("a__deleteFiles", "a::deleteFiles"),
        ] {
            assert_eq!(found(written).as_deref(), Some(id), "{written}");
        }
    }

    #[test]
    fn what_may_be_another_word_or_two_tools_is_nobodys_name() {
        for written in ["", "functions.", "letUser", "acme_users__betUser", "ech", "user", "completely_different", "::"]
        {
            assert_eq!(found(written), None, "{written}");
        }
        let near: Vec<ToolId> = ["longname::ab", "longname::abcd"].map(|id| id.parse().unwrap()).to_vec();
        assert_eq!(meant("longname__abc", near.iter()), None);
        let two: Vec<ToolId> = ["a::run", "b::run"].map(|id| id.parse().unwrap()).to_vec();
        assert_eq!(meant("run", two.iter()), None);
    }

    #[test]
    fn a_name_is_looked_up_as_the_ids_that_it_may_be() {
        let looked_up = |written: &str| ids(written).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(looked_up("functions.mathjs::evaluate")[0], "mathjs::evaluate");
        assert!(looked_up("@scope/pkg:export").contains(&"@scope/pkg::export".to_owned()));
        assert!(looked_up("bugs_behave__echo").contains(&"@bugs/behave::echo".to_owned()));
        assert!(looked_up("@scope/pkg/run").contains(&"@scope/pkg::run".to_owned()));
        assert!(looked_up("tools::run").contains(&"tools::run".to_owned()));
        assert_eq!(looked_up("").len() + looked_up("\0\u{202e}").len(), 0);
        assert_eq!(words("functions.getUserName_v2"), "get User Name v2");
    }
}
