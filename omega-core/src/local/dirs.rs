//! Where a user's files are: under `OMEGA_HOME` if it is set, else where the platform keeps such things.

use super::Env;
use std::path::{Path, PathBuf};

/// The four folders. Nothing is made until something is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    /// `config.toml` and credentials.
    pub config: PathBuf,
    /// The database, the list of recent conversations, the log.
    pub data: PathBuf,
    /// What can be made again: tool images, a downloaded runtime.
    pub cache: PathBuf,
    /// The local server's lock and address. Beside the data on purpose and not in `XDG_RUNTIME_DIR`, which not every
    /// session of a user has: two servers must never share one database.
    pub run: PathBuf,
    /// `OMEGA_HOME`, if it moved them. Then the keyring is left alone too, so that the folder is all there is.
    pub home: Option<PathBuf>,
}

/// There is no home folder and no `OMEGA_HOME`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this user has no home folder: set OMEGA_HOME to a folder that Omega may keep its files in")]
pub struct NoHome;

impl Dirs {
    /// Decides from the environment.
    ///
    /// # Errors
    /// [`NoHome`] when neither says where.
    pub fn find(env: &Env) -> Result<Self, NoHome> {
        if let Some(home) = env.get("OMEGA_HOME") {
            // A relative path would mean another place after every `cd`; the local server changes its folder too.
            let home = std::path::absolute(home).map_err(|_| NoHome)?;
            return Ok(Self::under(&home));
        }
        let project = directories::ProjectDirs::from("", "", "omega").ok_or(NoHome)?;
        let data = project.data_local_dir().to_owned();
        Ok(Self {
            config: project.config_dir().to_owned(),
            cache: project.cache_dir().to_owned(),
            run: data.join("run"),
            data,
            home: None,
        })
    }

    /// Everything under one folder.
    pub fn under(home: &Path) -> Self {
        Self {
            config: home.join("config"),
            data: home.join("data"),
            cache: home.join("cache"),
            run: home.join("run"),
            home: Some(home.to_owned()),
        }
    }

    /// Takes from everybody else what they may do with these folders and with the databases and logs in them: what earlier
    /// versions made could be read by others, which nobody chose. What was changed. Files of the configuration stay as they
    /// are: whoever made a key readable is told.
    #[cfg(unix)]
    pub fn tighten(&self) -> Vec<PathBuf> {
        use std::{fs, os::unix::fs::PermissionsExt};
        let folders = [&self.config, &self.data, &self.cache, &self.run].map(PathBuf::clone);
        let kept = fs::read_dir(&self.data).into_iter().flatten().flatten();
        // A link leads to what somebody put elsewhere on purpose.
        let kept = kept.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path());
        let narrow = |path: &PathBuf| {
            let Ok(mode) = fs::metadata(path).map(|meta| meta.permissions().mode() & 0o7777) else { return false };
            mode & 0o077 != 0 && fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)).is_ok()
        };
        folders.into_iter().chain(kept).filter(narrow).collect()
    }

    /// Elsewhere a user's folders are the user's alone by themselves.
    #[cfg(not(unix))]
    pub fn tighten(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// What the local server wrote to its standard error.
    pub fn server_log(&self) -> PathBuf {
        self.data.join("server.log")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omega_home_moves_everything_under_one_folder() {
        let dirs = Dirs::find(&Env::of([("OMEGA_HOME", "/somewhere")])).unwrap();
        for dir in [&dirs.config, &dirs.data, &dirs.cache, &dirs.run, &dirs.config_file(), &dirs.server_log()] {
            assert!(dir.starts_with("/somewhere"), "{}", dir.display());
        }
        let relative = Dirs::find(&Env::of([("OMEGA_HOME", "somewhere")])).unwrap();
        assert!(relative.data.is_absolute());
    }

    #[cfg(unix)]
    #[test]
    fn what_an_earlier_version_left_open_is_closed_and_a_key_is_left_to_be_refused() {
        use std::{fs, os::unix::fs::PermissionsExt};
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        let elsewhere = home.path().join("elsewhere");
        let (database, key) = (dirs.data.join("server.db"), dirs.config.join("master.key"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for folder in [&dirs.data, &dirs.config] {
            fs::create_dir_all(folder).unwrap();
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for file in [&database, &key, &elsewhere] {
            fs::write(file, "x").unwrap();
            fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        }
        std::os::unix::fs::symlink(&elsewhere, dirs.data.join("link")).unwrap();
        assert_eq!(dirs.tighten(), [dirs.config.clone(), dirs.data.clone(), database.clone()]);
        assert_eq!((mode(&dirs.data), mode(&database)), (0o700, 0o600));
        assert_eq!((mode(&key), mode(&elsewhere)), (0o644, 0o644));
        assert!(dirs.tighten().is_empty());
    }
}
