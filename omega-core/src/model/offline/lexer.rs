//! Recognising single values: what a word or a stretch of text is (URL, date, version, cron line, CSV block, ...).
//!
//! Each function looks at one text and never fails; the order in which they are asked is `message.rs`'s business.

use super::lexicon::named;
use serde_json::Value;

/// Where a URL that starts here ends.
pub(super) fn url(text: &str) -> Option<usize> {
    let known = ["https://", "http://", "ftp://", "ws://", "wss://", "file://", "mailto:", "data:"];
    let scheme = known.iter().find(|scheme| text.starts_with(**scheme))?;
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '`' | '”')).unwrap_or(text.len());
    let end = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', ']']).len();
    (end > scheme.len()).then_some(end)
}

/// Whether the word is an e-mail address, or is plainly meant to be one.
pub(super) fn is_email(word: &str) -> bool {
    match word.split_once('@') {
        Some((name, host)) => {
            !name.is_empty() && !host.is_empty() && !host.contains('@') && !word.contains("::") && !word.contains('/')
        }
        None => false,
    }
}

/// Whether the word is a date or a time stamp in figures: `2024-01-05`, `2024-01-05T10:00:00Z`, `5.1.2024`, `01/05/2024`.
pub(super) fn is_date(word: &str) -> bool {
    let (day, time) = word.split_once('T').map_or((word, None), |(day, time)| (day, Some(time)));
    if let Some(time) = time
        && !(time.contains(':') && time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'Z' | '+' | '-')))
    {
        return false;
    }
    ['-', '/', '.'].into_iter().any(|separator| {
        let parts: Vec<&str> = day.split(separator).collect();
        let figures =
            parts.iter().all(|part| matches!(part.len(), 1 | 2 | 4) && part.chars().all(|c| c.is_ascii_digit()));
        parts.len() == 3 && figures && (parts[0].len() == 4 || parts[2].len() == 4)
    })
}

/// Day, month's name and year in either order, as a date in figures.
pub(super) fn date_in_words(words: &[&str]) -> Option<String> {
    let [first, second, year] = words else { return None };
    let month = |word: &str| named("month", word.trim_end_matches('.'))?.parse::<u32>().ok();
    let day = |word: &str| {
        let figures = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        figures.parse::<u32>().ok().filter(|day| (1..=31).contains(day))
    };
    let (day, month) = day(first).zip(month(second)).or_else(|| day(second).zip(month(first)))?;
    let is_year = year.len() == 4 && year.chars().all(|c| c.is_ascii_digit());
    is_year.then(|| format!("{year}-{month:02}-{day:02}"))
}

/// How a date in words is written, as date-fns has it: `3 February 2025` is `d MMMM yyyy`.
pub(super) fn date_pattern_of(written: &str) -> Option<String> {
    let mut pattern = String::new();
    let pieces = written.split_inclusive([' ', ',', '.']);
    for piece in pieces {
        let word = piece.trim_end_matches([' ', ',', '.']);
        let figures = word.chars().all(|c| c.is_ascii_digit());
        pattern.push_str(match (word.len(), figures) {
            (0, _) => "",
            (4, true) => "yyyy",
            (2, true) if word.starts_with('0') => "dd",
            (1 | 2, true) => "d",
            (3, false) if word.chars().all(char::is_alphabetic) => "MMM",
            (_, false) if word.chars().all(char::is_alphabetic) => "MMMM",
            (_, false) if word.starts_with(|c: char| c.is_ascii_digit()) => "do",
            _ => return None,
        });
        pattern.push_str(&piece[word.len()..]);
    }
    pattern.contains("MMM").then_some(pattern)
}

/// A time of day as `09:00` or `09:00:30`: written so, or as `9am`, `9:30 p.m.`.
pub(super) fn clock(text: &str) -> Option<String> {
    let text = text.to_lowercase().replace(['.', ' '], "");
    let half = [("am", 0), ("pm", 12)].into_iter().find_map(|(mark, hours)| Some((text.strip_suffix(mark)?, hours)));
    let figures = half.map_or(text.as_str(), |(figures, _)| figures);
    let fits = |part: &str| matches!(part.len(), 1 | 2) && part.chars().all(|c| c.is_ascii_digit());
    let parts: Vec<u32> =
        figures.split(':').map(|part| part.parse().ok().filter(|_| fits(part))).collect::<Option<_>>()?;
    let (hour, rest) =
        parts.split_first().filter(|(_, rest)| rest.len() <= 2 && (half.is_some() || !rest.is_empty()))?;
    let hour = match half {
        Some((_, hours)) => Some(*hour).filter(|hour| (1..=12).contains(hour)).map(|hour| hour % 12 + hours)?,
        None => *hour,
    };
    let valid = hour < 24 && rest.iter().all(|part| *part < 60);
    valid
        .then(|| std::iter::once(&hour).chain(rest).map(|part| format!("{part:02}")).collect::<Vec<_>>().join(":"))
        .map(|text| if rest.is_empty() { format!("{text}:00") } else { text })
}

/// Whether the word is a version: `1.2.3`, `v1.2.3-beta.1`.
pub(super) fn is_version(word: &str) -> bool {
    let word = word.strip_prefix('v').unwrap_or(word);
    let core = word.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

/// Whether the word is a range of versions: `^1.0.0`, `~2.1`, `>=3`, `1.x`.
pub(super) fn is_range(word: &str) -> bool {
    let rest = word.trim_start_matches(['^', '~', '>', '<', '=']);
    let figures = rest.starts_with(|c: char| c.is_ascii_digit())
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*' | '+'));
    figures && (rest.len() < word.len() || rest.ends_with(".x") || rest.ends_with(".*"))
}

pub(super) fn is_uuid(word: &str) -> bool {
    word.len() == 36 && uuid::Uuid::parse_str(word).is_ok()
}

/// Where a colour that CSS writes as a function and that begins here ends: `rgb(255, 0, 128)`.
pub(super) fn color_function(text: &str) -> Option<usize> {
    let opens = ["rgb(", "rgba(", "hsl(", "hsla("].iter().find(|name| text.starts_with(**name))?.len();
    let end = text.find(')')?;
    let is_list = text[opens..end].chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | ',' | '.' | '%' | '/'));
    is_list.then_some(end + 1)
}

/// Whether the text is a colour: `#ff8800`, `#f80`, `hsl(210, 50%, 40%)`.
pub(super) fn is_color(word: &str) -> bool {
    let hex = word.strip_prefix('#');
    hex.is_some_and(|hex| matches!(hex.len(), 3 | 4 | 6 | 8) && hex.chars().all(|c| c.is_ascii_hexdigit()))
        || color_function(word) == Some(word.len())
}

/// Whether the word is an IP address, or is plainly meant to be one: `192.168.1.300`.
pub(super) fn is_ip(word: &str) -> bool {
    let groups =
        word.split('.').filter(|group| matches!(group.len(), 1..=3) && group.bytes().all(|b| b.is_ascii_digit()));
    word.parse::<std::net::IpAddr>().is_ok() || (word.matches('.').count() == 3 && groups.count() == 4)
}

/// Whether the word is a regular expression: it has an anchor or a class of characters.
pub(super) fn is_regex(word: &str) -> bool {
    let classes = ["\\d", "\\w", "\\s", "\\b", "[a-z", "[A-Z", "[0-9", ".*", ".+"];
    word.len() > 2
        && ((word.starts_with('^') && word.ends_with('$')) || classes.iter().any(|class| word.contains(class)))
        && !word.contains("://")
}

/// Whether the word is a JSON Web Token.
pub(super) fn is_jwt(word: &str) -> bool {
    word.starts_with("eyJ") && word.matches('.').count() == 2 && word.len() > 20
}

/// Whether the word is a path into a JSON value: `$.a[*].b`, `items[].name`.
pub(super) fn is_path(word: &str) -> bool {
    word.starts_with("$.") || word.starts_with("$[") || (word.contains("[].") || word.contains("[*]"))
}

/// Whether at least two words begin here that are figures with the letters of units of time, as `1h 20m`; how many.
pub(super) fn duration(words: &[&str]) -> Option<usize> {
    let figures = |word: &str| word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let is_span =
        |word: &&&str| figures(word) < word.len() && named("%span", &word[word.len() - figures(word)..]).is_some();
    Some(words.iter().take_while(is_span).count()).filter(|count| *count >= 2)
}

/// Whether the word is a Roman numeral of at least two letters, written as the rules have it.
pub(super) fn is_roman(word: &str) -> bool {
    // In the order in which they stand, each with how often it may.
    const LETTERS: &str = "M3 CM1 D1 CD1 C3 XC1 L1 XL1 X3 IX1 V1 IV1 I3";
    let mut rest = word;
    for (letters, most) in LETTERS.split(' ').map(|step| step.split_at(step.len() - 1)) {
        for _ in 0..most.parse().unwrap_or(1) {
            rest = rest.strip_prefix(letters).unwrap_or(rest);
        }
    }
    word.len() > 1 && rest.is_empty()
}

/// Whether the word is a file's name with an ending.
pub(super) fn is_file(word: &str) -> bool {
    let Some((name, ending)) = word.rsplit_once('.') else { return false };
    let named = name.chars().any(char::is_alphabetic) && !name.ends_with('.');
    let ends = (2..=5).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_host = name.starts_with("www.") || ["com", "org", "net", "io", "dev", "de", "uk", "eu"].contains(&ending);
    named && ends && !is_host && ending.chars().any(char::is_alphabetic) && !word.contains(['(', '='])
}

/// Whether the words starting here are a cron line; how many of them. Fields are figures, `*`, lists, ranges and steps.
pub(super) fn cron(words: &[&str]) -> Option<usize> {
    let field = |word: &&&str| {
        let named = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "JAN", "JUL", "DEC"];
        // A lone stroke stands between figures of a sum.
        !matches!(**word, "-" | "/")
            && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '/' | ',' | '-' | '?' | 'L' | '#'))
            || word.split(['-', ',']).all(|part| named.contains(&part.to_uppercase().as_str()))
    };
    let count = words.iter().take(7).take_while(field).count();
    let marked = words.iter().take(count).any(|word| word.contains('*') || word.contains('?'));
    (matches!(count, 5 | 6) && marked).then_some(count)
}

/// Whether the word is a pattern for dates, as `DD.MM.YYYY` or `yyyy-MM-dd`.
pub(super) fn is_date_pattern(word: &str) -> bool {
    let upper = word.to_uppercase();
    let year_or_hour = upper.contains("YY") || upper.contains("HH");
    year_or_hour
        && upper
            .chars()
            .all(|c| matches!(c, 'Y' | 'M' | 'D' | 'H' | 'S' | 'T' | 'Z' | 'A' | '-' | '/' | '.' | ':' | '_'))
}

/// What language a block of text is written in, as far as its looks tell: `json`, `html`, `xml`, `sql`, `diff`,
/// `markdown`, `csv`, `yaml` or nothing.
pub(super) fn sniff(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.starts_with(['{', '[']) && serde_json::from_str::<Value>(text).is_ok() {
        return Some("json");
    }
    let lower = text.to_lowercase();
    if text.starts_with('<') && text.ends_with('>') {
        const HTML: &str = "!doctype html|html|div|p|h|ul|ol|table|a |b|span|script";
        return Some(match &lower[1..] {
            tag if tag.starts_with("svg") => "svg",
            tag if HTML.split('|').any(|known| tag.starts_with(known)) => "html",
            _ => "xml",
        });
    }
    const SQL: &str = "select |insert into |update |delete from |create table |with |alter table ";
    if SQL.split('|').any(|word| lower.starts_with(word))
        && (lower.contains(" from ") || lower.contains('=') || lower.contains('('))
    {
        return Some("sql");
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.iter().any(|line| line.starts_with("@@ ")) || (text.starts_with("--- ") && text.contains("\n+++ ")) {
        return Some("diff");
    }
    if lines.iter().any(|line| ["# ", "## ", "### "].iter().any(|mark| line.starts_with(mark))) || text.contains("**") {
        return Some("markdown");
    }
    if lines.len() >= 2 {
        for separator in [',', ';', '\t'] {
            let cells = lines[0].matches(separator).count();
            if cells > 0 && lines.iter().all(|line| line.contains('"') || line.matches(separator).count() == cells) {
                return Some(if separator == '\t' { "tsv" } else { "csv" });
            }
        }
    }
    let yaml = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("- ")
            || line.starts_with('#')
            || line.split_once(':').is_some_and(|(key, value)| {
                !key.is_empty() && !key.contains(' ') && (value.is_empty() || value.starts_with(' '))
            })
    };
    let is_yaml = lines.iter().all(yaml) && text.contains(':') && !text.starts_with(['{', '[']);
    (!lines.is_empty() && is_yaml).then_some("yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_known_by_its_looks() {
        assert_eq!(url("https://a.b/c?d=1). Then"), Some(17));
        assert!(is_email("a@b.co") && is_email("not-an@email") && !is_email("@scope/pkg"));
        assert!(is_date("2024-01-05") && is_date("2024-01-05T10:00:00Z") && is_date("5.1.2024") && !is_date("1.2.3"));
        assert!(is_version("1.2.3") && is_version("v1.0.0-rc.1") && !is_version("1.2"));
        assert!(is_range("^1.0.0") && is_range(">=2") && is_range("1.x") && !is_range("1.2.3") && !is_range("1-5"));
        assert!(is_color("#ff8800") && !is_color("#hello"));
        assert_eq!(cron(&["0", "9", "*", "*", "1-5"]), Some(5));
        assert_eq!(cron(&["*/5", "*", "*", "*", "MON-FRI", "mean"]), Some(5));
        assert_eq!(cron(&["1", "2", "3", "4", "5"]), None);
        assert_eq!(date_in_words(&["5", "March", "2024"]).as_deref(), Some("2024-03-05"));
        assert_eq!(date_in_words(&["Jan", "1st", "2024"]).as_deref(), Some("2024-01-01"));
        assert_eq!(date_in_words(&["5", "apples", "2024"]), None);
        assert!(is_roman("XIV") && is_roman("MCMXCIV") && !is_roman("DVD") && !is_roman("LCD") && !is_roman("I"));
        assert!(is_file("photo.png") && !is_file("e.g") && !is_file("example.com") && !is_file("1.5"));
        assert!(is_date_pattern("DD.MM.YYYY") && is_date_pattern("yyyy-MM-dd") && !is_date_pattern("Yes"));
    }

    #[test]
    fn a_block_tells_its_language() {
        for (text, language) in [
            ("{\"a\": 1}", Some("json")),
            ("a,b\n1,2", Some("csv")),
            ("a: 1\nb:\n  - 2", Some("yaml")),
            ("select a from b", Some("sql")),
            ("<p>x</p>", Some("html")),
            ("<note><to>x</to></note>", Some("xml")),
            ("# Title\n\ntext", Some("markdown")),
            ("--- a\n+++ b\n@@ -1 +1 @@", Some("diff")),
            ("just words", None),
        ] {
            assert_eq!(sniff(text), language, "{text}");
        }
    }
}
