//! An npm registry on loopback, with packages made on the fly.

use super::tarball;
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use base64::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// Ends with its owner.
pub struct Registry {
    pub url: String,
    shelf: Arc<Shelf>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shelf {
    packages: Mutex<BTreeMap<String, Vec<Published>>>,
    /// What else is said of packages: when they were published, and how often they were fetched in a week.
    told: Mutex<BTreeMap<String, (Value, u64)>>,
    downloads: Mutex<Vec<String>>,
    /// Packages whose document nobody gets until the other end is dropped.
    held: Mutex<BTreeMap<String, watch::Receiver<()>>>,
}

struct Published {
    manifest: Value,
    tarball: Bytes,
}

impl Registry {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let shelf = Arc::new(Shelf::default());
        let app = Router::new().route("/{*path}", get(answer)).with_state((shelf.clone(), url.clone()));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, shelf, server }
    }

    /// Publishes a version; `manifest` is added to its name and version, and `index.mjs` is its module.
    pub fn publish(&self, name: &str, version: &str, manifest: Value, script: &str) {
        let whole = described(name, version, &manifest);
        let tarball = tarball::packed(|tarball| {
            tarball.file("package/package.json", whole.to_string().as_bytes())?;
            tarball.file("package/index.mjs", script.as_bytes())
        });
        self.put(name, version, whole, tarball);
    }

    /// Publishes a package of several files.
    pub fn publish_files(&self, name: &str, version: &str, manifest: Value, files: &[(&str, String)]) {
        let whole = described(name, version, &manifest);
        let tarball = tarball::packed(|tarball| {
            tarball.file("package/package.json", whole.to_string().as_bytes())?;
            files.iter().try_for_each(|(path, text)| tarball.file(&format!("package/{path}"), text.as_bytes()))
        });
        self.put(name, version, whole, tarball);
    }

    /// Publishes any tarball.
    pub fn publish_tarball(&self, name: &str, manifest: Value, tarball: Vec<u8>) {
        self.put(name, "1.0.0", described(name, "1.0.0", &manifest), tarball);
    }

    fn put(&self, name: &str, version: &str, mut manifest: Value, tarball: Vec<u8>) {
        // A tarball may say that it is another version; the registry knows what was published.
        manifest["version"] = json!(version);
        let published = Published { manifest, tarball: tarball.into() };
        self.shelf.packages.lock().unwrap().entry(name.to_owned()).or_default().push(published);
    }

    /// Says of a package when its versions were published (`time` of its document), and its downloads in a week.
    pub fn tell(&self, name: &str, time: Value, weekly: u64) {
        self.shelf.told.lock().unwrap().insert(name.to_owned(), (time, weekly));
    }

    /// Takes a package away.
    pub fn withdraw(&self, name: &str) {
        self.shelf.packages.lock().unwrap().remove(name);
    }

    /// Gives nobody a package's document as long as this lives.
    pub fn hold(&self, name: &str) -> watch::Sender<()> {
        let (holds, held) = watch::channel(());
        self.shelf.held.lock().unwrap().insert(name.to_owned(), held);
        holds
    }

    /// Tarballs that were fetched, as `name@version`.
    pub fn downloads(&self) -> Vec<String> {
        self.shelf.downloads.lock().unwrap().clone()
    }

    /// From now on nobody answers.
    pub fn stop(&self) {
        self.server.abort();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A `package.json`.
pub fn described(name: &str, version: &str, more: &Value) -> Value {
    let mut whole = json!({ "name": name, "version": version, "type": "module", "exports": "./index.mjs" });
    for (key, value) in more.as_object().into_iter().flatten() {
        whole[key] = value.clone();
    }
    whole
}

/// `NAME` answers with its versions, `tarballs/NAME/VERSION.tgz` with one.
async fn answer(State((shelf, url)): State<(Arc<Shelf>, String)>, Path(path): Path<String>) -> Response {
    let held = shelf.held.lock().unwrap().get(&path).cloned();
    if let Some(mut held) = held {
        while held.changed().await.is_ok() {}
    }
    let packages = shelf.packages.lock().unwrap();
    if let Some((name, version)) =
        path.strip_prefix("tarballs/").and_then(|rest| rest.strip_suffix(".tgz")?.rsplit_once('/'))
    {
        let found = packages.get(name).into_iter().flatten().find(|published| published.manifest["version"] == version);
        let Some(found) = found else { return StatusCode::NOT_FOUND.into_response() };
        shelf.downloads.lock().unwrap().push(format!("{name}@{version}"));
        return found.tarball.clone().into_response();
    }
    let told = shelf.told.lock().unwrap();
    if path == "-/v1/search" {
        let found = |(name, (_, weekly)): (&String, &(Value, u64))| json!({ "package": { "name": name }, "downloads": { "weekly": weekly, "monthly": 4 * weekly } });
        return axum::Json(json!({ "objects": told.iter().map(found).collect::<Vec<_>>() })).into_response();
    }
    let Some(published) = packages.get(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let mut versions = json!({});
    let mut latest = String::new();
    for Published { manifest, tarball } in published {
        latest = manifest["version"].as_str().unwrap().to_owned();
        let integrity = format!("sha512-{}", base64::engine::general_purpose::STANDARD.encode(Sha512::digest(tarball)));
        versions[&latest] = manifest.clone();
        versions[&latest]["dist"] =
            json!({ "tarball": format!("{url}tarballs/{path}/{latest}.tgz"), "integrity": integrity });
    }
    let time = told.get(&path).map_or(Value::Null, |(time, _)| time.clone());
    axum::Json(json!({ "name": path, "dist-tags": { "latest": latest }, "versions": versions, "time": time }))
        .into_response()
}
