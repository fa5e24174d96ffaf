//! Where the top-level blocks of a Markdown text begin, and which of them can't change any more.
//!
//! CommonMark's blocks are decided line by line: once a whole line has begun a new top-level block, the blocks before it
//! are closed. An unfinished last line proves nothing (`-` may become a list, a rule or a word), so it never closes one.

use pulldown_cmark::{Event, Options, Parser};

/// The extensions that are read.
pub const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// How many bytes at the beginning of `text` belong to blocks that are closed for good.
pub fn finished(text: &str) -> usize {
    let whole_lines = text.rfind('\n').map_or(0, |at| at + 1);
    starts(&text[..whole_lines]).last().copied().unwrap_or(0)
}

/// The top-level blocks, in order; together they are the whole text.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let starts = starts(text);
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts.into_iter().zip(ends).map(move |(start, end)| &text[start..end])
}

fn starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut depth = 0_usize;
    let mut begin = |at: usize| {
        // Indentation belongs to the block: without it indented code would become a paragraph.
        let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
        if starts.last() != Some(&line) {
            starts.push(line);
        }
    };
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        match event {
            Event::Start(_) => {
                if depth == 0 {
                    begin(range.start);
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Rule if depth == 0 => begin(range.start),
            _ => {}
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_indentation() {
        let text = "# a\nb\nc\n\n- x\n\n- y\n\n```\n\n# no\n```\n---\n\n    code\n";
        let blocks: Vec<&str> = split(text).collect();
        assert_eq!(blocks, ["# a\n", "b\nc\n\n", "- x\n\n- y\n\n", "```\n\n# no\n```\n", "---\n\n", "    code\n"]);
    }

    #[test]
    fn an_unfinished_line_closes_nothing() {
        assert_eq!(finished("> a\n-"), 0);
        assert_eq!(finished("> a\n- b\n"), 4);
        assert_eq!(finished("para\n\n1"), 0);
        assert_eq!(finished("```\na\n\nb\n"), 0);
    }
}
