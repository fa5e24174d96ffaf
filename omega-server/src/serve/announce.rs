//! What a server says on stdout.

use super::Server;
use serde_json::json;
use std::io::{self, Write};

impl Server {
    /// Says where it is, once it answers, and how a browser gets in. The key is said only when it was made just now.
    pub fn announce(&self, as_json: bool, sign_in: Option<&str>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if as_json {
            let mut line = json!({ "url": self.url, "pid": std::process::id() });
            if let Some(url) = &self.public_url {
                line["publicUrl"] = json!(url.to_string());
            }
            if let Some(key) = &self.new_key {
                line["apiKey"] = json!(key);
            }
            if let Some(link) = sign_in {
                line["signInUrl"] = json!(link);
            }
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "Omega listens on {} (page: {})", self.url, self.page())?;
            if let Some(link) = sign_in {
                writeln!(out, "Sign a browser in, once, within five minutes: {link}")?;
            }
            if let Some(key) = &self.new_key {
                writeln!(out, "API key, shown only now: {key}")?;
            }
        }
        out.flush()
    }
}

/// Writes a text to stdout.
pub fn say(text: &str) -> io::Result<()> {
    io::stdout().lock().write_all(text.as_bytes())
}
