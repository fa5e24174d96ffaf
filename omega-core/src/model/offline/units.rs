//! Units of measure: the words people use for them and the names that mathjs knows them by.

/// Words and signs of a unit; the first is what mathjs calls it.
const UNITS: &[&[&str]] = &[
    &["mile", "miles", "mi"],
    &["km", "kilometer", "kilometers", "kilometre", "kilometres", "kms"],
    &["m", "meter", "meters", "metre", "metres"],
    &["cm", "centimeter", "centimeters", "centimetre", "centimetres"],
    &["mm", "millimeter", "millimeters", "millimetre", "millimetres"],
    &["inch", "inches"],
    &["ft", "foot", "feet"],
    &["yard", "yards", "yd"],
    &["kg", "kilogram", "kilograms", "kilo", "kilos", "kgs"],
    &["g", "gram", "grams"],
    &["mg", "milligram", "milligrams"],
    &["lb", "lbs", "pound", "pounds"],
    &["oz", "ounce", "ounces"],
    &["stone", "stones"],
    &["degC", "celsius", "°c", "c"],
    &["degF", "fahrenheit", "°f", "f"],
    &["K", "kelvin"],
    &["L", "liter", "liters", "litre", "litres", "l"],
    &["mL", "ml", "milliliter", "milliliters", "millilitre", "millilitres"],
    &["gallon", "gallons", "gal"],
    &["pint", "pints"],
    &["cup", "cups"],
    &["ms", "millisecond", "milliseconds"],
    &["second", "seconds", "sec", "secs"],
    &["minute", "minutes", "min", "mins"],
    &["hour", "hours", "hr", "hrs"],
    &["day", "days"],
    &["week", "weeks"],
    &["year", "years"],
    &["mile/hour", "mph"],
    &["km/hour", "kph", "kmh", "km/h"],
    &["m/s", "mps"],
    &["joule", "joules"],
    &["kWh", "kwh"],
    &["acre", "acres"],
    &["hectare", "hectares"],
    &["deg", "degree", "degrees"],
    &["rad", "radian", "radians"],
    &["byte", "bytes"],
    &["kB", "kb", "kilobyte", "kilobytes"],
    &["MB", "mb", "megabyte", "megabytes"],
    &["GB", "gb", "gigabyte", "gigabytes"],
    &["TB", "tb", "terabyte", "terabytes"],
];

/// What mathjs calls the unit that a word names.
pub(super) fn known(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    UNITS
        .iter()
        .find(|names| names.iter().any(|name| name.to_lowercase() == lower))
        .and_then(|names| names.first())
        .copied()
}

pub(super) fn is_time(word: &str) -> bool {
    known(word).is_some_and(|unit| ["ms", "second", "minute", "hour", "day", "week", "year"].contains(&unit))
}

/// The unit at the start of a text, as in ` miles to km`, and what stands behind it.
pub(super) fn leading(text: &str) -> Option<(&'static str, &str)> {
    let text = text.trim_start();
    let text = text.strip_prefix("degrees ").filter(|rest| is_temperature(rest)).unwrap_or(text);
    let end = text.find(|c: char| !(c.is_alphabetic() || matches!(c, '°' | '/'))).unwrap_or(text.len());
    Some((known(&text[..end])?, &text[end..]))
}

fn is_temperature(text: &str) -> bool {
    ["c", "f", "k"].iter().any(|letter| text.to_lowercase().starts_with(letter))
}

/// The figures of a number that is written together with its unit (`5km`).
pub(super) fn figures(word: &str) -> &str {
    let end = word.find(|c: char| c.is_alphabetic() || c == '°').unwrap_or(word.len());
    if end > 0 && known(&word[end..]).is_some() { &word[..end] } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_by_their_words_and_signs() {
        assert_eq!(known("Miles"), Some("mile"));
        assert_eq!(leading(" degrees Celsius to f"), Some(("degC", " to f")));
        assert_eq!(leading("mph in km/h"), Some(("mile/hour", " in km/h")));
        assert_eq!(known("bananas"), None);
        assert_eq!(figures("5km"), "5");
        assert_eq!(figures("5th"), "5th");
    }
}
