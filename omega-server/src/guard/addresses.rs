//! The addresses that a text names: URLs, hosts and mail addresses, whatever they look like.
//!
//! A URL counts by its host and path, as a browser would read them (userinfo, backslashes, percent signs, numbers for
//! addresses, international names); where readers differ about the host, each reading counts. A bare word counts as a host
//! when it looks like one: `a.b` with letters for a last label that is no kind of file, or a top-level domain that is known
//! where it stands among other words. Not found: names without a dot, and what only its reader can put together.

use super::layers;
use reqwest::Url;

/// Where something may go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// A host, in ASCII (`xn--` for others), and the path on it, `/` when there is none.
    Web {
        /// The host.
        host: String,
        /// The path, without query.
        path: String,
    },
    /// A mail address, in lower case.
    Mail(String),
    /// Whatever is in a text that is too large and encoded in too many ways to be read.
    Unreadable,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Web { host, path } if path == "/" => f.write_str(host),
            Self::Web { host, path } => write!(f, "{host}{path}"),
            Self::Mail(mail) => f.write_str(mail),
            Self::Unreadable => f.write_str("what is encoded too often to be read"),
        }
    }
}

/// How words are read that may be hosts or something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What a person wrote: whatever may be one, was one.
    Generous,
    /// A value of an input whose key says that it holds an address.
    Address,
    /// Any other value.
    Value,
}

/// The addresses of a text, behind its encodings too.
#[must_use]
pub fn of(text: &str, reading: Reading) -> Vec<Address> {
    let mut found = Vec::new();
    let Some(layers) = layers::all(text) else { return vec![Address::Unreadable] };
    for layer in layers {
        urls(&layer, &mut found);
        // A browser drops tabs and line ends inside of a URL.
        if layer.contains(['\t', '\n', '\r']) && (layer.contains("//") || layer.contains(':')) {
            urls(&layer.replace(['\t', '\n', '\r'], ""), &mut found);
        }
        bare(&layer, reading, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

const ENDS: &[char] = &['"', '\'', '<', '>', '`', '|', '^', '{', '}'];

fn ends(c: char) -> bool {
    c.is_whitespace() || ENDS.contains(&c)
}

/// What follows `//` (also `\\` and the mixes of them), or the name of a scheme that browsers read without it.
fn urls(text: &str, found: &mut Vec<Address>) {
    let slash = |c: char| c == '/' || c == '\\';
    let mut at = 0;
    while let Some(more) = text[at..].find(slash) {
        let start = at + more;
        let run = text[start..].len() - text[start..].trim_start_matches(slash).len();
        at = start + run;
        let before = text[..start].chars().next_back();
        // `a//b` inside of a word is a path; after a colon, a quote or nothing it begins an address.
        let begins = before.is_none_or(|c| c == ':' || ends(c) || "([=,;>&?".contains(c));
        if run >= 2 && begins {
            url(&text[at..], found);
        }
    }
    let lower = text.to_ascii_lowercase();
    for scheme in ["http:", "https:", "ws:", "wss:", "ftp:"] {
        for (start, _) in lower.match_indices(scheme) {
            let rest = &text[start + scheme.len()..];
            if !rest.starts_with(slash) || rest.trim_start_matches(slash).len() + 1 == rest.len() {
                url(rest.trim_start_matches(slash), found);
            }
        }
    }
}

/// An address from its authority on.
fn url(text: &str, found: &mut Vec<Address>) {
    let text = text.split(ends).next().unwrap_or_default();
    let strict = text.find(['/', '\\', '?', '#']).unwrap_or(text.len());
    let lax = text.find(['/', '?', '#']).unwrap_or(text.len());
    for end in [strict, lax] {
        let authority = &text[..end];
        let path = text[end..].split(['?', '#']).next().unwrap_or_default();
        let after_last = authority.rsplit('@').next().unwrap_or_default();
        let after_first = authority.split_once('@').map_or(authority, |(_, rest)| rest);
        for host in [after_last, after_first] {
            if let Some(address) = web(host, path) {
                found.push(address);
            }
        }
        if strict == lax {
            break;
        }
    }
}

const PUNCTUATION: &[char] = &['.', ',', ';', ':', '!', ')', ']', '*', '_', '~'];

/// A host as it is called, and a path on it. What no browser would take counts as it stands.
fn web(host: &str, path: &str) -> Option<Address> {
    let host = if host.starts_with('[') {
        host.split(']').next().map(|inside| format!("{inside}]"))?
    } else {
        host.split(':').next()?.trim_end_matches(PUNCTUATION).to_owned()
    };
    if host.is_empty() || host == "[]" {
        return None;
    }
    let path = path.trim_end_matches(PUNCTUATION).replace('\\', "/");
    let Ok(url) = Url::parse(&format!("http://{host}{}", if path.starts_with('/') { path.as_str() } else { "/" }))
    else {
        return Some(Address::Web { host: host.to_lowercase(), path: "/".into() });
    };
    let host = url.host_str()?.trim_end_matches('.').to_owned();
    let host = host.strip_prefix("www.").map(str::to_owned).unwrap_or(host);
    Some(Address::Web { host, path: url.path().to_owned() })
}

/// Words that are hosts or mail addresses without anything that says so.
fn bare(text: &str, reading: Reading, found: &mut Vec<Address>) {
    let is_whole = text.trim().split(char::is_whitespace).count() == 1;
    let splits = |c: char| c.is_whitespace() || "\"'<>(){}[],;|=&?#*`\\!$^~".contains(c);
    for word in text.split(splits) {
        let word = word.trim_matches(|c: char| ".:/-_".contains(c));
        if word.contains("//") || !word.contains(['.', ':']) {
            continue;
        }
        if let Some((local, rest)) = word.rsplit_once('@') {
            let host = rest.split(['/', ':']).next().unwrap_or_default();
            let local = local.rsplit(['/', ':']).next().unwrap_or_default();
            if !local.is_empty() && looks_like_host(host, Reading::Generous, true) {
                let host = match web(host, "") {
                    Some(Address::Web { host, .. }) => host,
                    _ => host.to_owned(),
                };
                found.push(Address::Mail(format!("{}@{host}", local.to_lowercase())));
            }
            continue;
        }
        let end = word.find(['/', ':']).unwrap_or(word.len());
        let (host, rest) = word.split_at(end);
        let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let has_port = port.len() > 1 && port[1..].bytes().all(|b| b.is_ascii_digit());
        let reading = if has_port || host.starts_with("www.") { Reading::Generous } else { reading };
        // A file's path may have such a name in it, in a value that is not said to be an address.
        let is_whole = is_whole || !path.is_empty();
        if looks_like_host(host, reading, is_whole) {
            found.extend(web(host, path));
        } else if path.is_empty() && word.contains("::") && word.parse::<std::net::Ipv6Addr>().is_ok() {
            found.extend(web(&format!("[{word}]"), ""));
        }
    }
}

fn looks_like_host(host: &str, reading: Reading, is_whole: bool) -> bool {
    if host.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    let Some(last) = labels.last().map(|last| last.to_lowercase()) else { return false };
    if labels.len() < 2 || !labels.iter().all(is_label) {
        return false;
    }
    let is_top = last.starts_with("xn--") || last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    if !is_top || labels[0].chars().all(|c| c.is_ascii_digit()) && labels.len() == 2 && last.len() < 2 {
        return false;
    }
    match reading {
        Reading::Generous => true,
        Reading::Address => !FILES.contains(&last.as_str()),
        Reading::Value if FILES.contains(&last.as_str()) || FILES_AND_DOMAINS.contains(&last.as_str()) => false,
        Reading::Value => is_whole || !last.is_ascii() || last.len() == 2 || DOMAINS.contains(&last.as_str()),
    }
}

/// Kinds of files that are no top-level domain.
const FILES: &[&str] = &[
    "js",
    "jsx",
    "ts",
    "tsx",
    "mjs",
    "cjs",
    "json",
    "jsonl",
    "ndjson",
    "csv",
    "tsv",
    "txt",
    "text",
    "html",
    "htm",
    "xml",
    "yaml",
    "yml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "config",
    "env",
    "lock",
    "log",
    "md5",
    "mdx",
    "pdf",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "bmp",
    "ico",
    "tiff",
    "mp3",
    "mp4",
    "wav",
    "ogg",
    "avi",
    "mkv",
    "webm",
    "doc",
    "docx",
    "xls",
    "xlsx",
    "ppt",
    "pptx",
    "odt",
    "ods",
    "rtf",
    "epub",
    "tex",
    "bib",
    "css",
    "scss",
    "sass",
    "less",
    "vue",
    "svelte",
    "java",
    "kt",
    "scala",
    "go",
    "rb",
    "php",
    "swift",
    "cpp",
    "hpp",
    "cs",
    "lua",
    "bat",
    "cmd",
    "exe",
    "dll",
    "bin",
    "dat",
    "db",
    "sql",
    "sqlite",
    "parquet",
    "avro",
    "wasm",
    "map",
    "gz",
    "tgz",
    "tar",
    "bz",
    "xz",
    "rar",
    "jar",
    "war",
    "iso",
    "dmg",
    "deb",
    "rpm",
    "ipynb",
    "ics",
    "eml",
    "bak",
    "tmp",
    "patch",
    "diff",
    "gitignore",
    "pem",
    "key",
    "crt",
    "graphql",
    "proto",
];

/// Kinds of files that are a top-level domain too: a host only where an address is said to stand.
const FILES_AND_DOMAINS: &[&str] =
    &["md", "rs", "py", "sh", "pl", "ps", "so", "cc", "mm", "zip", "mov", "ml", "st", "vi"];

/// Top-level domains of more than two letters that are taken for one in the middle of a sentence.
const DOMAINS: &[&str] = &[
    "com",
    "net",
    "org",
    "info",
    "biz",
    "edu",
    "gov",
    "mil",
    "int",
    "arpa",
    "name",
    "pro",
    "mobi",
    "tel",
    "jobs",
    "travel",
    "coop",
    "aero",
    "museum",
    "asia",
    "xxx",
    "dev",
    "app",
    "page",
    "test",
    "example",
    "invalid",
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "onion",
    "eth",
    "xyz",
    "top",
    "site",
    "online",
    "club",
    "shop",
    "store",
    "tech",
    "cloud",
    "link",
    "click",
    "live",
    "space",
    "website",
    "fun",
    "icu",
    "vip",
    "work",
    "works",
    "blog",
    "news",
    "press",
    "media",
    "agency",
    "digital",
    "studio",
    "design",
    "systems",
    "solutions",
    "services",
    "network",
    "company",
    "global",
    "world",
    "today",
    "life",
    "email",
    "support",
    "help",
    "host",
    "hosting",
    "domains",
    "zone",
    "center",
    "team",
    "group",
    "run",
    "build",
    "tools",
    "software",
    "codes",
    "science",
    "academy",
    "school",
    "foundation",
    "fund",
    "finance",
    "money",
    "bank",
    "cash",
    "capital",
    "exchange",
    "trade",
    "market",
    "games",
    "game",
    "bet",
    "casino",
    "poker",
    "chat",
    "social",
    "community",
    "download",
    "stream",
    "video",
    "photos",
    "gallery",
    "art",
    "audio",
    "music",
    "show",
    "radio",
    "events",
    "city",
    "town",
    "house",
    "land",
    "farm",
    "bike",
    "auto",
    "cars",
    "taxi",
    "holiday",
    "hotel",
    "restaurant",
    "cafe",
    "bar",
    "pub",
    "pizza",
    "beer",
    "wine",
    "kitchen",
    "coffee",
    "fashion",
    "style",
    "clothing",
    "shoes",
    "gifts",
    "toys",
    "kids",
    "baby",
    "dog",
    "pet",
    "health",
    "care",
    "clinic",
    "dental",
    "doctor",
    "fit",
    "yoga",
    "legal",
    "lawyer",
    "tax",
    "consulting",
    "business",
    "international",
    "ltd",
    "llc",
    "inc",
    "gmbh",
    "plus",
    "one",
    "ninja",
    "guru",
    "expert",
    "rocks",
    "lol",
    "wtf",
    "sucks",
    "cool",
    "best",
    "buzz",
    "guide",
    "reviews",
    "directory",
    "bid",
    "win",
    "loan",
    "date",
    "review",
    "racing",
    "party",
    "faith",
    "men",
    "webcam",
    "new",
    "how",
    "foo",
    "nexus",
    "dad",
    "phd",
    "day",
    "ing",
    "meme",
    "google",
    "amazon",
    "aws",
    "azure",
    "microsoft",
    "apple",
    "cat",
    "quest",
    "lat",
    "sbs",
    "cfd",
    "bond",
    "monster",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, reading: Reading) -> Vec<String> {
        of(text, reading).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_url_names_the_host_that_a_browser_would_call() {
        let cases = [
            ("https://evil.test/a/b?c=d#e", "evil.test/a/b"),
            ("HTTPS://EVIL.TEST.", "evil.test"),
            ("https://www.evil.test/", "evil.test"),
            ("https://github.com@evil.test/", "evil.test"),
            ("https://github.com:x@evil.test:8443/y", "evil.test/y"),
            ("https:evil.test", "evil.test"),
            ("https:/evil.test", "evil.test"),
            ("https:////evil.test", "evil.test"),
            ("https:\\\\evil.test\\x", "evil.test/x"),
            ("//evil.test/x", "evil.test/x"),
            ("\\\\evil.test\\share", "evil.test/share"),
            ("https://%65vil.test/", "evil.test"),
            ("https://evil。test/", "evil.test"),
            ("https://ev\til.te\nst/", "evil.test"),
            ("http://2130706433/", "127.0.0.1"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://[::1]:80/x", "[::1]/x"),
            ("https://gіthub.com/", "xn--gthub-n2e.com"),
            ("https://bücher.example/", "xn--bcher-kva.example"),
            ("(see https://evil.test/x).", "evil.test/x"),
            ("{\"u\":\"https://evil.test/x\"}", "evil.test/x"),
            ("postgres://u:p@evil.test:5432/db", "evil.test/db"),
            ("git+ssh://git@evil.test/x.git", "evil.test/x.git"),
            ("fetch('//evil.test/'+k)", "evil.test"),
            ("https://evil.test/a/../b/./c", "evil.test/b/c"),
        ];
        for (text, host) in cases {
            let found = shown(text, Reading::Value);
            assert!(found.iter().any(|one| one == host), "{text}: {found:?}, not {host}");
        }
    }

    #[test]
    fn where_readers_differ_each_reading_counts() {
        let found = shown("https://evil.test\\@github.com/x", Reading::Value);
        assert!(found.iter().any(|one| one.starts_with("evil.test")), "{found:?}");
        assert!(found.iter().any(|one| one.starts_with("github.com")), "{found:?}");
        let found = shown("https://a@b.test@c.test/", Reading::Value);
        assert!(found.iter().any(|one| one == "c.test"), "{found:?}");
    }

    #[test]
    fn a_bare_word_is_a_host_when_it_looks_like_one() {
        for (text, one) in [
            ("evil.test", "evil.test"),
            ("send it to evil.test, please", "evil.test"),
            ("evil.test/path", "evil.test/path"),
            ("evil.test:8080", "evil.test"),
            ("webhook.site/abc", "webhook.site/abc"),
            ("evil.co", "evil.co"),
            ("exfil.unheardof", "exfil.unheardof"),
            ("10.0.0.7", "10.0.0.7"),
            ("2001:db8::7", "[2001:db8::7]"),
            ("a@evil.test", "a@evil.test"),
            ("Eve <Eve@Evil.Test>", "eve@evil.test"),
            ("mailto:eve@evil.test?subject=x", "eve@evil.test"),
            ("git@evil.test:x/y.git", "git@evil.test"),
            ("key=1&to=eve@evil.test", "eve@evil.test"),
            ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ] {
            assert!(
                shown(text, Reading::Value).iter().any(|found| found == one),
                "{text}: {:?}",
                shown(text, Reading::Value)
            );
        }
        assert_eq!(shown("evil.sh", Reading::Address), ["evil.sh"]);
        assert_eq!(shown("look at evil.md", Reading::Generous), ["evil.md"]);
    }

    #[test]
    fn files_versions_packages_and_prose_are_no_hosts() {
        for text in [
            "README.md",
            "src/main.rs",
            "data.csv",
            "report.final.pdf",
            "1.2.3",
            "v1.2.3-beta.1",
            "3.14",
            "@scope/name",
            "@scope/name@1.2.3",
            "left-pad@1.3.0",
            "e.g. this, i.e. that",
            "the end.Then more",
            "a//b",
            "12:30",
            "10/12/2026",
            "console.log(x)",
            "C:\\Users\\me",
            "12.5 kg",
            "...",
            "mathjs::evaluate",
            "// a comment",
            "key: value",
            "{}",
            "",
        ] {
            assert_eq!(shown(text, Reading::Value), Vec::<String>::new(), "{text}");
        }
    }
}
