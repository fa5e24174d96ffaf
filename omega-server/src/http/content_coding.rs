//! Which coding of a content a client takes (RFC 9110, 12.5.3).

use axum::http::{HeaderMap, header};

/// A coding that we can send, the one that packs best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    /// Its name in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    fn is_named(self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.as_str()) || self == Self::Gzip && name.eq_ignore_ascii_case("x-gzip")
    }
}

/// The coding among these that the client likes best; of equals the first. `None`: as it is.
pub fn best(request: &HeaderMap, offered: impl IntoIterator<Item = Coding>) -> Option<Coding> {
    let weights = Weights::of(request);
    let mut found = None;
    // What was not named may be sent, and is liked less than whatever is.
    let mut most = weights.named(|name| name.eq_ignore_ascii_case("identity")).unwrap_or(0.0);
    for coding in offered {
        let weight = weights.named(|name| coding.is_named(name)).or(weights.any).unwrap_or(0.0);
        let is_better = if found.is_none() { weight >= most && weight > 0.0 } else { weight > most };
        if is_better {
            (found, most) = (Some(coding), weight);
        }
    }
    found
}

/// What an `Accept-Encoding` says.
struct Weights<'a> {
    named: Vec<(&'a str, f32)>,
    any: Option<f32>,
}

impl<'a> Weights<'a> {
    fn of(request: &'a HeaderMap) -> Self {
        let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let mut weights = Self { named: Vec::new(), any: None };
        for coding in values.flat_map(|value| value.split(',')) {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()).unwrap_or(1.0);
            match name.trim() {
                "*" => weights.any = Some(weight),
                name => weights.named.push((name, weight)),
            }
        }
        weights
    }

    fn named(&self, is_it: impl Fn(&str) -> bool) -> Option<f32> {
        self.named.iter().find(|(name, _)| is_it(name)).map(|(_, weight)| *weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Coding::{Brotli, Gzip};

    #[test]
    fn a_client_gets_the_coding_that_it_likes_best() {
        for (accepts, both, gzip_alone) in [
            (None, None, None),
            (Some(""), None, None),
            (Some("gzip"), Some(Gzip), Some(Gzip)),
            (Some("gzip, deflate, br, zstd"), Some(Brotli), Some(Gzip)),
            (Some("br;q=0.5, GZIP"), Some(Gzip), Some(Gzip)),
            (Some("br"), Some(Brotli), None),
            (Some("*"), Some(Brotli), Some(Gzip)),
            (Some("*;q=0.1, br;q=0"), Some(Gzip), Some(Gzip)),
            (Some("x-gzip"), Some(Gzip), Some(Gzip)),
            (Some("identity"), None, None),
            (Some("identity, gzip;q=0.5"), None, None),
            (Some("identity;q=0.5, gzip"), Some(Gzip), Some(Gzip)),
            (Some("gzip;q=0, *"), Some(Brotli), None),
            (Some("gzip; q=0.0"), None, None),
            (Some("*;q=0"), None, None),
            (Some("gzipped"), None, None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accepts) = accepts {
                headers.insert(header::ACCEPT_ENCODING, accepts.parse().unwrap());
            }
            assert_eq!(best(&headers, [Brotli, Gzip]), both, "{accepts:?}");
            assert_eq!(best(&headers, [Gzip]), gzip_alone, "{accepts:?}");
        }
    }
}
