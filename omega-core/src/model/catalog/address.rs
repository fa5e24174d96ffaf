//! Where a provider is: what people write as a base URL, and the URLs of calls that come of it.
//!
//! A bare host gets the version that its format has (`/v1`). A path that is there is taken as it is where OpenAI's format is
//! spoken, as OpenAI's own libraries do (<https://github.com/openai/openai-python#configuring-the-http-client>): gateways have
//! `/inference`, `/serving-endpoints`, `/openai/deployments/NAME`. Anthropic's and Google's libraries put their version behind
//! any path (<https://docs.claude.com/en/api/client-sdks>), and so does this. A whole endpoint is used as it is, a query stays
//! at the end, and slashes too many are none.

use crate::model::wire::Format;
use std::fmt;
use url::Url;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    url: Url,
    /// It names the endpoint itself: nothing comes behind it.
    is_endpoint: bool,
}

/// Why something is no address. It does not repeat it: a key may be in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no base URL: it must begin with http:// or https:// and name a host, for example http://127.0.0.1:8000/v1")]
pub struct NoAddress;

/// The ends of paths that name an endpoint.
const ENDPOINTS: [(&[&str], Option<Format>); 5] = [
    (&["chat", "completions"], Some(Format::OpenAiChat)),
    (&["responses"], Some(Format::OpenAiResponses)),
    (&["messages"], Some(Format::Anthropic)),
    (&["completions"], None),
    (&["embeddings"], None),
];

/// Hosts that want the key as `api-key`: <https://learn.microsoft.com/azure/ai-services/openai/reference#authentication>.
const AZURE: [&str; 6] = [
    ".openai.azure.com",
    ".openai.azure.us",
    ".openai.azure.cn",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
    ".azure-api.net",
];

impl Address {
    /// Reads what a person wrote.
    ///
    /// # Errors
    /// When it is no URL of a host.
    pub fn parse(text: &str, format: Format) -> Result<Self, NoAddress> {
        let text = text.trim();
        let names_no_host = text.split_once("://").is_some_and(|(_, rest)| rest.starts_with('/'));
        if names_no_host || text.contains(char::is_whitespace) {
            return Err(NoAddress);
        }
        let mut url = Url::parse(text).map_err(|_| NoAddress)?;
        let is_of_the_web = matches!(url.scheme(), "http" | "https");
        if !is_of_the_web || url.host_str().is_none_or(str::is_empty) {
            return Err(NoAddress);
        }
        url.set_fragment(None);
        let mut path: Vec<String> =
            url.path().split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
        let is_endpoint = names_endpoint(&mut path, format);
        let mut address = Self { url, is_endpoint };
        if !is_endpoint && !path.iter().any(|segment| is_version(segment)) && address.wants_version(&path, format) {
            if address.is_azure() && path.is_empty() && format != Format::Anthropic {
                path.push("openai".into());
            }
            path.push(if format == Format::Gemini { "v1beta".into() } else { "v1".into() });
        }
        address.url.set_path(&path.join("/"));
        Ok(address)
    }

    fn wants_version(&self, path: &[String], format: Format) -> bool {
        match format {
            Format::Anthropic | Format::Gemini => true,
            Format::OpenAiChat | Format::OpenAiResponses => {
                path.is_empty() || (self.is_azure() && path.len() == 1 && path[0] == "openai")
            }
        }
    }

    /// Reads where an Azure OpenAI resource is: with a dated version of the API its deployments are separate, else there is one
    /// API for all (<https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle>).
    ///
    /// # Errors
    /// When it is no URL of a host.
    pub fn azure(text: &str, deployment: &str, version: Option<&str>) -> Result<Self, NoAddress> {
        let mut address = Self::parse(text, Format::OpenAiChat)?;
        let said = Url::parse(text.trim()).map_err(|_| NoAddress)?;
        let is_root = matches!(said.path().trim_matches('/'), "" | "openai" | "openai/v1" | "v1");
        if is_root {
            let own = version.map_or_else(|| "openai/v1".to_owned(), |_| format!("openai/deployments/{deployment}"));
            address.url.set_path(&own);
        }
        let has_version = address.url.query_pairs().any(|(name, _)| name == "api-version");
        if let (Some(version), true, false) = (version, address.looks_like_azure(), has_version) {
            address.url.query_pairs_mut().append_pair("api-version", version);
        }
        Ok(address)
    }

    /// The base URL, or the endpoint.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The URL of a call, whose path and query are the format's.
    pub fn call(&self, path: &str) -> Url {
        if self.is_endpoint { self.url.clone() } else { self.below(path) }
    }

    /// The URL of the list of models; none where only one endpoint is known.
    pub fn models(&self) -> Option<Url> {
        (!self.is_endpoint).then(|| self.below("/models"))
    }

    /// A URL beside the version, for what an engine answers besides its API.
    pub fn beside_version(&self, path: &str) -> Url {
        let mut beside = self.clone();
        let kept: Vec<&str> = self.segments().take_while(|segment| !is_version(segment)).collect();
        beside.url.set_path(&kept.join("/"));
        beside.below(path)
    }

    /// Its host and port.
    pub fn server(&self) -> Option<(&str, u16)> {
        Some((self.url.host_str()?, self.url.port_or_known_default()?))
    }

    /// Whether the key goes there as `api-key`.
    pub fn is_azure(&self) -> bool {
        self.url.host_str().is_some_and(|host| AZURE.iter().any(|azure| host.ends_with(azure)))
    }

    /// Whether the path is one of Azure's, at whatever host: a gateway in front of it.
    pub fn looks_like_azure(&self) -> bool {
        self.segments().zip(self.segments().skip(1)).any(|pair| pair == ("openai", "deployments"))
    }

    fn segments(&self) -> impl Iterator<Item = &str> {
        self.url.path().split('/').filter(|segment| !segment.is_empty())
    }

    fn below(&self, path: &str) -> Url {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        if let Some(query) = query {
            let whole = [self.url.query(), Some(query)].into_iter().flatten().filter(|query| !query.is_empty());
            url.set_query(Some(&whole.collect::<Vec<_>>().join("&")));
        }
        url
    }
}

/// Without what may be a secret: who signs in, and the query.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        write!(f, "{}://{}{port}{}", self.url.scheme(), self.url.host_str().unwrap_or_default(), self.url.path())
    }
}

/// Whether a path ends with the format's own endpoint. Another format's is taken away: one variable serves several.
fn names_endpoint(path: &mut Vec<String>, format: Format) -> bool {
    let ends_with = |end: &[&str]| path.len() >= end.len() && path[path.len() - end.len()..].iter().eq(end.iter());
    if let Some((end, of)) = ENDPOINTS.iter().find(|(end, _)| ends_with(end)) {
        if *of == Some(format) {
            return true;
        }
        path.truncate(path.len() - end.len());
    } else if let Some(at) = path.iter().position(|segment| segment == "models")
        && at > 0
        && is_version(&path[at - 1])
    {
        // The list of models, or one of them (Gemini's calls).
        path.truncate(at);
    }
    false
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').and_then(|version| version.bytes().next()).is_some_and(|first| first.is_ascii_digit())
}

/// What `OLLAMA_HOST` says, as a client understands it (<https://github.com/ollama/ollama/blob/main/envconfig/config.go>): a host,
/// a port, both, or a URL; a server that listens everywhere is here.
pub fn of_ollama_host(text: &str) -> String {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    let (scheme, rest, port) = match text.split_once("://") {
        Some(("https", rest)) => ("https", rest, ""),
        Some((_, rest)) => ("http", rest, ""),
        None => ("http", text, ":11434"),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, given) = match authority.rfind(':') {
        // An IPv6 address without a port.
        Some(_) if authority.ends_with(']') || authority.matches(':').count() > 1 && !authority.starts_with('[') => {
            (authority, None)
        }
        Some(at) => (&authority[..at], Some(&authority[at..])),
        None => (authority, None),
    };
    let host = match host.trim_matches(['[', ']']) {
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        six if six.contains(':') => format!("[{six}]"),
        name => name.to_owned(),
    };
    let port = match given {
        Some(":") | None => port,
        Some(given) => given,
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix("v1").unwrap_or(path).trim_end_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    format!("{scheme}://{host}{port}{slash}{path}/v1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Format::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};

    #[test]
    fn what_people_write_as_a_base_url_becomes_one_right_url() {
        let path = |format: Format| format.path("m");
        for (given, format, want) in [
            // A bare host.
            ("http://h:9911", OpenAiChat, "http://h:9911/v1/chat/completions"),
            ("http://h:9911/", OpenAiChat, "http://h:9911/v1/chat/completions"),
            ("http://h//", OpenAiChat, "http://h/v1/chat/completions"),
            ("HTTPS://API.OpenAI.com", OpenAiResponses, "https://api.openai.com/v1/responses"),
            ("http://[::1]:1", OpenAiChat, "http://[::1]:1/v1/chat/completions"),
            // A version, wherever it is.
            (" http://h/v1/ ", OpenAiChat, "http://h/v1/chat/completions"),
            ("http://h//v1//", OpenAiChat, "http://h/v1/chat/completions"),
            ("https://api.z.ai/api/paas/v4", OpenAiChat, "https://api.z.ai/api/paas/v4/chat/completions"),
            ("https://g/v1/acme/openai", OpenAiChat, "https://g/v1/acme/openai/chat/completions"),
            // Another prefix is taken as it is.
            ("https://g/inference", OpenAiChat, "https://g/inference/chat/completions"),
            ("https://g/serving-endpoints", OpenAiChat, "https://g/serving-endpoints/chat/completions"),
            ("https://g/vendor/", OpenAiChat, "https://g/vendor/chat/completions"),
            (
                "https://x.services.ai.azure.com/models",
                OpenAiChat,
                "https://x.services.ai.azure.com/models/chat/completions",
            ),
            // A whole endpoint, and one of another format.
            (
                "https://g/serving-endpoints/chat/completions",
                OpenAiChat,
                "https://g/serving-endpoints/chat/completions",
            ),
            ("http://h/v1/chat/completions/", OpenAiChat, "http://h/v1/chat/completions"),
            ("http://h/chat/completions", OpenAiChat, "http://h/chat/completions"),
            ("http://h/v1/chat/completions", OpenAiResponses, "http://h/v1/responses"),
            ("http://h/v1/responses", OpenAiResponses, "http://h/v1/responses"),
            ("http://h/v1/responses", OpenAiChat, "http://h/v1/chat/completions"),
            ("http://h/responses?x=1", OpenAiResponses, "http://h/responses?x=1"),
            ("http://h/v1/models", OpenAiChat, "http://h/v1/chat/completions"),
            ("http://h/chat/completions", OpenAiResponses, "http://h/v1/responses"),
            // A query stays at the end.
            (
                "https://x.openai.azure.com/openai/deployments/gpt4?api-version=2024-06-01",
                OpenAiChat,
                "https://x.openai.azure.com/openai/deployments/gpt4/chat/completions?api-version=2024-06-01",
            ),
            (
                "https://x.openai.azure.com/openai/deployments/gpt4/chat/completions?api-version=2024-06-01",
                OpenAiChat,
                "https://x.openai.azure.com/openai/deployments/gpt4/chat/completions?api-version=2024-06-01",
            ),
            ("http://h?key=a%2Fb&c", OpenAiChat, "http://h/v1/chat/completions?key=a%2Fb&c"),
            ("http://h/v1/?a=1#part", OpenAiChat, "http://h/v1/chat/completions?a=1"),
            ("https://x.openai.azure.com/", OpenAiChat, "https://x.openai.azure.com/openai/v1/chat/completions"),
            ("https://x.openai.azure.com/openai", OpenAiResponses, "https://x.openai.azure.com/openai/v1/responses"),
            (
                "https://x.openai.azure.com/openai/v1/",
                OpenAiResponses,
                "https://x.openai.azure.com/openai/v1/responses",
            ),
            // Anthropic's and Google's versions come behind any path.
            ("https://api.anthropic.com", Anthropic, "https://api.anthropic.com/v1/messages"),
            ("https://api.deepseek.com/anthropic", Anthropic, "https://api.deepseek.com/anthropic/v1/messages"),
            ("https://g/anthropic/v1/messages", Anthropic, "https://g/anthropic/v1/messages"),
            ("https://g/messages", Anthropic, "https://g/messages"),
            ("http://h", Gemini, "http://h/v1beta/models/m:streamGenerateContent?alt=sse"),
            ("http://h/google?key=k", Gemini, "http://h/google/v1beta/models/m:streamGenerateContent?key=k&alt=sse"),
            ("http://h/v1/models/other:generateContent", Gemini, "http://h/v1/models/m:streamGenerateContent?alt=sse"),
            // Odd characters stay what they are.
            ("http://h/a%20b/v1", OpenAiChat, "http://h/a%20b/v1/chat/completions"),
            ("http://h/ü", OpenAiChat, "http://h/%C3%BC/chat/completions"),
        ] {
            let address = Address::parse(given, format).unwrap();
            assert_eq!(address.call(&path(format)).as_str(), want, "{given}");
        }
        for given in
            ["", "h:9911", "127.0.0.1:9911", "file:///etc/passwd", "http://", "https:///v1", "http://a b/v1", "ftp://h"]
        {
            assert_eq!(Address::parse(given, OpenAiChat), Err(NoAddress), "{given}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let address = Address::parse("https://me:hush@h:8443/v1?code=hush", OpenAiChat).unwrap();
        assert_eq!(address.to_string(), "https://h:8443/v1");
    }

    #[test]
    fn lists_and_engines_are_asked_beside_the_calls() {
        let address = Address::parse("http://h/x?q=1", Anthropic).unwrap();
        assert_eq!(address.models().unwrap().as_str(), "http://h/x/v1/models?q=1");
        assert_eq!(address.beside_version("/api/tags").as_str(), "http://h/x/api/tags?q=1");
        assert_eq!(Address::parse("http://h/chat/completions", OpenAiChat).unwrap().models(), None);
    }

    #[test]
    fn azure_is_told_by_its_hosts_and_its_paths() {
        let at = |url: &str| Address::parse(url, OpenAiChat).unwrap();
        assert!(at("https://x.openai.azure.com/openai/v1").is_azure());
        assert!(!at("https://openai.azure.com.evil.example/v1").is_azure());
        assert!(at("https://gateway.example/openai/deployments/x?api-version=1").looks_like_azure());
        assert!(!at("https://gateway.example/openai").looks_like_azure());
    }

    #[test]
    fn a_resource_of_azure_is_asked_as_its_version_wants_it() {
        for (given, version, want) in [
            ("https://x.openai.azure.com", None, "https://x.openai.azure.com/openai/v1/chat/completions"),
            (
                "https://x.openai.azure.com/openai/",
                Some("2024-06-01"),
                "https://x.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-06-01",
            ),
            ("http://127.0.0.1:1", None, "http://127.0.0.1:1/openai/v1/chat/completions"),
            (
                "https://g/openai/deployments/other?api-version=2023-05-15",
                Some("2024-06-01"),
                "https://g/openai/deployments/other/chat/completions?api-version=2023-05-15",
            ),
            (
                "https://g/team/openai/deployments/other",
                Some("2024-06-01"),
                "https://g/team/openai/deployments/other/chat/completions?api-version=2024-06-01",
            ),
        ] {
            let address = Address::azure(given, "my gpt", version).unwrap();
            assert_eq!(address.call("/chat/completions").as_str(), want, "{given}");
        }
    }

    #[test]
    fn every_form_of_ollama_s_own_variable_is_an_address() {
        for (given, want) in [
            ("", "http://127.0.0.1:11434/v1"),
            ("0.0.0.0", "http://127.0.0.1:11434/v1"),
            ("0.0.0.0:8000", "http://127.0.0.1:8000/v1"),
            (":8000", "http://127.0.0.1:8000/v1"),
            ("box", "http://box:11434/v1"),
            ("box:", "http://box:11434/v1"),
            ("box:8000", "http://box:8000/v1"),
            (" \"box:8000\" ", "http://box:8000/v1"),
            ("http://box", "http://box/v1"),
            ("http://0.0.0.0:11434/", "http://127.0.0.1:11434/v1"),
            ("https://box/ollama/", "https://box/ollama/v1"),
            ("https://box:8443/v1", "https://box:8443/v1"),
            ("[::1]", "http://[::1]:11434/v1"),
            ("[::]:9000", "http://[::1]:9000/v1"),
            ("::", "http://[::1]:11434/v1"),
            ("fe80::1", "http://[fe80::1]:11434/v1"),
        ] {
            assert_eq!(of_ollama_host(given), want, "{given:?}");
        }
    }
}
