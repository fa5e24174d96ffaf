//! Names of variables: which there can be, and which no tool ever gets.

/// Why a name can't be a variable of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// No shell would take it.
    #[error("is not a name of a variable")]
    Shape,
    /// It would change how the sandbox itself runs, or is the server's own.
    #[error("is reserved and can't be given to a tool")]
    Reserved,
}

/// Checks a name.
///
/// # Errors
/// [`BadName`], whose text goes on after the name.
pub fn check(name: &str) -> Result<(), BadName> {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || name.len() > 128 || !characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(BadName::Shape);
    }
    if is_reserved(name) { Err(BadName::Reserved) } else { Ok(()) }
}

/// Whether a variable is never given to a tool, whoever asks for it (`security.md` T2): what loaders and runtimes read to
/// run other code, what redirects traffic, and what is Omega's own. Case does not matter: some systems have none.
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let prefixes = ["LD_", "DYLD_", "DENO_", "OMEGA_", "NPM_CONFIG_"];
    let names = [
        "PATH",
        "HOME",
        "TMPDIR",
        "TMP",
        "TEMP",
        "SHELL",
        "BASH_ENV",
        "GCONV_PATH",
        "HOSTALIASES",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NODE_OPTIONS",
        "NODE_PATH",
        "NODE_EXTRA_CA_CERTS",
        "NODE_TLS_REJECT_UNAUTHORIZED",
    ];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name.as_str()) || name.ends_with("_PROXY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_change_the_sandbox_are_reserved_in_any_case() {
        for name in [
            "PATH",
            "LD_PRELOAD",
            "ld_preload",
            "DYLD_INSERT_LIBRARIES",
            "NODE_OPTIONS",
            "DENO_DIR",
            "OMEGA_MASTER_KEY",
            "HTTP_PROXY",
            "https_proxy",
            "ALL_PROXY",
            "NO_PROXY",
            "HOME",
            "BASH_ENV",
            "NODE_EXTRA_CA_CERTS",
            "SSL_CERT_FILE",
        ] {
            assert_eq!(check(name), Err(BadName::Reserved), "{name}");
        }
        for name in ["OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "_X", "PATHS", "MY_PATH", "HOMEPAGE_TOKEN", "PROXY_KEY"]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "1A", "A-B", "A B", "A=B", "Ä", "A\n", &"A".repeat(129)] {
            assert_eq!(check(name), Err(BadName::Shape), "{name:?}");
        }
    }
}
