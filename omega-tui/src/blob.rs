//! Data that nobody reads as text: a picture in base64 would push the answer off the screen.

use std::borrow::Cow;

const MARK: &str = ";base64,";
/// Characters of the data that stay, to recognise it by.
const KEPT: usize = 24;
/// Shorter data stays whole.
const LONG: usize = 120;

/// The text with long base64 data of `data:` addresses cut, and its length said instead.
pub fn shorten(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(4096));
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (before, data) = rest.split_at(at + MARK.len());
        out.push_str(before);
        let length = data.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')).count();
        if length > LONG {
            out.push_str(&data[..KEPT]);
            out.push_str(&format!("… ({length} characters)"));
        } else {
            out.push_str(&data[..length]);
        }
        rest = &data[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_data_is_cut() {
        let long = "A".repeat(200);
        let cases = [
            ("plain".to_owned(), "plain".to_owned()),
            ("data:x;base64,AAAA) b".to_owned(), "data:x;base64,AAAA) b".to_owned()),
            (
                format!("![q](data:image/png;base64,{long}) and ;base64,"),
                format!("![q](data:image/png;base64,{}… (200 characters)) and ;base64,", "A".repeat(24)),
            ),
        ];
        for (text, shown) in cases {
            assert_eq!(shorten(&text), shown);
        }
    }
}
