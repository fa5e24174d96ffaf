//! Changing the user's configuration file without touching what a person wrote there.

use super::private_file;
use std::{io, path::Path};
use toml_edit::{DocumentMut, value};

/// Sets a setting at the top of the file, or takes it away. Comments and order stay.
///
/// # Errors
/// The file can't be read or written, or is no TOML.
pub fn set(file: &Path, name: &str, new: Option<&str>) -> io::Result<()> {
    private_file::alone(file, || {
        let text = private_file::read(file)?.unwrap_or_default();
        let mut document: DocumentMut = text.parse().map_err(io::Error::other)?;
        match new {
            Some(new) => document[name] = value(new),
            None => drop(document.remove(name)),
        }
        private_file::replace(file, document.to_string().as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a/config.toml");
        set(&file, "server", Some("http://x")).unwrap();
        let text = "# mine\nmodel = 'a/b' # best\n\n[profiles.work]\nmodel = 'c/d'\n";
        std::fs::write(&file, text).unwrap();
        set(&file, "server", Some("http://y")).unwrap();
        assert!(std::fs::read_to_string(&file).unwrap().contains("server = \"http://y\"\n\n[profiles.work]"));
        set(&file, "server", None).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}
