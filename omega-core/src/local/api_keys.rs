//! API keys of servers, in the operating system's keyring or, where there is none, in a file of mode 0600.
//!
//! The promises: a key that can't be kept is an error and never silently lost; the caller learns where it went; no call
//! takes longer than [`PATIENCE`], because a keyring may wait for a person who isn't there. A file beside the
//! configuration says which of the two holds the key of a server, so that a machine without a keyring is not asked again.

use super::{Dirs, private_file};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// The account of the user's own server.
pub const LOCAL: &str = "local";
/// How long the keyring may take.
pub const PATIENCE: Duration = Duration::from_secs(2);
const SERVICE: &str = "omega";

/// Where a key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStorage {
    Keyring,
    /// This file, for a reason.
    File {
        path: PathBuf,
        /// Why not the keyring.
        because: String,
    },
}

impl fmt::Display for KeyStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("the keyring of this system"),
            Self::File { path, because } => write!(f, "{} (readable by you only; {because})", path.display()),
        }
    }
}

/// A key that can't be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the credentials file {} can't be used: {cause}", path.display())]
    File { path: PathBuf, cause: io::Error },
    /// The key is in the keyring, and the keyring does not give it.
    #[error("the key is in the keyring of this system, which does not give it: {0}; unlock it, or set OMEGA_API_KEY")]
    Keyring(String),
}

/// Why the keyring can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is none.
    #[error("{0}")]
    Absent(String),
    /// There is one, and it does not do what it is asked to: it is locked, or says nothing.
    #[error("{0}")]
    Refused(String),
}

/// What the file says of one server.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    /// The key itself; missing when the keyring has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Why the keyring does not have it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    because: String,
}

/// The keys of one user.
#[derive(Debug, Clone)]
pub struct Keys {
    path: PathBuf,
    no_keyring: Option<&'static str>,
}

impl Keys {
    pub fn new(dirs: &Dirs) -> Self {
        let no_keyring = dirs.home.as_ref().map(|_| "OMEGA_HOME keeps everything in one folder");
        Self { path: dirs.config.join("credentials.json"), no_keyring }
    }

    /// Whether keys go into the keyring, and why not. Asks it, and changes nothing.
    ///
    /// # Errors
    /// Why there is none to use.
    pub fn keyring(&self) -> Result<(), Unusable> {
        self.ask(Action::Probe).map(drop)
    }

    /// A secret that may be in the keyring only.
    ///
    /// # Errors
    /// Why the keyring can't be used.
    pub fn from_keyring(&self, account: &str) -> Result<Option<SecretString>, Unusable> {
        self.ask(Action::Get(account.to_owned()))
    }

    /// Keeps a secret in the keyring, or nowhere.
    ///
    /// # Errors
    /// Why the keyring can't be used.
    pub fn to_keyring(&self, account: &str, secret: &SecretString) -> Result<(), Unusable> {
        self.ask(Action::Set(account.to_owned(), secret.clone())).map(drop)
    }

    /// Takes a secret out of the keyring, if it is there.
    ///
    /// # Errors
    /// Why the keyring can't be used.
    pub fn out_of_keyring(&self, account: &str) -> Result<(), Unusable> {
        self.ask(Action::Delete(account.to_owned())).map(drop)
    }

    fn ask(&self, action: Action) -> Result<Option<SecretString>, Unusable> {
        match self.no_keyring {
            Some(why) => Err(Unusable::Absent(why.to_owned())),
            None => in_keyring(action),
        }
    }

    /// Keeps the key of a server and says where.
    ///
    /// # Errors
    /// [`KeyError::File`] when there is no keyring and the file can't be written.
    pub fn store(&self, account: &str, key: &SecretString) -> Result<KeyStorage, KeyError> {
        let stored = match self.to_keyring(account, key) {
            Ok(()) => Stored { key: None, because: String::new() },
            Err(cause) => {
                // The user is told what; `omega doctor` tells why.
                let cause = cause.to_string();
                let because = cause.split_once(" (").map_or(cause.as_str(), |(what, _)| what).to_owned();
                Stored { key: Some(key.expose_secret().to_owned()), because }
            }
        };
        let place = self.place_of(&stored);
        self.change(|all| drop(all.insert(account.to_owned(), stored)))?;
        Ok(place)
    }

    /// Where the key of a server is kept, if one is.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn place(&self, account: &str) -> Result<Option<KeyStorage>, KeyError> {
        Ok(self.read()?.get(account).map(|stored| self.place_of(stored)))
    }

    fn place_of(&self, stored: &Stored) -> KeyStorage {
        match stored.key {
            None => KeyStorage::Keyring,
            Some(_) => KeyStorage::File { path: self.path.clone(), because: stored.because.clone() },
        }
    }

    /// The key of a server, if one is kept.
    ///
    /// # Errors
    /// The file can't be read, or the keyring that has the key does not answer.
    pub fn load(&self, account: &str) -> Result<Option<SecretString>, KeyError> {
        match self.read()?.remove(account) {
            None => Ok(None),
            Some(Stored { key: Some(key), .. }) => Ok(Some(SecretString::from(key))),
            Some(_) => in_keyring(Action::Get(account.to_owned())).map_err(KeyError::of),
        }
    }

    /// Forgets the key of a server; false when there was none.
    ///
    /// # Errors
    /// The file can't be written, or the keyring keeps its copy.
    pub fn forget(&self, account: &str) -> Result<bool, KeyError> {
        let Some(stored) = self.read()?.remove(account) else { return Ok(false) };
        if stored.key.is_none() {
            in_keyring(Action::Delete(account.to_owned())).map_err(KeyError::of)?;
        }
        self.change(|all| drop(all.remove(account)))?;
        Ok(true)
    }

    /// The servers that a key is kept for.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn accounts(&self) -> Result<Vec<String>, KeyError> {
        Ok(self.read()?.into_keys().collect())
    }

    fn read(&self) -> Result<BTreeMap<String, Stored>, KeyError> {
        let read = private_file::read(&self.path).and_then(|text| match text {
            Some(text) => serde_json::from_str(&text).map_err(io::Error::from),
            None => Ok(BTreeMap::new()),
        });
        read.map_err(|cause| self.failed(cause))
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Stored>)) -> Result<(), KeyError> {
        let written = private_file::alone(&self.path, || {
            let mut all: BTreeMap<String, Stored> = match private_file::read(&self.path)? {
                Some(text) => serde_json::from_str(&text)?,
                None => BTreeMap::new(),
            };
            change(&mut all);
            private_file::replace(&self.path, &serde_json::to_vec_pretty(&all)?)
        });
        written.map_err(|cause| self.failed(cause))
    }

    fn failed(&self, cause: io::Error) -> KeyError {
        KeyError::File { path: self.path.clone(), cause }
    }
}

impl KeyError {
    fn of(cause: Unusable) -> Self {
        Self::Keyring(cause.to_string())
    }
}

enum Action {
    Probe,
    Get(String),
    Set(String, SecretString),
    Delete(String),
}

/// Calls that nobody waits for any more and that have not ended. While there is one, the keyring is not asked again: it would
/// ask its person once more for every call, and each would leave a thread.
static LATE: AtomicUsize = AtomicUsize::new(0);

/// One call of the keyring in a thread of its own, which is left behind when it hangs.
fn in_keyring(action: Action) -> Result<Option<SecretString>, Unusable> {
    in_time(PATIENCE, action, act)
}

fn in_time(
    patience: Duration,
    action: Action,
    act: fn(Action) -> Result<Option<SecretString>, Unusable>,
) -> Result<Option<SecretString>, Unusable> {
    if LATE.load(Ordering::SeqCst) > 0 {
        return Err(Unusable::Refused(String::from("it has not answered yet; it may wait for its password")));
    }
    let (done, result) = mpsc::channel();
    // Whether one of the two sides is through with the call; the second one knows that the other is.
    let over = Arc::new(AtomicBool::new(false));
    let over_there = Arc::clone(&over);
    let asked = move || {
        // A result that comes too late is read by nobody.
        let _ = done.send(act(action));
        if over_there.swap(true, Ordering::SeqCst) {
            LATE.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let failed = |error: io::Error| Unusable::Refused(error.to_string());
    thread::Builder::new().name(String::from("keyring")).spawn(asked).map_err(failed)?;
    match result.recv_timeout(patience) {
        Ok(outcome) => return outcome,
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            return Err(Unusable::Refused(String::from("asking it failed inside of Omega")));
        }
        Err(mpsc::RecvTimeoutError::Timeout) => {}
    }
    LATE.fetch_add(1, Ordering::SeqCst);
    if over.swap(true, Ordering::SeqCst) {
        LATE.fetch_sub(1, Ordering::SeqCst);
    }
    // It may have come in the meantime.
    result.try_recv().unwrap_or_else(|_| Err(Unusable::Refused(format!("no answer within {} s", patience.as_secs()))))
}

fn act(action: Action) -> Result<Option<SecretString>, Unusable> {
    // `Entry::new` only says "no default store"; the status has the cause.
    if let Err(error) = keyring::Entry::store_status() {
        return Err(Unusable::Absent(format!("this system has no keyring ({error})")));
    }
    let refused = |error: keyring::Error| Unusable::Refused(error.to_string());
    let entry = |account: &str| keyring::Entry::new(SERVICE, account).map_err(refused);
    match action {
        Action::Probe => Ok(None),
        Action::Get(account) => match entry(&account)?.get_password() {
            Ok(key) => Ok(Some(SecretString::from(key))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        },
        Action::Set(account, key) => {
            entry(&account)?.set_password(key.expose_secret()).map_err(refused)?;
            Ok(None)
        }
        Action::Delete(account) => match entry(&account)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn without_a_keyring_a_key_is_kept_in_a_file_of_its_owner() {
        let home = tempfile::tempdir().unwrap();
        let keys = Keys::new(&Dirs::under(home.path()));
        let key = SecretString::from("tpmjs_sk_x");
        assert!(keys.load(LOCAL).unwrap().is_none());
        let KeyStorage::File { path, .. } = keys.store(LOCAL, &key).unwrap() else { panic!("there is a keyring?") };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        }
        assert_eq!(keys.load(LOCAL).unwrap().unwrap().expose_secret(), "tpmjs_sk_x");
        assert!(keys.forget(LOCAL).unwrap());
        assert!(!keys.forget(LOCAL).unwrap());
        assert!(keys.load(LOCAL).unwrap().is_none());
    }

    #[test]
    fn a_keyring_that_hangs_is_left_alone_until_it_answers() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static LOCKED: Mutex<()> = Mutex::new(());
        fn act(_: Action) -> Result<Option<SecretString>, Unusable> {
            ASKED.fetch_add(1, Ordering::SeqCst);
            let _until_unlocked = LOCKED.lock().unwrap();
            Ok(None)
        }
        let answers_again = || {
            while LATE.load(Ordering::SeqCst) > 0 {
                thread::yield_now();
            }
            in_time(Duration::from_secs(60), Action::Probe, act).unwrap();
        };
        let locked = LOCKED.lock().unwrap();
        let Err(Unusable::Refused(why)) = in_time(Duration::from_millis(50), Action::Probe, act) else { panic!() };
        assert!(why.contains("no answer"), "{why}");
        let Err(Unusable::Refused(why)) = in_time(Duration::MAX, Action::Probe, act) else { panic!() };
        assert!(why.contains("password"), "{why}");
        drop(locked);
        answers_again();
        assert_eq!(ASKED.load(Ordering::SeqCst), 2, "while it hung it was not asked again");
        // The answer and the end of the patience at once, in any order: neither of them is forgotten.
        for _ in 0..2000 {
            let _ = in_time(Duration::from_micros(40), Action::Probe, act);
        }
        answers_again();
    }

    #[test]
    fn a_broken_credentials_file_is_an_error_and_is_not_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let keys = Keys::new(&Dirs::under(home.path()));
        private_file::replace(&keys.path, b"not json").unwrap();
        assert!(keys.load(LOCAL).is_err());
        assert!(keys.store(LOCAL, &SecretString::from("k")).is_err());
        assert_eq!(std::fs::read(&keys.path).unwrap(), b"not json");
    }
}
