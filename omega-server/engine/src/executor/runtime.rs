//! Deno: found where it is, or provided. In this order: the configured path (`OMEGA_DENO`), `deno` on PATH if it is new enough and
//! really refuses what it is told to refuse, the cache, npm, pip. Whoever needs it first waits for it; it is provided once.

use super::{
    deno::{Deno, OLDEST, probe},
    deno_download::{PINNED, SOURCES, provide},
    lock,
};
use crate::domain::boxed;
use omega_core::executor::{ToolError, ToolErrorCode};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// Told to people who wait: what is being fetched.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// How long a failure to provide it is not tried again.
const FAILURE_KEPT: Duration = Duration::from_secs(60);

pub struct Runtime {
    configured: Option<PathBuf>,
    cache: PathBuf,
    progress: Progress,
    found: OnceCell<Deno>,
    failed: Mutex<Option<(Instant, ToolError)>>,
}

impl Runtime {
    /// `configured` is `OMEGA_DENO`.
    pub fn new(configured: Option<PathBuf>, cache: &Path, progress: Progress) -> Self {
        Self { configured, cache: cache.join("runtime"), progress, found: OnceCell::new(), failed: Mutex::default() }
    }

    /// Deno, provided if need be.
    pub async fn deno(&self) -> Result<&Deno, ToolError> {
        self.found.get_or_try_init(|| self.find_or_provide()).await
    }

    /// Deno if it is here already, without fetching anything.
    pub async fn present(&self) -> Option<Deno> {
        if let Some(deno) = self.found.get() {
            return Some(deno.clone());
        }
        let deno = self.find(&mut Vec::new()).await.ok().flatten()?;
        // Another may have been quicker, with the same.
        let _ = self.found.set(deno.clone());
        Some(deno)
    }

    #[boxed]
    async fn find_or_provide(&self) -> Result<Deno, ToolError> {
        let mut searched = Vec::new();
        if let Some(deno) = self.find(&mut searched).await? {
            return Ok(deno);
        }
        if let Some(error) = self.recent_failure() {
            return Err(error);
        }
        let _lock = lock::acquire(&self.cache.join("lock")).await.map_err(|error| {
            unavailable(&[format!("the cache folder {} can't be used: {error}", self.cache.display())])
        })?;
        // Somebody else may have provided it while we waited.
        if let Some(deno) = self.cached() {
            return Ok(deno);
        }
        match self.provide(&mut searched).await {
            Some(deno) => Ok(deno),
            None => {
                let error = unavailable(&searched);
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Why it could not be provided a moment ago: a machine without network is not asked again with every call.
    pub fn recent_failure(&self) -> Option<ToolError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().filter(|(at, _)| at.elapsed() < FAILURE_KEPT).map(|(_, error)| error.clone())
    }

    async fn find(&self, searched: &mut Vec<String>) -> Result<Option<Deno>, ToolError> {
        if let Some(path) = &self.configured {
            // Asked for by name: another one in its place would surprise.
            return match probe(path).await {
                Ok(deno) => Ok(Some(deno)),
                Err(why) => Err(unavailable(&[format!("OMEGA_DENO={}: {why}", path.display())])),
            };
        }
        match on_path("deno") {
            None => searched.push("PATH: no deno".to_owned()),
            Some(path) => match probe(&path).await {
                Ok(deno) => return Ok(Some(deno)),
                Err(why) => searched.push(format!("{}: {why}", path.display())),
            },
        }
        let cached = self.cached();
        if cached.is_none() {
            searched.push(format!("{}: not there", self.binary().display()));
        }
        Ok(cached)
    }

    fn binary(&self) -> PathBuf {
        self.cache.join(format!("deno-{PINNED}")).join("deno")
    }

    fn cached(&self) -> Option<Deno> {
        let path = self.binary();
        // It was tried before it got there.
        path.is_file().then(|| Deno { path, version: PINNED.to_owned() })
    }

    async fn provide(&self, searched: &mut Vec<String>) -> Option<Deno> {
        for source in SOURCES {
            if on_path(source.program()).is_none() {
                searched.push(format!("{}: {} is not installed", source.name(), source.program()));
                continue;
            }
            let note = format!("getting Deno {PINNED}, which runs the tools, by {} (about 40 MB, once)", source.name());
            (self.progress)(&note);
            let draft = self.cache.join(format!("tmp-{}", uuid::Uuid::new_v4()));
            let provided = provide(source, &draft, &self.binary()).await;
            // A draft that stays behind only takes room.
            let _ = tokio::fs::remove_dir_all(&draft).await;
            match provided {
                Ok(deno) => return Some(deno),
                Err(why) => searched.push(format!("{}: {why}", source.name())),
            }
        }
        None
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn unavailable(searched: &[String]) -> ToolError {
    let message = format!(
        "Omega's local executor needs Deno {}.{} or newer. Install it (`npm install -g deno`, `pip install deno`, or your package \
         manager), set OMEGA_DENO to it, or use a remote executor with OMEGA_EXECUTOR_URL. Searched: {}",
        OLDEST.0,
        OLDEST.1,
        searched.join("; ")
    );
    ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_configured_deno_that_is_none_is_an_error_that_names_it() {
        let cache = tempfile::tempdir().unwrap();
        let runtime = Runtime::new(Some("/nonexistent/deno".into()), cache.path(), Arc::new(|_| {}));
        let error = runtime.deno().await.unwrap_err();
        assert_eq!(error.code, ToolErrorCode::RuntimeUnavailable);
        assert!(error.message.contains("OMEGA_DENO=/nonexistent/deno"), "{}", error.message);
    }
}
