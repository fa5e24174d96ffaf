//! Blocks of Markdown that a text leaves open: they would swallow what comes behind it.
//!
//! The promise: behind a text and what [`closing`] gives for it, a heading is a heading. A fence is closed as far to the right as
//! it was opened: that ends it in a list, too, and is one more line of code where it was none. The rules are
//! CommonMark's for fenced code (<https://spec.commonmark.org/0.31.2/#fenced-code-blocks>) and for blocks of HTML that end at a
//! mark (<https://spec.commonmark.org/0.31.2/#html-blocks>); all other blocks end at an empty line.

/// How blocks of HTML begin that an empty line does not end, and their ends.
const HTML: [(&str, &str); 8] = [
    ("<!--", "-->"),
    ("<script", "</script>"),
    ("<style", "</style>"),
    ("<pre", "</pre>"),
    ("<textarea", "</textarea>"),
    ("<?", "?>"),
    ("<![cdata[", "]]>"),
    ("<!", ">"),
];

enum Open {
    /// Its indent, its mark, and how many of them.
    Fence(usize, char, usize),
    Html(&'static str),
}

/// The line that closes what a text leaves open, if it leaves something open.
pub(super) fn closing(text: &str) -> Option<String> {
    let mut open = None;
    for line in text.lines() {
        open = match open {
            Some(Open::Fence(indent, mark, length)) if closes(line, indent, mark, length) => None,
            Some(Open::Html(end)) if line.to_ascii_lowercase().contains(end) => None,
            Some(still) => Some(still),
            None => fence(line).or_else(|| html(line)),
        };
    }
    open.map(|open| match open {
        Open::Fence(indent, mark, length) => format!("{}{}", " ".repeat(indent), mark.to_string().repeat(length)),
        Open::Html(end) => end.to_owned(),
    })
}

fn fence(line: &str) -> Option<Open> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let line = &line[indent..];
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    // Behind backticks, a backtick makes it code within a line.
    let is_one = length >= 3 && !(mark == '`' && line[length..].contains('`'));
    is_one.then_some(Open::Fence(indent, mark, length))
}

fn closes(line: &str, opened: usize, mark: char, length: usize) -> bool {
    let marks = line.trim_start_matches(' ');
    let indent = line.len() - marks.len();
    let rest = marks.trim_start_matches(mark);
    indent <= opened + 3 && marks.len() - rest.len() >= length && rest.trim().is_empty()
}

fn html(line: &str) -> Option<Open> {
    let lower = line.to_ascii_lowercase();
    let (begin, end) = HTML.iter().find(|(begin, _)| {
        lower.strip_prefix(begin).is_some_and(|rest| {
            let is_tag = begin.ends_with(|c: char| c.is_ascii_alphabetic());
            let next = rest.chars().next();
            !is_tag || next.is_none_or(|c| c == '>' || c.is_whitespace())
        })
    })?;
    (!lower[begin.len()..].contains(end)).then_some(Open::Html(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_leaves_open_is_closed_and_nothing_else() {
        for (text, want) in [
            ("answer\n```js\nopen fence", Some("```")),
            ("a log:\n~~~~\n```\n~~~", Some("~~~~")),
            ("````\n```\n", Some("````")),
            ("<!-- open", Some("-->")),
            ("<PRE class='x'>\nopen\n\nstill", Some("</pre>")),
            ("<script>\nx", Some("</script>")),
            ("<?php\nx", Some("?>")),
            ("```\nclosed\n  ````  \nafter", None),
            ("```\n<!-- code -->\n```", None),
            ("<!-- ```\n-->\nx", None),
            ("<!-- one --> line\n```\nx\n```", None),
            ("<details><summary>x", None),
            ("<preface>\nx", None),
            ("``` inline ``` code", None),
            ("`` ` ``", None),
            ("1. a\n   ```js\n   in a list", Some("   ```")),
            (" ~~~\n  ~~~ \n   ~~~x", Some("   ~~~")),
            ("   ````x\n```", Some("   ````")),
            ("> ```\n> in a quote", None),
            ("", None),
        ] {
            assert_eq!(closing(text).as_deref(), want, "{text:?}");
            if let Some(closed) = want {
                assert_eq!(closing(&format!("{text}\n{closed}")), None, "{text:?}: once");
            }
        }
    }
}
