//! Where telemetry goes, by the variables that OpenTelemetry has for that (`OTEL_*`).

use reqwest::{
    Url,
    header::{HeaderName, HeaderValue},
};
use secrecy::SecretString;
use std::time::Duration;

/// Where telemetry goes, and as what.
#[derive(Debug, Clone)]
pub struct OtlpConfig {
    /// Where spans are posted.
    pub traces: Option<Url>,
    /// Where records are posted.
    pub logs: Option<Url>,
    /// Headers of each request; they may be secret.
    pub headers: Vec<(HeaderName, SecretString)>,
    /// `service.name`.
    pub service: String,
    /// Further attributes of this process.
    pub resource: Vec<(String, String)>,
    /// The share of the traces that begin here which are recorded, 0 to 1. What a caller decided counts for its own.
    pub ratio: f64,
    pub timeout: Duration,
}

impl OtlpConfig {
    /// What a server calls itself when nobody names it.
    pub const SERVICE: &str = "omega";

    /// Reads the variables; nothing is sent unless one of them says where to. `service` is the name of who has no other.
    ///
    /// # Errors
    /// Which variable says what can't be done, and what it may say.
    pub fn from_env(env: impl Fn(&str) -> Option<String>, service: &str) -> Result<Option<Self>, String> {
        let env = |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        if env("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let traces = endpoint(&env, "TRACES", "v1/traces")?;
        let logs = endpoint(&env, "LOGS", "v1/logs")?;
        if traces.is_none() && logs.is_none() {
            return Ok(None);
        }
        if env("OTEL_EXPORTER_OTLP_PROTOCOL").as_deref() == Some("grpc") {
            return Err(
                "OTEL_EXPORTER_OTLP_PROTOCOL is grpc, and Omega speaks http/json: name the collector's HTTP port \
                        (4318), and leave the variable out"
                    .into(),
            );
        }
        let timeout = match env("OTEL_EXPORTER_OTLP_TIMEOUT") {
            Some(text) => Duration::from_millis(
                text.parse()
                    .map_err(|_| format!("OTEL_EXPORTER_OTLP_TIMEOUT is {text}, and has to be milliseconds"))?,
            ),
            None => Duration::from_secs(10),
        };
        let mut resource = pairs("OTEL_RESOURCE_ATTRIBUTES", env("OTEL_RESOURCE_ATTRIBUTES"))?;
        let named = resource.iter().position(|(name, _)| name == "service.name").map(|at| resource.remove(at).1);
        Ok(Some(Self {
            traces,
            logs,
            headers: pairs("OTEL_EXPORTER_OTLP_HEADERS", env("OTEL_EXPORTER_OTLP_HEADERS"))?
                .into_iter()
                .map(header)
                .collect::<Result<_, _>>()?,
            service: env("OTEL_SERVICE_NAME").or(named).unwrap_or_else(|| service.into()),
            resource,
            ratio: ratio(env("OTEL_TRACES_SAMPLER").as_deref(), env("OTEL_TRACES_SAMPLER_ARG").as_deref())?,
            timeout,
        }))
    }
}

/// Where one signal goes: its own address as it is, else a path below the common one; `none` as its exporter sends nothing.
fn endpoint(env: &impl Fn(&str) -> Option<String>, signal: &str, path: &str) -> Result<Option<Url>, String> {
    if env(&format!("OTEL_{signal}_EXPORTER")).as_deref() == Some("none") {
        return Ok(None);
    }
    let own = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
    let (name, text) = match (env(&own), env("OTEL_EXPORTER_OTLP_ENDPOINT")) {
        (Some(own_text), _) => (own, own_text),
        (None, Some(base)) => ("OTEL_EXPORTER_OTLP_ENDPOINT".into(), format!("{}/{path}", base.trim_end_matches('/'))),
        (None, None) => return Ok(None),
    };
    let url = text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.map(Some).ok_or_else(|| format!("{name} is no http or https URL: {text}"))
}

/// `name=value,name=value`, with values as in URLs.
fn pairs(variable: &str, text: Option<String>) -> Result<Vec<(String, String)>, String> {
    let text = text.unwrap_or_default();
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) =
                pair.split_once('=').ok_or_else(|| format!("{variable} has to be name=value, by commas"))?;
            Ok((name.trim().to_owned(), decoded(value.trim())))
        })
        .collect()
}

/// Text in which `%XX` stands for a byte.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn header((name, value): (String, String)) -> Result<(HeaderName, SecretString), String> {
    let is_value = HeaderValue::from_str(&value).is_ok();
    let name = name.parse::<HeaderName>().ok().filter(|_| is_value);
    // Neither is said: the value may be a key, and stand where the name belongs.
    let name = name.ok_or("OTEL_EXPORTER_OTLP_HEADERS has a name or a value that no header has")?;
    Ok((name, SecretString::from(value)))
}

fn ratio(sampler: Option<&str>, argument: Option<&str>) -> Result<f64, String> {
    let sampler = sampler.unwrap_or("always_on");
    match sampler.strip_prefix("parentbased_").unwrap_or(sampler) {
        "always_on" => Ok(1.0),
        "always_off" => Ok(0.0),
        "traceidratio" => {
            let share = argument.unwrap_or("1").parse().ok().filter(|share| (0.0..=1.0).contains(share));
            share.ok_or_else(|| "OTEL_TRACES_SAMPLER_ARG has to be a number from 0 to 1".into())
        }
        _ => Err(format!("OTEL_TRACES_SAMPLER is {sampler}; it may be always_on, always_off or traceidratio")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<OtlpConfig>, String> {
        let env = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        OtlpConfig::from_env(env, "omega-executor")
    }

    #[test]
    fn the_variables_say_where_telemetry_goes() {
        assert!(read(&[]).unwrap().is_none());
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
        assert!(read(&[base, ("OTEL_SDK_DISABLED", "TRUE")]).unwrap().is_none());
        let config = read(&[
            base,
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://logs.example/in"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc, x-tenant = a"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=one,deployment.environment=test"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ]);
        let config = config.unwrap().unwrap();
        assert_eq!(config.traces.unwrap().as_str(), "http://collector:4318/v1/traces");
        assert_eq!(config.logs.unwrap().as_str(), "https://logs.example/in");
        assert_eq!(config.service, "one");
        assert_eq!(config.resource, [("deployment.environment".to_owned(), "test".to_owned())]);
        assert!((config.ratio - 0.25).abs() < f64::EPSILON);
        let headers: Vec<_> =
            config.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        assert_eq!(headers, [("authorization", "Bearer abc"), ("x-tenant", "a")]);
        let no_traces = read(&[base, ("OTEL_TRACES_EXPORTER", "none")]).unwrap().unwrap();
        assert!(no_traces.traces.is_none() && no_traces.logs.is_some());
        assert_eq!(no_traces.service, "omega-executor");
    }

    #[test]
    fn what_can_not_be_done_is_said_without_values_that_may_be_keys() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        let cases = [
            (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")], "no http or https URL"),
            (vec![base, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "4318"),
            (vec![base, ("OTEL_EXPORTER_OTLP_HEADERS", "secret-key-1")], "name=value"),
            (vec![base, ("OTEL_EXPORTER_OTLP_HEADERS", "a b=secret-key-1")], "no header has"),
            (vec![base, ("OTEL_TRACES_SAMPLER", "xray")], "always_on"),
            (vec![base, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")], "from 0 to 1"),
            (vec![base, ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")], "milliseconds"),
        ];
        for (pairs, says) in cases {
            let error = read(&pairs).unwrap_err();
            assert!(error.contains(says) && !error.contains("secret-key-1"), "{error}");
        }
    }
}
