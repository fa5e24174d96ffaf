//! Where the API of another registry begins.

use omega_core::net;
use std::fmt;

/// TPMJS's public registry, as it documents its API.
const TPMJS: &str = "https://tpmjs.com/api";
/// Instead of an address: none.
const OFF: &str = "off";

/// `https://HOST/api`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    url: reqwest::Url,
    text: String,
}

/// What is no address of a registry.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of a registry: give one as https://HOST/api, or `off`")]
pub struct BadAddress(String);

impl Address {
    /// The address that is meant: TPMJS's when nothing is said, none when that is said. One that is a host alone has its API
    /// where TPMJS's has it.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: Option<&str>) -> Result<Option<Self>, BadAddress> {
        let text = match text.map(str::trim) {
            None | Some("") => TPMJS,
            Some(OFF) => return Ok(None),
            Some(text) => text,
        };
        let bad = || BadAddress(text.to_owned());
        let mut url: reqwest::Url = text.parse().map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || url.query().is_some() {
            return Err(bad());
        }
        url.set_fragment(None);
        let path = match url.path().trim_end_matches('/') {
            "" => String::from("/api"),
            path => path.to_owned(),
        };
        url.set_path(&path);
        let text = url.to_string();
        Ok(Some(Self { url, text }))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn client(&self) -> Result<reqwest::Client, reqwest::Error> {
        net::client_of(&self.url).build()
    }
}

/// As everybody may see it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        // An address with a host can be without a user.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
        f.write_str(url.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_means_tpmjs_off_means_none_and_a_host_has_its_api_where_tpmjs_has_it() {
        let shown = |text| Address::read(text).map(|address| address.map(|address| address.to_string()));
        for (text, expected) in [
            (None, Some("https://tpmjs.com/api")),
            (Some(""), Some("https://tpmjs.com/api")),
            (Some("off"), None),
            (Some("https://tools.example"), Some("https://tools.example/api")),
            (Some("https://tools.example/"), Some("https://tools.example/api")),
            (Some("http://127.0.0.1:9/v2/api/"), Some("http://127.0.0.1:9/v2/api")),
            (Some("https://me:secret@tools.example/api"), Some("https://tools.example/api")),
        ] {
            assert_eq!(shown(text), Ok(expected.map(str::to_owned)), "{text:?}");
        }
        for text in ["Off", "tools.example", "ftp://tools.example", "https://tools.example/api?x=1", "file:///etc"] {
            assert_eq!(shown(Some(text)), Err(BadAddress(text.to_owned())));
        }
    }
}
