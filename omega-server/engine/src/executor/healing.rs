//! What an image lacks, from the words with which its import failed: a package, or a later version of one.

use super::spec::{Spec, is_exact};
use omega_core::executor::{ToolError, ToolErrorCode};

/// The package that declares another one's types: `@types/scope__name`.
pub fn types_of(package: &str) -> String {
    format!("@types/{}", package.trim_start_matches('@').replace('/', "__"))
}

/// The package whose absence made an import fail, from the words of Deno or Node.
pub fn missing_package(error: &ToolError) -> Option<String> {
    const WORDS: [&str; 4] = ["Could not find package '", "Cannot find package '", "Cannot find module '", "Import \""];
    if error.code != ToolErrorCode::ImportFailed {
        return None;
    }
    let (_, rest) = WORDS.iter().find_map(|words| error.message.split_once(words))?;
    let specifier = rest.split(['\'', '"']).next()?;
    let parts: Vec<_> = specifier.split('/').collect();
    let name = if specifier.starts_with('@') { parts.get(..2)?.join("/") } else { (*parts.first()?).to_owned() };
    // A path within a package is a fault of its own.
    Spec::new(&name, "*").is_ok().then_some(name)
}

/// A package below that has no such subpath in the version that was chosen, and a range of later ones: npm and Deno choose otherwise
/// where several are asked for.
pub fn outdated_package(error: &ToolError, own: &str) -> Option<(String, String)> {
    if error.code != ToolErrorCode::ImportFailed {
        return None;
    }
    let (_, rest) = error.message.split_once("is not defined by \"exports\" in ")?;
    let path = rest.split(['\'', '"']).find(|part| part.ends_with("/package.json"))?;
    let (_, inner) = path.rsplit_once("/node_modules/.deno/")?;
    let (folder, name) = inner.strip_suffix("/package.json")?.split_once("/node_modules/")?;
    let version = folder.rsplit_once('@')?.1.split('_').next()?;
    let is_right = name != own && is_exact(version) && Spec::new(name, version).is_ok();
    is_right.then(|| (name.to_owned(), format!("^{version}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_below_that_is_too_old_is_found_in_the_words() {
        let cases = [
            (
                "Package subpath './v3' is not defined by \"exports\" in '/c/t/a@1/node_modules/.deno/zod@3.24.2/node_modules/zod/package.json' imported",
                "a",
                Some(("zod", "^3.24.2")),
            ),
            (
                "x is not defined by \"exports\" in \"/c/node_modules/.deno/@s+b@1.0.0_2/node_modules/@s/b/package.json\"",
                "a",
                Some(("@s/b", "^1.0.0")),
            ),
            (
                "x is not defined by \"exports\" in '/c/node_modules/.deno/a@1.0.0/node_modules/a/package.json'",
                "a",
                None,
            ),
            ("x is not defined by \"exports\" in '/etc/package.json'", "a", None),
            ("Cannot find module 'zod'", "a", None),
        ];
        for (message, own, found) in cases {
            let error = ToolError::new(ToolErrorCode::ImportFailed, message);
            let expected = found.map(|(name, range)| (name.to_owned(), range.to_owned()));
            assert_eq!(outdated_package(&error, own), expected, "{message}");
        }
    }

    #[test]
    fn the_package_that_an_import_lacks_is_found_in_the_words() {
        let cases = [
            ("Could not find package 'zod' from referrer 'file:///x'", Some("zod")),
            ("Cannot find module '@scope/name/sub.js'\nRequire stack", Some("@scope/name")),
            ("Import \"left/right\" not a dependency", Some("left")),
            ("Cannot find module './local.js'", None),
            ("Cannot find module '/abs/file.js'", None),
            ("Unexpected token", None),
        ];
        for (message, name) in cases {
            let error = ToolError::new(ToolErrorCode::ImportFailed, message);
            assert_eq!(missing_package(&error).as_deref(), name, "{message}");
        }
    }
}
