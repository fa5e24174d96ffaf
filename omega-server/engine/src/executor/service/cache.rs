//! `GET /cache/stats` and `POST /cache/clear`: the packages that are installed here.

use super::{Shared, answer::Refusal};
use crate::executor::{trash, tree};
use axum::{Json, extract::State};
use serde_json::{Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long clearing waits for calls to end; meanwhile new ones wait.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn stats(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refusal> {
    let folder = shared.cache_dir.clone();
    let images = blocking(move || {
        let images = images(&folder).into_iter();
        Ok(images.map(|image| json!({ "name": name(&image), "bytes": tree::size_of(&image) })).collect::<Vec<_>>())
    })
    .await?;
    let bytes: u64 = images.iter().filter_map(|image| image["bytes"].as_u64()).sum();
    Ok(Json(json!({ "success": true, "cacheSize": images.len(), "bytes": bytes, "images": images })))
}

pub async fn clear(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refusal> {
    let Ok(_alone) = tokio::time::timeout(PATIENCE, shared.packages.write()).await else {
        return Err(Refusal::unavailable("tools are running; clear the cache when they are done"));
    };
    let folder = shared.cache_dir.clone();
    let cleared = blocking(move || {
        let images = images(&folder);
        for image in &images {
            trash::take(&folder, image)?;
        }
        Ok(images.len())
    })
    .await?;
    Ok(Json(json!({ "success": true, "cleared": cleared })))
}

/// How many packages are installed.
pub async fn count(folder: &Path) -> usize {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || images(&folder).len()).await.unwrap_or_default()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Refusal::unavailable(&format!("the cache can't be changed: {error}"))),
        Err(_) => Err(Refusal::unavailable("the cache can't be read")),
    }
}

/// The folders of images; what begins with a dot is none.
fn images(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache.join("tools")).into_iter().flatten().flatten();
    let is_image = |entry: &fs::DirEntry| {
        entry.file_type().is_ok_and(|kind| kind.is_dir()) && !entry.file_name().to_string_lossy().starts_with('.')
    };
    let mut found: Vec<PathBuf> = entries.filter(is_image).map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// `@scope/name@1.2.3`.
fn name(image: &Path) -> String {
    image.file_name().unwrap_or_default().to_string_lossy().replace('+', "/")
}
