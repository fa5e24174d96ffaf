//! Whom clients trust: real handshakes with a server whose certificate an authority of its own signed.

use omega_core::{
    net::{self, Roots},
    testing::{Raw, RawAnswer, TlsFront},
};
use serde_json::json;
use std::{fs, path::PathBuf};

/// What a client with these roots hears.
async fn asks(roots: &Roots, url: &str) -> Result<String, String> {
    let trust = roots.read();
    let client = trust.client().no_proxy().build().unwrap();
    match client.get(url).send().await {
        Ok(response) => Ok(response.text().await.unwrap()),
        Err(error) => Err(net::reason_of(&error, &trust)),
    }
}

#[tokio::test]
async fn an_authority_of_one_s_own_is_trusted_by_each_of_its_variables() {
    let server = Raw::start(|_| RawAnswer::json(200, &json!("hello"))).await;
    let (front, other) = (TlsFront::start(server.url()).await, TlsFront::start(server.url()).await);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    let own = at("own.pem", front.authority());
    let others = at("others.pem", other.authority());
    let bundle = at("bundle.pem", &format!("# ours\n{}\n{}", other.authority(), front.authority()));
    let inside = at("certs/own.pem", front.authority()).parent().unwrap().to_owned();
    let none = at("none/readme.txt", "nothing").parent().unwrap().to_owned();
    let folders = |paths: &[&PathBuf]| Some(std::env::join_paths(paths).unwrap());
    for (what, roots) in [
        ("SSL_CERT_FILE", Roots { file: Some(own.clone()), ..Roots::default() }),
        ("a bundle", Roots { file: Some(bundle), ..Roots::default() }),
        ("SSL_CERT_DIR", Roots { folders: folders(&[&inside]), ..Roots::default() }),
        ("several folders", Roots { folders: folders(&[&none, &inside]), ..Roots::default() }),
        ("NODE_EXTRA_CA_CERTS", Roots { extra: Some(own.clone()), ..Roots::default() }),
        ("beside another", Roots { file: Some(others.clone()), extra: Some(own.clone()), ..Roots::default() }),
        // A variable that is wrong takes nothing from one that is right.
        (
            "beside a wrong one",
            Roots { file: Some(folder.path().join("gone.pem")), extra: Some(own.clone()), ..Roots::default() },
        ),
    ] {
        assert_eq!(asks(&roots, front.url()).await.as_deref(), Ok("\"hello\""), "{what}");
    }
    for (what, roots, words) in [
        ("nothing", Roots::default(), "NODE_EXTRA_CA_CERTS"),
        ("another's", Roots { file: Some(others), ..Roots::default() }, "SSL_CERT_FILE"),
        ("no file", Roots { file: Some(folder.path().join("gone.pem")), ..Roots::default() }, "gone.pem"),
        (
            "no certificate",
            Roots { extra: Some(none.join("readme.txt")), ..Roots::default() },
            "NODE_EXTRA_CA_CERTS has no certificate",
        ),
    ] {
        let error = asks(&roots, front.url()).await.unwrap_err();
        assert!(error.contains("UnknownIssuer") && error.contains(words), "{what}: {error}");
    }
    // Another name than the certificate's is refused by whoever trusts its authority.
    let wrong = front.url().replace("localhost", "[::ffff:127.0.0.1]");
    let error = asks(&Roots { extra: Some(own), ..Roots::default() }, &wrong).await.unwrap_err();
    assert!(!error.contains("NODE_EXTRA_CA_CERTS"), "{error}");
}
