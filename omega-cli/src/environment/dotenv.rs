//! Files of variables, as dotenv files are written: `NAME=VALUE` lines, `export` before them, comments, quotes.
//!
//! A value in single quotes or backquotes is taken as it is, over several lines too; in double quotes `\n`, `\r`, `\t`, `\\` and
//! `\"` stand for what they do in a shell's printf. Without quotes a value ends where ` #` begins a comment. Nothing is filled in
//! for `$NAME`: a password may have a dollar sign.

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// From 1.
    pub line: usize,
    pub why: &'static str,
}

/// The variables, in order.
pub fn entries(text: &str) -> Result<Vec<(String, String)>, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut found, mut rest, mut line) = (Vec::new(), text, 1);
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let first = rest[..end].trim();
        if first.is_empty() || first.starts_with('#') {
            (rest, line) = (&rest[end..], line + 1);
            continue;
        }
        let wrong = |why| Wrong { line, why };
        let name_end = rest[..end].find('=').ok_or_else(|| wrong("there is no `=`"))?;
        let name = rest[..name_end].trim();
        let name = name.strip_prefix("export").filter(|it| it.starts_with(char::is_whitespace)).unwrap_or(name).trim();
        let after = rest[name_end + 1..].trim_start_matches([' ', '\t']);
        let (value, left) = value(after).map_err(wrong)?;
        line += rest[..rest.len() - left.len()].matches('\n').count();
        found.push((name.to_owned(), value));
        rest = left;
    }
    Ok(found)
}

/// A value, and what follows its line.
fn value(text: &str) -> Result<(String, &str), &'static str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let Some(quote) = quote else {
        let (line, left) = text.split_once('\n').unwrap_or((text, ""));
        let end = line.char_indices().find(|(at, c)| *c == '#' && (*at == 0 || line[..*at].ends_with([' ', '\t'])));
        return Ok((line[..end.map_or(line.len(), |(at, _)| at)].trim().to_owned(), left));
    };
    let (mut value, mut chars) = (String::new(), text[1..].char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => match chars.next().map(|(_, c)| c) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(same @ ('"' | '\\')) => value.push(same),
                other => value.extend(['\\'].into_iter().chain(other)),
            },
            c if c == quote => {
                let (behind, left) = text[at + 2..].split_once('\n').unwrap_or((&text[at + 2..], ""));
                let behind = behind.trim();
                return match behind.is_empty() || behind.starts_with('#') {
                    true => Ok((value, left)),
                    false => Err("something follows the closing quote"),
                };
            }
            c => value.push(c),
        }
    }
    Err("the quote is not closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_dotenv_files_are_written() {
        let cases = [
            ("A=b", "b"),
            ("\u{feff}A=b\r\n", "b"),
            ("  export  A = b  ", "b"),
            ("# A=x\n\nA=b # note", "b"),
            ("A=b#c", "b#c"),
            ("A=#c", ""),
            ("A=", ""),
            ("A=b=c==", "b=c=="),
            ("A=$HOME\\n", "$HOME\\n"),
            ("A=\"b # c\" # note", "b # c"),
            ("A=\"b\\nc\\\"d\\$\"", "b\nc\"d\\$"),
            ("A='b\\nc'", "b\\nc"),
            ("A='one\ntwo'\n", "one\ntwo"),
            ("A=`it's \"so\"`", "it's \"so\""),
            ("A=it's", "it's"),
        ];
        for (text, value) in cases {
            assert_eq!(entries(text).unwrap(), [("A".to_owned(), value.to_owned())], "{text:?}");
        }
        let several = entries("A='1\n2'\nB=3\r\n\r\nC=4").unwrap();
        assert_eq!(several.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["1\n2", "3", "4"]);
    }

    #[test]
    fn what_is_wrong_is_said_by_its_line_and_not_shown() {
        for (text, line) in [("A=1\nsecret", 2), ("A='1\n2'\n\nB=\"x", 4), ("A='b'c", 1)] {
            assert_eq!(entries(text).unwrap_err().line, line, "{text:?}");
        }
    }
}
