//! TLS in front of another server, with a certificate that an authority of its own signed, as companies have it.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use std::sync::Arc;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// The front; it ends with this.
pub struct TlsFront {
    url: String,
    authority: String,
    task: JoinHandle<()>,
}

impl TlsFront {
    /// Stands in front of `to`, the `http://` address of a server on this machine, as `localhost`.
    ///
    /// # Panics
    /// When no certificate can be made, or this machine has no loopback port left.
    #[allow(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn start(to: &str) -> Self {
        let to =
            to.trim_start_matches("http://").trim_end_matches('/').split('/').next().unwrap_or_default().to_owned();
        let mut params = CertificateParams::new(Vec::new()).expect("an authority without names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Two authorities of one name would be taken for one that signs wrongly.
        let name = format!("An authority of a test {}", uuid::Uuid::new_v4());
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let authority_key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&authority_key).expect("a certificate").pem();
        let issuer = Issuer::new(params, authority_key);
        let key = KeyPair::generate().expect("a key");
        let names = vec![String::from("localhost"), String::from("127.0.0.1")];
        let certificate =
            CertificateParams::new(names).expect("names").signed_by(&key, &issuer).expect("a signed certificate");
        let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .expect("the certificate fits its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let url = format!("https://localhost:{}", listener.local_addr().expect("its address").port());
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, to) = (acceptor.clone(), to.clone());
                tokio::spawn(async move {
                    // Whoever does not trust the certificate hangs up here.
                    let Ok(mut socket) = acceptor.accept(socket).await else { return };
                    let Ok(mut inner) = TcpStream::connect(to).await else { return };
                    let _ = copy_bidirectional(&mut socket, &mut inner).await;
                });
            }
        });
        Self { url, authority, task }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The authority's certificate, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}
