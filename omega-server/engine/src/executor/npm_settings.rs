//! The user's npm settings, for the installer alone: which variables and files it sees, and which ports it reaches.
//!
//! Registries and proxies stand in the settings, so the ports of all addresses there are reached, and those of the public web.

use super::process_group::CERTIFICATES;
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// What the installer may know of our environment: where the user's npm settings, proxies and certificates are.
const PASSED: [&str; 7] =
    ["HOME", "PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "DENO_CERT", "DENO_TLS_CA_STORE"];
/// npm's public registry.
const NPM: &str = "https://registry.npmjs.org/";
/// Ports of the public web.
const WEB: [u16; 2] = [443, 80];
/// Names of settings that say where a file is.
const FILES: [&str; 3] = ["certfile", "keyfile", "cafile"];
/// Bytes that are read of settings; a person writes some hundred.
const LONGEST: u64 = 1 << 20;

/// What the installer has of the user's.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub env: Vec<(OsString, OsString)>,
    /// Files and folders that it reads.
    pub read: Vec<PathBuf>,
    /// TCP ports that it reaches.
    pub ports: BTreeSet<u16>,
}

impl Settings {
    /// Those of now, with `registry` in place of the configured one. Blocks for a small file.
    pub fn now(registry: Option<&str>) -> Self {
        let env = std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_passed)).collect();
        Self::of(env, registry)
    }

    fn of(mut env: Vec<(OsString, OsString)>, registry: Option<&str>) -> Self {
        if let Some(registry) = registry {
            env.push(("NPM_CONFIG_REGISTRY".into(), registry.into()));
        }
        let value = |wanted: &str| env.iter().find(|(name, _)| name == wanted).map(|(_, value)| PathBuf::from(value));
        let file = value("HOME").map(|home| home.join(".npmrc"));
        let written = file.as_deref().and_then(|file| start_of(file).ok()).unwrap_or_default();
        let mut read: Vec<PathBuf> =
            file.into_iter().chain(CERTIFICATES.iter().filter_map(|name| value(name))).collect();
        read.extend(named_files(&written));
        read.retain(|path| path.is_absolute() && path.exists());
        let mut ports = ports(&written);
        for (_, value) in &env {
            ports.extend(self::ports(&value.to_string_lossy()));
        }
        ports.extend(WEB);
        Self { env, read, ports }
    }
}

/// The registry that has a package: the one of its scope, else the configured one, else npm's. Blocks for a small file.
pub fn registry_of(package: &str) -> reqwest::Url {
    let env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let home = env.iter().find(|(name, _)| name == "HOME").map(|(_, home)| PathBuf::from(home).join(".npmrc"));
    let written = home.and_then(|file| start_of(&file).ok()).unwrap_or_default();
    let is_it = |name: &OsString| name.to_str().is_some_and(|name| name.eq_ignore_ascii_case("NPM_CONFIG_REGISTRY"));
    let given = env.iter().find(|(name, _)| is_it(name)).map(|(_, url)| url.to_string_lossy().into_owned());
    chosen(package, given.as_deref(), &written)
}

fn chosen(package: &str, given: Option<&str>, written: &str) -> reqwest::Url {
    let setting = |wanted: &str| {
        let mut lines = written.lines().filter_map(|line| line.split_once('='));
        lines.find(|(name, _)| name.trim() == wanted).map(|(_, url)| url.trim().trim_matches('"'))
    };
    let of_scope = package.split_once('/').and_then(|(scope, _)| setting(&format!("{scope}:registry")));
    let is_web = |url: &reqwest::Url| matches!(url.scheme(), "http" | "https");
    let urls = [of_scope, given, setting("registry"), Some(NPM)].into_iter().flatten();
    let mut urls = urls.filter_map(|url| url.parse().ok()).filter(is_web);
    urls.next().unwrap_or_else(|| unreachable!("npm's address is one"))
}

fn start_of(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    io::Read::read_to_string(&mut io::Read::take(fs::File::open(file)?, LONGEST), &mut text)?;
    Ok(text)
}

fn is_passed(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    PASSED.contains(&name) || upper.starts_with("NPM_CONFIG_") || upper.ends_with("_PROXY")
}

/// Files that `.npmrc` names: `//registry/:certfile=PATH`.
fn named_files(written: &str) -> impl Iterator<Item = PathBuf> {
    written.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim().rsplit(':').next()?;
        FILES.contains(&name).then(|| PathBuf::from(value.trim().trim_matches('"')))
    })
}

/// Ports of the addresses in a text: `//host:port`, behind a scheme or not, with a name and password or not.
fn ports(text: &str) -> BTreeSet<u16> {
    let hosts = text.split("//").skip(1).filter_map(|rest| rest.split(['/', '"', '\'', ' ', '\n', ',']).next());
    hosts.filter_map(|host| host.trim().rsplit_once(':')?.1.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installer_does_not_see_our_secrets() {
        for (name, passed) in [
            ("HOME", true),
            ("npm_config_registry", true),
            ("HTTPS_PROXY", true),
            ("OPENAI_API_KEY", false),
            ("OMEGA_API_KEY", false),
        ] {
            assert_eq!(is_passed(name), passed, "{name}");
        }
    }

    #[test]
    fn a_package_is_looked_for_where_the_settings_say() {
        let written = "registry=http://r.test:1/\n@acme:registry = \"http://acme.test/npm/\"\n";
        for (package, given, written, url) in [
            ("ms", None, "", NPM),
            ("ms", None, written, "http://r.test:1/"),
            ("ms", Some("http://env.test/"), written, "http://env.test/"),
            ("@acme/x", Some("http://env.test/"), written, "http://acme.test/npm/"),
            ("@other/x", None, written, "http://r.test:1/"),
            ("ms", Some("nonsense"), "registry=file:///etc", NPM),
        ] {
            assert_eq!(chosen(package, given, written).as_str(), url, "{package} {given:?}");
        }
    }

    #[test]
    fn ports_of_registries_and_proxies_are_reached_and_no_others() {
        for (text, found) in [
            ("http://127.0.0.1:4873/", vec![4873]),
            ("http://user:secret@proxy.test:3128", vec![3128]),
            ("socks5h://[::1]:1080", vec![1080]),
            ("registry=https://registry.npmjs.org/\n@acme:registry=https://npm.acme.test:8443/npm/", vec![8443]),
            ("//npm.acme.test:8081/:_authToken=abc:99", vec![8081]),
            ("https://registry.npmjs.org", vec![]),
            ("/usr/bin:/bin", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(ports(text), found.into_iter().collect(), "{text}");
        }
    }

    #[test]
    fn what_npmrc_names_is_read_and_nothing_else_of_the_home() {
        let home = tempfile::tempdir().unwrap();
        let (certificate, rc) = (home.path().join("client.pem"), home.path().join(".npmrc"));
        let of = |env: &[(&str, &str)]| {
            let home = [("HOME".into(), home.path().into())];
            let env = env.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            Settings::of(home.into_iter().chain(env).collect(), Some("http://127.0.0.1:4873/"))
        };
        assert_eq!(of(&[]).read, Vec::<PathBuf>::new());
        fs::write(&certificate, "").unwrap();
        fs::write(
            &rc,
            format!(
                "registry=http://r.test:1/\n//r.test:1/:certfile = \"{}\"\n//r.test:1/:keyfile=/nonexistent",
                certificate.display()
            ),
        )
        .unwrap();
        let settings = of(&[("HTTPS_PROXY", "http://p.test:2"), ("SSL_CERT_FILE", "relative.pem")]);
        assert_eq!(settings.read, [rc, certificate]);
        assert_eq!(settings.ports, BTreeSet::from([1, 2, 80, 443, 4873]));
        assert!(settings.env.contains(&("NPM_CONFIG_REGISTRY".into(), "http://127.0.0.1:4873/".into())));
    }
}
