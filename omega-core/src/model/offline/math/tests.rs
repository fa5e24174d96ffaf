use super::*;

fn read(text: &str) -> Option<String> {
    let message = Message::read(text);
    expression(&message, &message.tokens, &Earlier::default())
}

#[test]
fn arithmetic_in_words_and_signs_is_an_expression() {
    for (text, expected) in [
        ("what is 12*37?", "12 * 37"),
        ("(3+4)^2 / 7", "(3 + 4)^2 / 7"),
        ("15% of 240", "15% * 240"),
        ("how much is seven times eight", "7 * 8"),
        ("what's the square root of 2 to 3 decimals", "round(sqrt(2), 3)"),
        ("17 mod 5", "17 mod 5"),
        ("10 % 3", "10 mod 3"),
        ("wie viel ist 12 mal 12?", "12 * 12"),
        ("combien font 7 fois 6 ?", "7 * 6"),
        ("12 かける 3 は?", "12 * 3"),
        ("计算 12 加 30", "12 + 30"),
        ("2*(3+4)^2", "2 * (3 + 4)^2"),
        ("10 -3", "10 - 3"),
        ("twenty five plus 3", "(20+5) + 3"),
        ("convert 10 miles to km", "10 mile to km"),
        ("how many feet are in 1.85 meters?", "1.85 m to ft"),
        ("how many seconds in a day", "1 day to second"),
        ("5 feet 3 inches in cm", "5 ft + 3 inch to cm"),
        ("60 mph in km/h", "60 (mile/hour) to km/hour"),
        ("10マイルをキロに変換して", "10 mile to km"),
        ("10英里等于多少公里", "10 mile to km"),
        ("Wandle 10 Meilen in Kilometer um", "10 mile to km"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_not_whole_arithmetic_is_none() {
    for text in [
        "100 usd to eur",
        "convert 5",
        "5 apples to oranges",
        "30% of what is 60",
        "1234567890",
        "10 kg to miles",
        "2 + apples",
        "( 1 + 2",
        "",
        "5 km",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}
