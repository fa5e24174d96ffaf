//! Where the sentence encoder's files lie, and how they come there: fetched from their public address, or from a folder.
//!
//! The promise: a file that is there under its name is whole and the one that is meant, by its SHA-256; what is fetched lies beside
//! it until that is known.

use futures_util::StreamExt;
use omega_core::net;
use omega_search::encoder::{VOCABULARY, WEIGHTS};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// Where the model is published.
pub const ADDRESS: &str = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main";

/// A file of the model.
#[derive(Debug)]
pub struct Part {
    pub name: &'static str,
    sha256: &'static str,
    /// Bytes.
    pub size: u64,
}

/// All of them.
pub const PARTS: [Part; 2] = [
    Part {
        name: VOCABULARY,
        sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        size: 466_247,
    },
    Part {
        name: WEIGHTS,
        sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        size: 90_868_376,
    },
];

/// How long an answer may take to begin, and each piece of it to come.
const PIECE: Duration = Duration::from_secs(60);

/// Why the model could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("`{0}` is no address: give one as https://HOST/PATH")]
    BadAddress(String),
    #[error("{0} can't be fetched: {1}")]
    Unreachable(String, String),
    #[error("{0} can't be fetched: the answer is {1}")]
    Refused(String, u16),
    #[error("{0} is another file than the one that is meant (its SHA-256 is {1}); nothing was kept")]
    Other(String, String),
    #[error("{0}: {1}")]
    Folder(String, io::Error),
}

/// What is known of the files in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Whole,
    /// Not all of them, or not these.
    Damaged,
    Missing,
}

/// Where a server with that cache folder looks for the model.
#[must_use]
pub fn folder(cache: &Path) -> PathBuf {
    cache.join("models").join("all-MiniLM-L6-v2")
}

/// Whether the model is in a folder. Reads all of it.
#[must_use]
pub fn kept(folder: &Path) -> Kept {
    let there = PARTS.iter().map(|part| hash_of(&folder.join(part.name)).ok().map(|hash| hash == part.sha256));
    match there.collect::<Vec<_>>().as_slice() {
        parts if parts.iter().all(Option::is_none) => Kept::Missing,
        parts if parts.iter().all(|part| *part == Some(true)) => Kept::Whole,
        _ => Kept::Damaged,
    }
}

/// Fetches what is missing from an address, and tells how many bytes of all have come.
///
/// # Errors
/// When a file can't be had, is another one, or can't be kept. What is there stays.
pub async fn fetch(address: &str, folder: &Path, told: impl Fn(u64, u64)) -> Result<(), FetchError> {
    let base: reqwest::Url = address.parse().map_err(|_| FetchError::BadAddress(address.to_owned()))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(FetchError::BadAddress(address.to_owned()));
    }
    let client = net::client_of(&base)
        .read_timeout(PIECE)
        .build()
        .map_err(|error| FetchError::Unreachable(address.to_owned(), net::reason(&error)))?;
    let (mut come, all) = (0, PARTS.iter().map(|part| part.size).sum());
    for part in &PARTS {
        if hash_of(&folder.join(part.name)).is_ok_and(|hash| hash == part.sha256) {
            come += part.size;
            continue;
        }
        let url = format!("{}/{}", address.trim_end_matches('/'), part.name);
        let unreachable = |error: &reqwest::Error| FetchError::Unreachable(url.clone(), net::reason(error));
        let answer = client.get(&url).send().await.map_err(|error| unreachable(&error))?;
        if !answer.status().is_success() {
            return Err(FetchError::Refused(url, answer.status().as_u16()));
        }
        let mut coming = Coming::new(folder, part)?;
        let mut pieces = answer.bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| unreachable(&error))?;
            come += u64::try_from(piece.len()).unwrap_or(0);
            coming.write(&piece)?;
            told(come, all);
        }
        coming.keep()?;
    }
    Ok(())
}

/// Takes the model from another folder.
///
/// # Errors
/// As [`fetch`].
pub fn copy(from: &Path, folder: &Path) -> Result<(), FetchError> {
    for part in &PARTS {
        let source = from.join(part.name);
        let unreadable = |error| FetchError::Folder(source.display().to_string(), error);
        let (mut file, mut coming) = (File::open(&source).map_err(unreadable)?, Coming::new(folder, part)?);
        let mut piece = vec![0; 1 << 20];
        loop {
            match file.read(&mut piece).map_err(unreadable)? {
                0 => break,
                read => coming.write(&piece[..read])?,
            }
        }
        coming.keep()?;
    }
    Ok(())
}

/// Takes the model away; false when there was none.
///
/// # Errors
/// When it can't be taken away.
pub fn remove(folder: &Path) -> Result<bool, FetchError> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FetchError::Folder(folder.display().to_string(), error)),
    }
}

/// A file that has not all come yet. It is gone when it is dropped before it is kept.
struct Coming<'p> {
    file: tempfile::NamedTempFile,
    hash: Sha256,
    size: u64,
    path: PathBuf,
    part: &'p Part,
}

impl<'p> Coming<'p> {
    fn new(folder: &Path, part: &'p Part) -> Result<Self, FetchError> {
        let failed = |error| FetchError::Folder(folder.display().to_string(), error);
        fs::create_dir_all(folder).map_err(failed)?;
        let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        Ok(Self { file, hash: Sha256::new(), size: 0, path: folder.join(part.name), part })
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), FetchError> {
        self.size += u64::try_from(piece.len()).unwrap_or(0);
        if self.size > self.part.size {
            return Err(FetchError::Other(self.part.name.to_owned(), String::from("of a larger file")));
        }
        self.hash.update(piece);
        self.file.write_all(piece).map_err(|error| FetchError::Folder(self.path.display().to_string(), error))
    }

    fn keep(self) -> Result<(), FetchError> {
        let hash = hex::encode(self.hash.finalize());
        if hash != self.part.sha256 {
            return Err(FetchError::Other(self.part.name.to_owned(), hash));
        }
        let failed = |error| FetchError::Folder(self.path.display().to_string(), error);
        self.file.as_file().sync_all().map_err(failed)?;
        self.file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

fn hash_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    io::copy(&mut file, &mut hash)?;
    Ok(hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// A server that answers everything with these bytes.
    async fn answers(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/model", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(&answer).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn what_is_not_the_model_is_not_kept_and_says_why() {
        let ok = |length: usize, body: &str| {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
        };
        for (answer, said) in [
            (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(), "the answer is 404"),
            (ok(5, "<htm>"), "is another file"),
            (ok(500_000, "cut"), "can't be fetched"),
            (ok(600_000, &"x".repeat(600_000)), "is another file"),
        ] {
            let cache = tempfile::tempdir().unwrap();
            let folder = folder(cache.path());
            let address = answers(answer).await;
            let error = fetch(&address, &folder, |_, _| {}).await.unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
            assert_eq!(kept(&folder), Kept::Missing);
            assert_eq!(fs::read_dir(&folder).map_or(0, Iterator::count), 0, "nothing stays behind");
        }
        let error = fetch("file:///etc", Path::new("/nowhere"), |_, _| {}).await.unwrap_err();
        assert!(matches!(error, FetchError::BadAddress(_)));
    }

    #[test]
    fn a_folder_is_taken_whole_or_not_at_all() {
        let cache = tempfile::tempdir().unwrap();
        let folder = folder(cache.path());
        assert!(matches!(copy(cache.path(), &folder), Err(FetchError::Folder(..))));
        for part in &PARTS {
            fs::write(cache.path().join(part.name), "{}").unwrap();
        }
        assert!(matches!(copy(cache.path(), &folder), Err(FetchError::Other(..))));
        assert_eq!(kept(&folder), Kept::Missing);
        assert_eq!(kept(cache.path()), Kept::Damaged);
        assert!(remove(&folder).unwrap() && !remove(&folder).unwrap());
        if let Some(model) = std::env::var_os("OMEGA_TEST_MODEL") {
            copy(Path::new(&model), &folder).unwrap();
            assert_eq!(kept(&folder), Kept::Whole);
        }
    }
}
