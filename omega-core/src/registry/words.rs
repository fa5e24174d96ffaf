//! Words by which tools are compared with requests and with one another: lower case, camel case split, plurals and verb endings gone, and the few
//! synonyms that requests and tool descriptions use for one another.

/// Words that a request is dressed in and that say nothing about the tool that is wanted.
const FILLER: &str = "\
    info information details a able about again against all also am an and any are as at be been below between both but by can come \
    could did do does doing each example following for from get give given gives go has have help here how i if \
    in input into is it its just kindly know let like long look make many me much my need new now of ok on one \
    onto or our out over piped please print run s see should show so some stdin tell than thanks that the their them \
    then there these they thing things this those to tool try two up us use using via want was we were what \
    whats when where whether which while who why will with would you your";

/// A meaning, and the stems of the words that stand for it in requests and in descriptions of tools.
const SYNONYMS: &[(&str, &str)] = &[
    ("valid", "valid verif check"),
    ("diff", "diff compar changed"),
    ("mean", "averag"),
    ("evaluate", "calculat comput evaluat"),
    ("format", "beautif prett format"),
    ("parse", "load read pars"),
    ("repair", "fix repair"),
    ("slug", "slug"),
    ("convert", "transform convert conversion turn render"),
    ("satisfy", "satisf"),
    ("explain", "explain describ human"),
    ("serialize", "stringif serializ dump unpars"),
    ("generate", "creat generat"),
    ("distance", "distan"),
    ("markdown", "md markdown"),
    ("email", "emails mail"),
    ("word", "spell word"),
    ("statistic", "stat"),
    ("encode", "encod"),
    ("decode", "decod"),
    ("summary", "summar"),
    ("translate", "translat"),
    ("fetch", "fetch download scrap curl"),
    ("similar", "similar alike"),
];

/// Lower-case words of a text; `parseCSVFile`, `parse_csv-file` and `parse CSV file` give the same.
pub(crate) fn split(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            // An apostrophe inside a word ("what's") belongs to it.
            if (c == '\'' || c == '’') && !word.is_empty() && chars.get(at + 1).is_some_and(|n| n.is_alphabetic()) {
                continue;
            }
            // "sha-256" is one word.
            let before_figures = c == '-' && chars.get(at + 1).is_some_and(char::is_ascii_digit);
            if before_figures && word.chars().all(char::is_alphabetic) && !word.is_empty() {
                continue;
            }
            flush(&mut word, &mut words);
            continue;
        }
        let previous = at.checked_sub(1).and_then(|p| chars.get(p)).copied().unwrap_or(' ');
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        let starts_word =
            c.is_uppercase() && (previous.is_lowercase() || (previous.is_uppercase() && next.is_lowercase()));
        if starts_word {
            flush(&mut word, &mut words);
        }
        word.extend(c.to_lowercase());
    }
    flush(&mut word, &mut words);
    words
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// What a word is compared by: its stem, or the stem that stands for its synonyms.
pub(crate) fn canonical(word: &str) -> String {
    let word = word.to_lowercase();
    let stands_for = |stems: &str| {
        // Short stems only stand for the whole word.
        stems.split(' ').any(|stem| if stem.len() < 4 { word == stem } else { word.starts_with(stem) })
    };
    if let Some((meaning, _)) = SYNONYMS.iter().find(|(_, stems)| stands_for(stems)) {
        return (*meaning).to_owned();
    }
    stem(&word)
}

fn stem(word: &str) -> String {
    let cut = |suffix: &str, least: usize| {
        word.strip_suffix(suffix).filter(|rest| rest.chars().count() >= least).map(str::to_owned)
    };
    if let Some(rest) = cut("ies", 2) {
        return rest + "y";
    }
    let short = cut("ing", 3)
        .or_else(|| cut("ed", 3))
        .or_else(|| cut("es", 3))
        .or_else(
            || if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") { None } else { cut("s", 2) },
        )
        .unwrap_or_else(|| word.to_owned());
    match short.strip_suffix('e') {
        Some(rest) if rest.chars().count() >= 3 => rest.to_owned(),
        _ => short,
    }
}

/// Whether the word only dresses a request.
pub(crate) fn is_filler(word: &str) -> bool {
    FILLER.split(' ').any(|filler| filler == word)
}

/// The words of a text that say something, as they are compared.
pub(crate) fn content(text: &str) -> Vec<String> {
    split(text).iter().filter(|word| !is_filler(word)).map(|word| canonical(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_at_case_digits_stay() {
        assert_eq!(split("parseCSVFile"), ["parse", "csv", "file"]);
        assert_eq!(split("old_str_2 what's sha-256"), ["old", "str", "2", "whats", "sha256"]);
    }

    #[test]
    fn words_that_mean_the_same_compare_equal() {
        for (a, b) in [
            ("validate", "valid"),
            ("comparing", "difference"),
            ("distances", "distance"),
            ("tables", "table"),
            ("average", "mean"),
            ("pretty", "format"),
            ("parsing", "load"),
            ("entries", "entry"),
        ] {
            assert_eq!(canonical(a), canonical(b), "{a} {b}");
        }
        assert_ne!(canonical("class"), canonical("clas"));
    }
}
