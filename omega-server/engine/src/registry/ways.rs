//! The way to a plain function, as it is written: `deep.twice`, `Class.method`, `compile(template)(context)`. In brackets stand the
//! parameters of that call.
//!
//! A person may call parameters what they like, and leave those of the last call away; it is the same way.

use omega_core::executor::{DescribedPackage, Signature};

/// Names that a way may have before nothing tells any more whether it is there.
const KNOWN_DEPTH: usize = 3;
const DEFAULT: &str = "default.";
/// Ways that are looked for in a package; whoever has so many may have more.
const MOST: usize = 3_000;

/// The export that a way begins with: `compile` of `compile(template)(view)`.
fn head(way: &str) -> &str {
    bare(way).split(['.', '(']).next().unwrap_or(way)
}

/// The name that a way ends with: `format` of `parse(text).format`, `compile` of `compile(template)(view)`.
pub(super) fn last_name(way: &str) -> String {
    steps(way).filter_map(Step::name).last().unwrap_or(way).to_owned()
}

/// The parameters that stand in the brackets of a way to a function.
pub(super) fn named_in(way: &str) -> Vec<String> {
    let groups = steps(way).filter_map(|step| match step {
        Step::Call(names) => Some(names),
        Step::Name(_) => None,
    });
    groups.flatten().map(str::to_owned).collect()
}

/// What is known of how the function behind a way is called, whatever its parameters are called there.
pub(super) fn signature<'a>(package: &'a DescribedPackage, way: &str) -> Option<&'a Signature> {
    let way = way.trim();
    let within = format!("{DEFAULT}{way}");
    let exactly = package.signatures.get(way).or_else(|| package.signatures.get(&within));
    exactly.or_else(|| {
        let wanted = form(way);
        package.signatures.iter().find(|(other, _)| form(other) == wanted).map(|(_, signature)| signature)
    })
}

/// Whether a package may have what a way leads to. Behind a call, and deep within an object, only the call itself can tell.
pub(super) fn is_known(package: &DescribedPackage, way: &str) -> bool {
    let all = || package.ways.iter().chain(&package.functions).map(String::as_str);
    if all().next().is_none() || all().any(|known| known == way) {
        return true;
    }
    // What the default export holds may be meant by its own name, and the other way round.
    let (within, whole) = (bare(way).strip_prefix(DEFAULT).unwrap_or(way), format!("{DEFAULT}{way}"));
    if all().any(|known| known == within || known == whole) {
        return true;
    }
    // What a function makes may have more than anybody sees before it is made.
    let maker = way.rsplit_once('.').map_or("", |(maker, _)| maker);
    if all().any(|known| known == maker) {
        return true;
    }
    let is_far =
        package.ways.is_empty() || package.ways.len() >= MOST || way.contains('(') || steps(way).count() > KNOWN_DEPTH;
    is_far && all().any(|known| head(known) == head(way))
}

/// Ways that a mistaken one may have meant: those that end with its last name, else those that are not within something else.
pub(super) fn meant(package: &DescribedPackage, way: &str) -> Vec<String> {
    let wanted = last_name(way);
    let same = package.ways.iter().filter(|known| last_name(known).eq_ignore_ascii_case(&wanted));
    let same: Vec<String> = same.cloned().collect();
    if same.is_empty() { package.functions.clone() } else { same }
}

#[derive(PartialEq)]
enum Step<'a> {
    Name(&'a str),
    Call(Vec<&'a str>),
}

impl<'a> Step<'a> {
    fn name(self) -> Option<&'a str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Call(_) => None,
        }
    }
}

fn bare(way: &str) -> &str {
    let way = way.trim_start();
    way.strip_prefix("new ").unwrap_or(way).trim_start()
}

fn steps(way: &str) -> impl Iterator<Item = Step<'_>> {
    bare(way).split_inclusive([')', '.', '(']).flat_map(|part| {
        let (text, end) = match part.char_indices().next_back() {
            Some((at, end @ (')' | '.' | '('))) => (part.get(..at).unwrap_or_default().trim(), Some(end)),
            _ => (part.trim(), None),
        };
        if end == Some(')') {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            return Some(Step::Call(names.collect()));
        }
        (!text.is_empty()).then_some(Step::Name(text))
    })
}

/// Its names, and how many arguments each call takes but the last one, whose brackets may be left away.
fn form(way: &str) -> Vec<Result<&str, usize>> {
    let mut form: Vec<_> = steps(way)
        .map(|step| match step {
            Step::Name(name) => Ok(name),
            Step::Call(names) => Err(names.len()),
        })
        .collect();
    if let [.., before, last @ Err(_)] = form.as_mut_slice() {
        // `a(b)` is `a`, and `a(b)(c)` is no other way than `a(b)(c, d)`.
        if before.is_ok() {
            form.pop();
        } else {
            *last = Err(0);
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn package(ways: &[&str], signatures: &[&str]) -> DescribedPackage {
        let signature = |way: &&str| {
            let known =
                Signature { params: vec![way.to_string()], input_schema: json!({}), description: String::new() };
            (way.to_string(), known)
        };
        let package = json!({"package": "p", "version": "1.0.0", "tools": [], "ways": ways, "functions": ["go"]});
        let signatures: BTreeMap<_, _> = signatures.iter().map(signature).collect();
        DescribedPackage { signatures, ..serde_json::from_value(package).unwrap() }
    }

    #[test]
    fn a_way_has_names_and_calls() {
        for (way, first, last, params) in [
            ("evaluate", "evaluate", "evaluate", &[][..]),
            ("default.twice", "default", "twice", &[]),
            ("new Greeter(greeting).greet(name)", "Greeter", "greet", &["greeting", "name"]),
            ("compile(template, options)( view )", "compile", "compile", &["template", "options", "view"]),
            ("load(html)(selector).text", "load", "text", &["html", "selector"]),
            ("sub/path.deep", "sub/path", "deep", &[]),
            ("", "", "", &[]),
            ("((", "", "((", &[]),
        ] {
            assert_eq!((head(way), last_name(way).as_str()), (first, last), "{way}");
            assert_eq!(named_in(way), params, "{way}");
        }
    }

    #[test]
    fn the_same_way_is_known_under_other_names_of_its_parameters() {
        let package = package(&[], &["compile(input)(context)", "XMLParser.parse", "Box(side).of", "go"]);
        let known = |way: &str| signature(&package, way).map(|known| known.params.concat());
        for (way, is) in [
            ("compile(template)(view)", "compile(input)(context)"),
            ("compile(template)(view, options)", "compile(input)(context)"),
            ("XMLParser.parse", "XMLParser.parse"),
            ("new XMLParser.parse(xml)", "XMLParser.parse"),
            ("new Box(a).of(b)", "Box(side).of"),
            ("go(a, b)", "go"),
        ] {
            assert_eq!(known(way).as_deref(), Some(is), "{way}");
        }
        for way in ["compile", "compile(a, b)(c)", "Box.of", "Box(a, b).of", "Box(a).off", "go.on"] {
            assert_eq!(known(way), None, "{way}");
        }
    }

    #[test]
    fn what_is_not_there_is_told_as_far_as_it_can_be() {
        let package = package(&["go", "AES.encrypt", "DES.encrypt", "deep.er.still", "Maker"], &[]);
        for way in [
            "go",
            "AES.encrypt",
            "default.go",
            "AES(key).encrypt",
            "deep.er.still.more",
            "new AES(a).encrypt(b)",
            "Maker.made",
        ] {
            assert!(is_known(&package, way), "{way}");
        }
        for way in ["stop", "AES.encript", "encrypt", "other(a)(b)", "default.stop"] {
            assert!(!is_known(&package, way), "{way}");
        }
        assert_eq!(meant(&package, "Encrypt"), ["AES.encrypt", "DES.encrypt"]);
        assert_eq!(meant(&package, "nothing"), ["go"]);
        // An older executor tells of functions alone, or of nothing.
        let older = DescribedPackage { ways: Vec::new(), ..package.clone() };
        assert!(is_known(&older, "go.deeper") && !is_known(&older, "stop"));
        let silent = DescribedPackage { functions: Vec::new(), ..older };
        assert!(is_known(&silent, "anything"));
    }
}
