//! Users of a server: each with a key, a client and, where it is wanted, a browser's session.

use super::Omega;
use omega_core::{
    api::{CreateUser, User},
    client::Client,
};
use reqwest::{Method, RequestBuilder, header};
use secrecy::SecretString;
use serde_json::json;

pub struct Person {
    pub user: User,
    pub key: String,
    pub client: Client,
    url: String,
    http: reqwest::Client,
}

impl Person {
    /// Made by the server's administrator.
    pub async fn new(omega: &Omega, name: &str, email: Option<&str>) -> Self {
        let body = CreateUser { name: name.into(), email: email.map(str::to_owned) };
        let made = omega.client.create_user(&body).await.unwrap();
        let client = Client::new(&omega.url, SecretString::from(made.key.key.clone())).unwrap();
        Self { user: made.user, key: made.key.key, client, url: omega.url.clone(), http: omega.http.clone() }
    }

    /// A plain request with the key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }
}

/// Signs a browser in with a key, and gives its cookie.
pub async fn sign_in(omega: &Omega, key: &str) -> String {
    let request = omega.http.post(format!("{}/api/omega/session", omega.url)).json(&json!({ "apiKey": key }));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// The routes of the API's description: method and path.
pub async fn routes(omega: &Omega) -> Vec<(Method, String)> {
    let response = omega.http.get(format!("{}/api/omega/openapi.json", omega.url)).send().await.unwrap();
    let document: serde_json::Value = response.json().await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            routes.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    routes
}
