//! The built page, as `build.rs` embedded it.

use super::coded::Coded;
use axum::http::HeaderValue;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A name, the bytes, and the bytes in gzip and in brotli where that is smaller.
type Built = (&'static str, &'static [u8], Option<&'static [u8]>, Option<&'static [u8]>);

/// Each file of `web/dist`.
static FILES: &[Built] = include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// Their validators: content that never changes is hashed once, however often anybody asks.
static TAGS: LazyLock<Vec<HeaderValue>> =
    LazyLock::new(|| FILES.iter().map(|(_, content, ..)| etag(content)).collect());

/// One file of the page.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    name: &'static str,
    pub coded: Coded,
}

impl Asset {
    /// Its media type, by its name's ending. The list is what `web/build.mjs` makes.
    pub fn media_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            "html" => "text/html; charset=utf-8",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }
}

/// The names of all files.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, ..)| *name)
}

/// The file of this name.
pub fn find(name: &str) -> Option<Asset> {
    let mut files = FILES.iter().zip(TAGS.iter());
    let ((name, plain, gzip, brotli), etag) = files.find(|((known, ..), _)| *known == name)?;
    Some(Asset { name, coded: Coded { plain, gzip: *gzip, brotli: *brotli, etag } })
}

/// A strong validator: the content's SHA-256, cut at 128 bits.
pub fn etag(content: &[u8]) -> HeaderValue {
    let mut tag = String::from("\"");
    for byte in Sha256::digest(content).iter().take(16) {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))
}
