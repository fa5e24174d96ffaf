//! The file that a result goes to: as a whole or not at all.

use crate::exit::Failure;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// A file that can be written, as far as can be known before.
pub struct OutputFile {
    path: PathBuf,
}

impl OutputFile {
    /// Checked before anything is asked: an answer that can't be kept was paid for in vain.
    pub fn at(path: PathBuf) -> Result<Self, Failure> {
        let place = path.display();
        if path.is_dir() {
            return Err(Failure::usage(format!("--output: {place} is a folder")).hint("name a file in it"));
        }
        if !folder(&path).is_dir() {
            return Err(Failure::usage(format!("--output: the folder of {place} is not there")).hint("make it first"));
        }
        Ok(Self { path })
    }

    /// Replaces the file. What is no plain file, such as a pipe or a terminal, is written to.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let written = if self.path.exists() && !self.path.is_file() {
            std::fs::OpenOptions::new()
                .write(true)
                .open(&self.path)
                .and_then(|mut file| file.write_all(text.as_bytes()))
        } else {
            self.replace(text)
        };
        written.map_err(|error| Failure::usage(format!("--output: {} can't be written: {error}", self.path.display())))
    }

    fn replace(&self, text: &str) -> std::io::Result<()> {
        // A link stays a link: the file behind it is the one that was meant.
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let mut file = tempfile::Builder::new().permissions(permissions(&path)?).tempfile_in(folder(&path))?;
        file.write_all(text.as_bytes())?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Those of the file that is replaced, else what the user's mask leaves of the usual ones.
#[cfg(unix)]
fn permissions(path: &Path) -> std::io::Result<std::fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;
    match path.metadata() {
        Ok(known) => Ok(known.permissions()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(std::fs::Permissions::from_mode(0o666)),
        Err(error) => Err(error),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_what_can_not_be_one_is_said_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("answer.txt");
        let file = OutputFile::at(path.clone()).unwrap();
        file.write("one, long").unwrap();
        file.write("two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left there");
        for wrong in [dir.path().to_owned(), dir.path().join("none/answer.txt")] {
            assert_eq!(OutputFile::at(wrong).map(drop).unwrap_err().exit_code(), 2);
        }
        OutputFile::at("/dev/null".into()).unwrap().write("gone").unwrap();
    }
}
