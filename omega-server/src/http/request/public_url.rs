//! Where the world finds the server, when something stands before it: what the operator says of it.

use axum::http::HeaderValue;
use reqwest::Url;
use std::{fmt, str::FromStr};

/// `https://HOST[:PORT][/PATH]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    pub is_tls: bool,
    /// Host and port, as a browser puts them into `Host`.
    pub authority: HeaderValue,
    /// What stands before every path: `/tools`, or nothing.
    pub path: String,
    text: String,
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "`{text}` is no public URL: {why}; write https://HOST, and after it the path below which a proxy puts Omega, \
                 if there is one"
            )
        };
        let url = Url::parse(text.trim()).map_err(|error| wrong(&error.to_string()))?;
        let is_tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong("it begins with https:// or http://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it has no name and no password in it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has no ? and no #"));
        }
        let host = url.host_str().ok_or_else(|| wrong("it names a host"))?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self {
            is_tls,
            text: format!("{}://{authority}{path}", url.scheme()),
            authority: HeaderValue::from_str(&authority).map_err(|_| wrong("its host can't be sent"))?,
            path,
        })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_a_host_and_a_path_and_what_is_none_says_what_is() {
        for (text, whole, authority, path) in [
            ("https://omega.example.com", "https://omega.example.com", "omega.example.com", ""),
            ("https://Omega.Example.com:443/", "https://omega.example.com", "omega.example.com", ""),
            ("http://h:8080/tools/", "http://h:8080/tools", "h:8080", "/tools"),
            ("https://[::1]:9/a/b", "https://[::1]:9/a/b", "[::1]:9", "/a/b"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.to_string().as_str(), url.authority.to_str().unwrap()), (whole, authority));
            assert_eq!((url.path.as_str(), url.is_tls), (path, text.starts_with("https")));
        }
        for wrong in ["", "omega.example.com", "ftp://h", "https://", "https://me:x@h", "https://h/?a", "https://h/#a"]
        {
            let error = wrong.parse::<PublicUrl>().unwrap_err();
            assert!(error.contains("write https://HOST"), "{wrong}: {error}");
        }
    }
}
