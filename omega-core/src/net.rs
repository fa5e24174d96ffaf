//! How this program reaches others over HTTP: every client of it begins here.
//!
//! Whom it trusts is what a machine's other programs trust: `SSL_CERT_FILE` and `SSL_CERT_DIR` in place of the system's store,
//! as OpenSSL has it; else the system's store beside Mozilla's list, which is compiled in for systems that have none; and
//! `NODE_EXTRA_CA_CERTS` beside either. What can't be read is no reason not to start: it is told where a certificate is refused.
//! The certificates are read once, when the first client needs them.
//!
//! Proxies are those of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`); this machine itself is reached
//! without one, because no proxy can.

use reqwest::{Client, ClientBuilder, Url};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use std::{env, error::Error, ffi::OsString, net::IpAddr, path::PathBuf, sync::OnceLock};

/// Variables that say how others are reached.
pub const VARIABLES: [&str; 11] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Where certificates of authorities are.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    /// `SSL_CERT_FILE`: a PEM file, in place of the system's store.
    pub file: Option<PathBuf>,
    /// `SSL_CERT_DIR`: folders of such files, in place of the system's store.
    pub folders: Option<OsString>,
    /// `NODE_EXTRA_CA_CERTS`: a PEM file, beside whatever else is trusted.
    pub extra: Option<PathBuf>,
}

impl Roots {
    /// What the process's environment says.
    pub fn from_process() -> Self {
        let value = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        Self {
            file: value("SSL_CERT_FILE").map(PathBuf::from),
            folders: value("SSL_CERT_DIR"),
            extra: value("NODE_EXTRA_CA_CERTS").map(PathBuf::from),
        }
    }

    pub fn read(&self) -> Trust {
        let mut trust = Reading::default();
        if let Some(file) = &self.file {
            trust.take("SSL_CERT_FILE", rustls_native_certs::load_certs_from_paths(Some(file), None));
        }
        for folder in self.folders.iter().flat_map(env::split_paths).filter(|folder| !folder.as_os_str().is_empty()) {
            trust.take("SSL_CERT_DIR", rustls_native_certs::load_certs_from_paths(None, Some(&folder)));
        }
        let mut store = RootCertStore::empty();
        if trust.certificates.is_empty() {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            // Nobody who uses the system's store wants to hear of each file of it.
            trust.certificates.extend(rustls_native_certs::load_native_certs().certs);
        }
        if let Some(file) = &self.extra {
            trust.take("NODE_EXTRA_CA_CERTS", rustls_native_certs::load_certs_from_paths(Some(file), None));
        }
        store.add_parsable_certificates(trust.certificates);
        Trust { store, trouble: trust.trouble }
    }
}

#[derive(Default)]
struct Reading {
    certificates: Vec<CertificateDer<'static>>,
    trouble: Vec<String>,
}

impl Reading {
    fn take(&mut self, variable: &str, found: rustls_native_certs::CertificateResult) {
        match found.errors.first() {
            Some(error) => self.trouble.push(format!("{variable}: {error}")),
            None if found.certs.is_empty() => self.trouble.push(format!("{variable} has no certificate in PEM")),
            None => {}
        }
        self.certificates.extend(found.certs);
    }
}

/// Whom connections may be made with.
#[derive(Debug, Clone)]
pub struct Trust {
    store: RootCertStore,
    /// What could not be read.
    trouble: Vec<String>,
}

impl Trust {
    fn of_process() -> &'static Self {
        static TRUST: OnceLock<Trust> = OnceLock::new();
        TRUST.get_or_init(|| {
            let trust = Roots::from_process().read();
            for trouble in &trust.trouble {
                tracing::warn!(event = "certificates.unreadable", "{trouble}");
            }
            trust
        })
    }

    pub fn client(&self) -> ClientBuilder {
        let config = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions();
        match config {
            Ok(config) => {
                let config = config.with_root_certificates(self.store.clone()).with_no_client_auth();
                begun().use_preconfigured_tls(config)
            }
            // Ring has what TLS needs; reqwest says it in its own words else.
            Err(_) => begun(),
        }
    }
}

fn begun() -> ClientBuilder {
    Client::builder().user_agent(concat!("omega/", env!("CARGO_PKG_VERSION")))
}

/// A client for any address.
pub fn client() -> ClientBuilder {
    Trust::of_process().client()
}

/// A client for this address alone: without a proxy where it is this machine, and without certificates where it needs none.
pub fn client_of(url: &Url) -> ClientBuilder {
    // Without TLS no certificate is looked at.
    let builder = if url.scheme() == "http" { begun() } else { client() };
    if is_here(url) { builder.no_proxy() } else { builder }
}

/// Whether an address is of this machine's own loopback, or of all of its interfaces.
pub fn is_here(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let name = host.trim_end_matches('.');
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback() || ip.is_unspecified())
}

/// The innermost reason of a failed request, and what helps: the outer ones only repeat the URL.
pub fn reason(error: &reqwest::Error) -> String {
    reason_with(error, || Trust::of_process().trouble.clone())
}

/// The same for a client of certificates of its own.
pub fn reason_of(error: &reqwest::Error, trust: &Trust) -> String {
    reason_with(error, || trust.trouble.clone())
}

fn reason_with(error: &reqwest::Error, trouble: impl FnOnce() -> Vec<String>) -> String {
    let mut inner: &dyn Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    let mut text = inner.to_string();
    if text.contains("UnknownIssuer") || text.contains("BadSignature") {
        text.push_str(
            "; nobody that is trusted here signed its certificate: name your own authority's PEM file in NODE_EXTRA_CA_CERTS, \
             or in SSL_CERT_FILE (SSL_CERT_DIR for a folder), which stands in place of the system's store",
        );
        for trouble in trouble() {
            text.push_str("; ");
            text.push_str(&trouble);
        }
    } else if text.contains("CaUsedAsEndEntity") {
        text.push_str(
            "; it shows its authority's certificate as its own, and needs one that the authority signed for its name",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_all_of_its_names() {
        for (url, here) in [
            ("http://localhost:1", true),
            ("http://a.localhost", true),
            ("http://localhost.", true),
            ("http://127.1.2.3", true),
            ("http://[::1]:1", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://0.0.0.0:1", true),
            ("http://[::]", true),
            ("http://127.0.0.1.example", false),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
            ("http://example.com", false),
        ] {
            assert_eq!(is_here(&Url::parse(url).unwrap()), here, "{url}");
        }
    }
}
