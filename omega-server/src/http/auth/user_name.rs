//! Names and addresses that people give themselves (`security.md` T20): nothing in a name may hide or change what stands
//! beside it.

use crate::http::reply::{ApiError, ApiResult};
use omega_core::sanitize::is_invisible;

const MAX_CHARS: usize = 64;
/// RFC 5321, 4.5.3.1.
const MAX_EMAIL: usize = 254;

/// A name without control characters, changes of the writing direction and what can't be seen; blanks are one space.
pub fn clean(name: &str) -> String {
    let visible: String = name
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    words.join(" ")
}

/// A name that a person chose for themselves.
///
/// # Errors
/// When nothing is left of it, or it is too long.
pub fn check(field: &str, name: &str) -> ApiResult<String> {
    let clean = clean(name);
    if clean.is_empty() {
        return Err(ApiError::invalid(field, "must have at least one visible character"));
    }
    if clean.chars().count() > MAX_CHARS {
        return Err(ApiError::invalid(field, &format!("must have at most {MAX_CHARS} characters")));
    }
    Ok(clean)
}

/// A name that somebody else vouches for: cut instead of refused.
pub fn fitted(name: &str) -> String {
    let clean: String = clean(name).chars().take(MAX_CHARS).collect();
    if clean.is_empty() { String::from("somebody") } else { clean }
}

/// An e-mail address, as far as it can be told without writing to it.
pub fn check_email(email: &str) -> ApiResult<()> {
    let email = email.trim();
    let looks_right =
        email.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    let is_plain = !email.chars().any(|c| c.is_whitespace() || c.is_control() || is_invisible(c));
    if !looks_right || !is_plain || email.len() > MAX_EMAIL {
        return Err(ApiError::invalid("email", "this is no e-mail address; give one, or leave it out"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_hides_nothing() {
        assert_eq!(clean("  Ada\u{202e}\t Lovelace\u{200b}\u{7}\n"), "Ada Lovelace");
        assert_eq!(clean("\u{2066}admin\u{2069}\u{e0041}"), "admin");
        assert!(check("name", "\u{202e}\u{200b} ").is_err());
        assert!(check("name", &"x".repeat(65)).is_err());
        assert_eq!(check("name", &"ä".repeat(64)).unwrap(), "ä".repeat(64));
        assert_eq!((fitted(&"x".repeat(99)).len(), fitted("\u{202e}").as_str()), (64, "somebody"));
    }

    #[test]
    fn an_address_is_told_from_none() {
        assert!(check_email(" Ada@example.test ").is_ok());
        for wrong in ["", "ada", "@x.test", "ada@", "a b@x.test", "ada@x@y", "a\u{202e}@x.test"] {
            assert!(check_email(wrong).is_err(), "{wrong}");
        }
    }
}
