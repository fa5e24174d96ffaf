//! What a user lets tools have.

use omega_core::{api::Timestamp, edition::Edition, id::ToolId};

/// A tool may have a global credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub name: String,
    pub tool: ToolId,
    /// Who publishes it ([`publisher`]).
    pub publisher: String,
    /// The edition that it was given for: it holds for what follows it within its major version. All when missing.
    pub edition: Option<Edition>,
    /// `request`, `approval` or `settings`.
    pub source: String,
    pub granted_at: Timestamp,
}

/// Who publishes a tool, as far as its name proves it: the scope of a scoped package, which npm gives to one owner only,
/// or else the package itself.
pub fn publisher(tool: &ToolId) -> &str {
    let package = tool.package();
    match package.split_once('/') {
        Some((scope, _)) if scope.starts_with('@') => scope,
        _ => package,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_is_a_scope_or_a_package() {
        for (id, is) in
            [("@acme/tools::x", "@acme"), ("acme-tools::x", "acme-tools"), ("a/b::x", "a/b"), ("@a::x", "@a")]
        {
            assert_eq!(publisher(&id.parse().unwrap()), is);
        }
    }
}
