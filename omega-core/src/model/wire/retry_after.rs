//! How long a provider asks to be left alone.
//!
//! `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), the finer `retry-after-ms` (Azure, OpenAI:
//! <https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py>), Google's `RetryInfo` in the body, or else when
//! the limits that are used up begin anew: `ratelimit-reset` and `x-ratelimit-reset` (seconds or a time), OpenAI's
//! `x-ratelimit-reset-requests: 6m0s` (<https://platform.openai.com/docs/guides/rate-limits>), Anthropic's
//! `anthropic-ratelimit-requests-reset` (<https://docs.claude.com/en/api/rate-limits>). Times count from the answer's own `Date`,
//! so that clocks need not agree.

use super::{list_at, text_at};
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A number of seconds above this is a time since 1970; above the second, one in milliseconds.
const A_TIME: f64 = 1e9;
const A_TIME_IN_MS: f64 = 1e12;

/// The wait that is asked for, if any. `header` looks a response header up by its lower-case name.
pub(super) fn asked<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    body: Option<&Value>,
    now: SystemTime,
) -> Option<Duration> {
    let now = header("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    let read = |name: &str| header(name).and_then(|text| wait_of(text, now));
    read("retry-after")
        .or_else(|| header("retry-after-ms").and_then(|ms| seconds(ms.trim().parse::<f64>().ok()? / 1000.0)))
        .or_else(|| read("x-retry-after"))
        .or_else(|| body.and_then(retry_info))
        .or_else(|| {
            let used_up = LIMITS.iter().filter(|(left, _)| header(left).is_some_and(|left| left.trim() == "0"));
            used_up.filter_map(|(_, reset)| read(reset)).max()
        })
}

/// What is left of a limit, and when it begins anew.
const LIMITS: [(&str, &str); 8] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
];

/// What a header like `Retry-After` says: seconds, a time, a date, or a length of time in words (`6m0s`). What is past is no
/// wait.
pub fn wait_of(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let until = |time: SystemTime| time.duration_since(now).unwrap_or_default();
    if let Ok(number) = text.parse::<f64>() {
        let since_1970 =
            |seconds: f64| Some(until(UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?));
        return match number {
            ms if ms >= A_TIME_IN_MS => since_1970(ms / 1000.0),
            time if time >= A_TIME => since_1970(time),
            length => seconds(length),
        };
    }
    if let Ok(date) = httpdate::parse_http_date(text) {
        return Some(until(date));
    }
    if let Ok(time) = humantime::parse_rfc3339(text) {
        return Some(until(time));
    }
    length(text)
}

/// `1h2m3.5s`, `20ms`.
fn length(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |end| digits + end);
        sum += number
            * match &rest[digits..unit_end] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (!text.is_empty()).then_some(sum).and_then(seconds)
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// Google says it in the body: `{"@type": ".../google.rpc.RetryInfo", "retryDelay": "32s"}`.
fn retry_info(body: &Value) -> Option<Duration> {
    let body = body.get(0).unwrap_or(body);
    list_at(body, "/error/details").iter().find_map(|detail| length(text_at(detail, "/retryDelay")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked_by(headers: &[(&str, &str)], body: &Value) -> Option<f64> {
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        asked(header, Some(body), now).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn the_wait_that_is_asked_for_is_read_in_every_form() {
        for (headers, want) in [
            (&[("retry-after", "2"), ("retry-after-ms", "1850")][..], Some(2.0)),
            (&[("retry-after-ms", "1850")], Some(1.85)),
            (&[("retry-after", "0")], Some(0.0)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "")], None),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:45 GMT")], Some(8.0)),
            (&[("retry-after", "Sunday, 06-Nov-94 08:49:45 GMT")], Some(8.0)),
            (&[("retry-after", "Sun Nov  6 08:49:45 1994")], Some(8.0)),
            (&[("retry-after", "1994-11-06T08:50:37Z")], Some(60.0)),
            // Past is now.
            (&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], Some(0.0)),
            // The provider's own clock is the one that counts.
            (&[("retry-after", "Wed, 01 Jan 2031 00:00:08 GMT"), ("date", "Wed, 01 Jan 2031 00:00:00 GMT")], Some(8.0)),
            // A time since 1970, in seconds or milliseconds.
            (&[("retry-after", "1924991998"), ("date", "Tue, 31 Dec 2030 23:59:50 GMT")], Some(8.0)),
            (
                &[
                    ("x-ratelimit-reset", "1924991998000"),
                    ("x-ratelimit-remaining", "0"),
                    ("date", "Tue, 31 Dec 2030 23:59:50 GMT"),
                ],
                Some(8.0),
            ),
            // Only a limit that is used up is waited for.
            (
                &[
                    ("x-ratelimit-remaining-requests", "59"),
                    ("x-ratelimit-reset-requests", "1s"),
                    ("x-ratelimit-remaining-tokens", "0"),
                    ("x-ratelimit-reset-tokens", "6m0.5s"),
                ],
                Some(360.5),
            ),
            (&[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "20")], None),
            (
                &[
                    ("anthropic-ratelimit-requests-remaining", "0"),
                    ("anthropic-ratelimit-requests-reset", "1994-11-06T08:49:47Z"),
                ],
                Some(10.0),
            ),
            (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "50ms")], Some(0.05)),
        ] {
            assert_eq!(asked_by(headers, &Value::Null), want, "{headers:?}");
        }
        let body = json!({"error": {"message": "m", "details": [{"@type": "x"}, {"retryDelay": "32s"}]}});
        assert_eq!(asked_by(&[], &body), Some(32.0));
        assert_eq!(asked_by(&[], &json!([body])), Some(32.0));
    }
}
