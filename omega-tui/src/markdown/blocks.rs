//! Where the top-level blocks of a Markdown text end, and which of them can't change any more.
//!
//! CommonMark's blocks are decided line by line: once a whole line has begun a new top-level block, the one before it is
//! closed. An unfinished last line proves nothing (`-` may become a list, a rule or a word), so it never closes one.
//! Each block is taken off the front and read by itself, so that nothing before it (a link's definition) matters, and it is
//! looked for in a window, so that a long text is not read over and over.

use pulldown_cmark::{Event, Options, Parser};

/// The extensions that are read.
pub const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_MATH);

/// Bytes looked at for the end of a block, at first.
const WINDOW: usize = 2048;

/// How many bytes at the beginning of `text` belong to blocks that are closed for good.
pub fn finished(text: &str) -> usize {
    let whole_lines = text.rfind('\n').map_or(0, |at| at + 1);
    let mut done = 0;
    while let Some(length) = first(&text[done..whole_lines]) {
        done += length;
    }
    done
}

/// The top-level blocks, in order; together they are the whole text.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (block, after) = rest.split_at(first(rest).unwrap_or(rest.len()));
        rest = after;
        (!block.is_empty()).then_some(block)
    })
}

/// The length of the first block, when another one follows it.
fn first(text: &str) -> Option<usize> {
    let mut window = WINDOW;
    loop {
        let from = text.floor_char_boundary(window);
        let end = text[from..].find('\n').map_or(text.len(), |at| from + at + 1);
        let found = second_start(&text[..end]);
        if found.is_some() || end == text.len() {
            return found;
        }
        window *= 2;
    }
}

fn second_start(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut covered = 0;
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        let opens = matches!(event, Event::Start(_));
        if depth == 0 && (opens || matches!(event, Event::Rule)) {
            // Indentation belongs to the block: without it indented code would become a paragraph.
            let line = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
            // What no block covers is a definition of a link; only an empty line says that its title is not still to come.
            let between = text.get(covered..line).unwrap_or_default();
            let closed = between.trim().is_empty() || between.trim_end_matches([' ', '\t', '\r']).ends_with("\n\n");
            // A paragraph that begins like a definition may become one, and be gone, with its next line.
            let stays = !text[line..].trim_start_matches(' ').starts_with('[');
            if line > 0 && closed && stays {
                return Some(line);
            }
            covered = range.end;
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
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
    fn a_block_longer_than_the_window_is_one_block() {
        let text = format!("```\n{}```\nafter\n", "é x\n\n".repeat(3000));
        assert_eq!(split(&text).map(str::len).collect::<Vec<_>>(), [text.len() - 6, 6]);
    }

    #[test]
    fn a_definition_before_a_block_changes_nothing_in_it() {
        let blocks = |text| split(text).map(str::to_owned).collect::<Vec<_>>();
        let whole = blocks("[a]: /u\n\n- \n[a]: /u\n**[a]: /u\n");
        assert_eq!(whole[1..], blocks("- \n[a]: /u\n**[a]: /u\n"));
    }

    #[test]
    fn a_paragraph_that_may_become_a_definition_closes_nothing() {
        assert_eq!(finished("word\n\n[a]:\n"), 0);
        assert_eq!(finished("word\n\n[a]:\n/u\n\nb\n"), 15);
    }

    #[test]
    fn the_title_of_a_definition_may_still_come() {
        assert_eq!(finished("[a]: /u\n\"title\n"), 0);
        assert_eq!(finished("[a]: /u\n\nb\n"), 9);
    }

    #[test]
    fn an_unfinished_line_closes_nothing() {
        assert_eq!(finished("> a\n-"), 0);
        assert_eq!(finished("> a\n- b\n"), 4);
        assert_eq!(finished("para\n\n1"), 0);
        assert_eq!(finished("```\na\n\nb\n"), 0);
    }
}
