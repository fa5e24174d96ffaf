//! The master key: where it comes from, and what refuses it.
//!
//! The promises: it never lies beside the database; a file that others may read is refused; what was chosen and is missing
//! is refused and never replaced by another place; a key that is not the database's own is found out at the start.
//!
//! A source is a text: one key a line (or between commas), 32 bytes in base64 or hex. The first is the current key, the
//! others are older ones that still open what they wrapped; lines that begin with `#` say something to people.

use super::{
    cipher::{KEY, KeyBytes, fingerprint},
    keyring::Keyring,
};
use base64::{
    Engine as _,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
    },
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// Its account in a keyring.
const ACCOUNT: &str = "master-key";

/// Where the master key comes from. There is no way from one to another: what was chosen is used, or the server does not
/// start.
#[derive(Clone)]
pub enum MasterKeySource {
    /// The text itself (`OMEGA_MASTER_KEY`).
    Given(SecretString),
    /// A file of the operator (`--master-key-file`, a systemd credential). It must be there.
    File(PathBuf),
    /// A file of Omega's own. It is made at the first start, and gets a new key at a rotation.
    Own(PathBuf),
    /// The keyring that somebody chose. It gets its key at the first start, and a new one at a rotation.
    Keyring(Arc<dyn Keyring>),
}

/// A master key that can't be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is none, and none may be made.
    #[error(
        "the master key is missing from {place}: {reason}. Choose one: put it back; set OMEGA_MASTER_KEY (32 bytes in \
         base64 or hex); or name a file with --master-key-file (mode 0600)"
    )]
    Missing {
        /// Where it should be.
        place: String,
        reason: String,
    },
    /// Others may read the file.
    #[error("the master key {} may be read by others (mode {mode:04o}): run `chmod 600 {0}`", path.display())]
    Loose { path: PathBuf, mode: u32 },
    /// It can't be read or written.
    #[error("the master key {place} can't be used: {reason}")]
    Unusable { place: String, reason: String },
    /// Not 32 bytes.
    #[error(
        "the master key of {place} is no key (entry {entry}): it must be 32 random bytes in base64 or hex; make one with \
         `openssl rand -base64 32`"
    )]
    Malformed {
        place: String,
        /// Which of its keys, from 1.
        entry: usize,
    },
    /// Another one than the database's.
    #[error(
        "the master key of {place} is not this database's: secrets in it are sealed under key {wanted}, and {place} has \
         {found}. Give the key that the database was used with, or restore the database that belongs to this key"
    )]
    Wrong {
        place: String,
        /// Which one is needed.
        wanted: String,
        found: String,
    },
    /// The keys come from the operator, and the first is in use already.
    #[error(
        "the current key of {place} is in use already, and Omega does not change a key that it was given: put a new key \
         before it (first the new one, then the old one), and rotate again"
    )]
    NothingNew { place: String },
}

impl MasterKeySource {
    /// The keys, `None` when this is a place of Omega's own that has none yet.
    pub(super) fn load(&self) -> Result<Option<MasterKeys>, MasterKeyError> {
        let text = match self {
            Self::Given(text) => Some(text.clone()),
            Self::File(path) => match read_private(path)? {
                Some(text) => Some(text),
                None => return Err(self.missing("there is no such file")),
            },
            Self::Own(path) => read_private(path)?,
            Self::Keyring(keyring) => keyring.load(ACCOUNT).map_err(|why| self.missing(&why.to_string()))?,
        };
        text.map(|text| MasterKeys::parse(text.expose_secret(), &self.to_string())).transpose()
    }

    /// Keeps a new first key where Omega may; the older ones stay after it, so that a crash at any moment and a backup of
    /// the database still find theirs.
    pub(super) fn add(&self, key: &KeyBytes) -> Result<MasterKeys, MasterKeyError> {
        let mut lines = Zeroizing::new(String::from(
            "# Omega's master key. Without it, no stored credential can be read: keep a copy, away from the database.\n",
        ));
        let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
        lines.push_str(&encoded);
        lines.push('\n');
        if let Some(older) = self.load()? {
            for key in &older.keys {
                lines.push_str(&Zeroizing::new(STANDARD.encode(key.bytes.as_slice())));
                lines.push('\n');
            }
        }
        let failed = |reason: String| MasterKeyError::Unusable { place: self.to_string(), reason };
        match self {
            Self::Own(path) => write_private(path, &lines).map_err(|error| failed(error.to_string()))?,
            Self::Keyring(keyring) => {
                let stored = keyring.store(ACCOUNT, &SecretString::from(lines.as_str()));
                stored.map_err(|why| failed(why.to_string()))?;
            }
            Self::Given(_) | Self::File(_) => return Err(MasterKeyError::NothingNew { place: self.to_string() }),
        }
        self.load()?.ok_or_else(|| self.missing("it was written and is not there"))
    }

    /// Whether Omega makes and changes the key here.
    pub(super) fn is_own(&self) -> bool {
        matches!(self, Self::Own(_) | Self::Keyring(_))
    }

    pub(super) fn missing(&self, reason: &str) -> MasterKeyError {
        MasterKeyError::Missing { place: self.to_string(), reason: reason.to_owned() }
    }
}

impl fmt::Display for MasterKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("OMEGA_MASTER_KEY"),
            Self::File(path) | Self::Own(path) => path.display().fmt(f),
            Self::Keyring(_) => f.write_str("the keyring of this system"),
        }
    }
}

impl fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(super) struct MasterKey {
    pub id: String,
    pub bytes: KeyBytes,
}

/// The current key and the older ones; at least one.
pub(super) struct MasterKeys {
    keys: Vec<MasterKey>,
}

impl MasterKeys {
    fn parse(text: &str, place: &str) -> Result<Self, MasterKeyError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let words = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty());
        let mut keys = Vec::new();
        for (index, word) in words.enumerate() {
            let malformed = || MasterKeyError::Malformed { place: place.to_owned(), entry: index + 1 };
            let bytes = decode(word).ok_or_else(malformed)?;
            keys.push(MasterKey { id: fingerprint(&bytes), bytes });
        }
        match keys.is_empty() {
            true => Err(MasterKeyError::Malformed { place: place.to_owned(), entry: 1 }),
            false => Ok(Self { keys }),
        }
    }

    /// The one that wraps new data keys.
    pub fn current(&self) -> &MasterKey {
        &self.keys[0]
    }

    pub fn get(&self, id: &str) -> Option<&MasterKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The keys' names, for messages.
    pub fn ids(&self) -> String {
        self.keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Base64 of either alphabet, or hex. A key whose bytes are all the same is a placeholder, not a key.
fn decode(word: &str) -> Option<KeyBytes> {
    const URL_SAFE_ANY: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let bytes = if word.len() == 2 * KEY && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let pairs = (0..KEY).map(|at| u8::from_str_radix(&word[2 * at..2 * at + 2], 16));
        Zeroizing::new(pairs.collect::<Result<Vec<u8>, _>>().ok()?)
    } else {
        let decoded = STANDARD
            .decode(word)
            .or_else(|_| STANDARD_NO_PAD.decode(word))
            .or_else(|_| URL_SAFE_NO_PAD.decode(word))
            .or_else(|_| URL_SAFE_ANY.decode(word));
        Zeroizing::new(decoded.ok()?)
    };
    let key = Zeroizing::new(<[u8; KEY]>::try_from(bytes.as_slice()).ok()?);
    key.iter().any(|byte| *byte != key[0]).then_some(key)
}

/// The text of a file that only its owner may read; `None` when there is no such file.
fn read_private(path: &Path) -> Result<Option<SecretString>, MasterKeyError> {
    let unusable =
        |error: io::Error| MasterKeyError::Unusable { place: path.display().to_string(), reason: error.to_string() };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error)),
    };
    // Of the open file: what is checked is what is read.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(unusable)?.permissions().mode() & 0o7777;
        if mode & !0o600 != 0 {
            return Err(MasterKeyError::Loose { path: path.to_owned(), mode });
        }
    }
    let mut text = Zeroizing::new(String::with_capacity(4096));
    (&mut file).take(64 * 1024).read_to_string(&mut text).map_err(unusable)?;
    Ok(Some(SecretString::from(text.as_str())))
}

/// Writes a file whole or not at all, for its owner only. Of several processes that make it at once one wins at the first
/// time, and all read what that one wrote.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let new = path.with_extension(format!("new-{}", uuid::Uuid::new_v4().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    let placed = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| {
        if path.exists() {
            fs::rename(&new, path)
        } else {
            match fs::hard_link(&new, path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => fs::rename(&new, path),
                _ => fs::remove_file(&new),
            }
        }
    });
    if placed.is_err() {
        let _ = fs::remove_file(&new);
    }
    placed?;
    // The name must survive a power cut as the text does.
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::KeyringError;
    use std::sync::Mutex;

    const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const ONE_HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn given(text: &str) -> Result<MasterKeys, MasterKeyError> {
        MasterKeySource::Given(SecretString::from(text)).load().map(Option::unwrap)
    }

    #[test]
    fn a_key_reads_as_base64_of_either_alphabet_and_as_hex() {
        let bytes: [u8; KEY] = std::array::from_fn(|at| u8::try_from(255 - at).unwrap());
        let standard = STANDARD.encode(bytes);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let url = URL_SAFE_NO_PAD.encode(bytes);
        assert!(standard.contains('/') && url.contains('_'), "the alphabets differ here");
        for text in [standard.clone(), hex, url.clone(), format!("{url}="), format!(" # a key\n\n  {standard} \n")] {
            assert_eq!(*given(&text).unwrap().current().bytes, bytes, "{text}");
        }
        let two = given(&format!("{standard},{ONE}")).unwrap();
        assert_eq!(two.current().id, fingerprint(&bytes));
        assert_eq!(two.get(&given(ONE_HEX).unwrap().current().id).unwrap().id, given(ONE).unwrap().current().id);
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let zeros = STANDARD.encode([0; KEY]);
        for text in ["", "# only words", "hunter2", &ONE[1..], &zeros, &format!("{ONE}\nhunter2")] {
            let Err(error) = given(text) else { panic!("{text}") };
            assert!(matches!(error, MasterKeyError::Malformed { .. }), "{error}");
            assert!(text.is_empty() || !error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused_and_one_that_is_missing_is_not_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let source = MasterKeySource::File(path.clone());
        assert!(matches!(source.load(), Err(MasterKeyError::Missing { .. })));
        fs::write(&path, ONE).unwrap();
        for (mode, fits) in
            [(0o600, true), (0o400, true), (0o644, false), (0o640, false), (0o604, false), (0o700, false)]
        {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            match source.load() {
                Ok(_) => assert!(fits, "{mode:o}"),
                Err(error) => {
                    assert!(!fits && matches!(error, MasterKeyError::Loose { .. }), "{mode:o}: {error}");
                    assert!(error.to_string().contains("chmod 600"), "{error}");
                }
            }
        }
        let new = super::super::cipher::new_key().unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(source.add(&new), Err(MasterKeyError::NothingNew { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), ONE, "an operator's file is never written");
    }

    #[cfg(unix)]
    #[test]
    fn an_own_file_is_made_for_its_owner_only_and_keeps_the_older_keys() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/key");
        let source = MasterKeySource::Own(path.clone());
        assert!(source.load().unwrap().is_none());
        let (first, second) = (super::super::cipher::new_key().unwrap(), super::super::cipher::new_key().unwrap());
        assert_eq!(source.add(&first).unwrap().current().id, fingerprint(&first));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        let keys = source.add(&second).unwrap();
        assert_eq!(keys.current().id, fingerprint(&second));
        assert!(keys.get(&fingerprint(&first)).is_some());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_keyring_that_does_not_answer_is_an_error_that_names_the_choices() {
        struct Locked;
        impl Keyring for Locked {
            fn load(&self, _: &str) -> Result<Option<SecretString>, KeyringError> {
                Err(KeyringError::Refused("it is locked".into()))
            }
            fn store(&self, _: &str, _: &SecretString) -> Result<(), KeyringError> {
                Err(KeyringError::Refused("it is locked".into()))
            }
            fn remove(&self, _: &str) -> Result<(), KeyringError> {
                unreachable!("a master key is never removed")
            }
        }
        let Err(error) = MasterKeySource::Keyring(Arc::new(Locked)).load() else { panic!("it opened") };
        for word in ["it is locked", "OMEGA_MASTER_KEY", "--master-key-file"] {
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn a_keyring_keeps_what_a_file_would() {
        #[derive(Default)]
        struct Ring(Mutex<Option<SecretString>>);
        impl Keyring for Ring {
            fn load(&self, account: &str) -> Result<Option<SecretString>, KeyringError> {
                assert_eq!(account, "master-key");
                Ok(self.0.lock().unwrap().clone())
            }
            fn store(&self, account: &str, text: &SecretString) -> Result<(), KeyringError> {
                assert_eq!(account, "master-key");
                *self.0.lock().unwrap() = Some(text.clone());
                Ok(())
            }
            fn remove(&self, _: &str) -> Result<(), KeyringError> {
                unreachable!("a master key is never removed")
            }
        }
        let source = MasterKeySource::Keyring(Arc::new(Ring::default()));
        assert!(source.load().unwrap().is_none());
        let keys: Vec<KeyBytes> = (0..2).map(|_| super::super::cipher::new_key().unwrap()).collect();
        source.add(&keys[0]).unwrap();
        let known = source.add(&keys[1]).unwrap();
        assert_eq!(known.current().id, fingerprint(&keys[1]));
        assert!(known.get(&fingerprint(&keys[0])).is_some());
    }
}
