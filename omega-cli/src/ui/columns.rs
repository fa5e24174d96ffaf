//! Rows of a list: columns for a person, and for a script the same cells with two spaces between them, however long the others
//! are. An empty cell is left out; a column of empty cells is, too. Nothing hides in a cell or breaks its line, whoever named
//! what it says.

use omega_core::sanitize::sanitize_terminal;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What parts two cells.
const GAP: &str = "  ";

/// A row for a script, or alone in a sentence.
pub fn plain<const N: usize>(row: &[String; N]) -> String {
    row.each_ref().map(|cell| shown(cell)).into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(GAP)
}

fn shown(cell: &str) -> String {
    sanitize_terminal(cell).replace(['\n', '\t'], " ")
}

/// The rows one below the other, each column as wide as its widest cell.
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| shown(cell))).collect();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let shown = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells: Vec<String> =
            shown.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width()))).collect();
        cells.join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The beginning of a line that fits into so many cells.
pub fn cut(line: &str, cells: usize) -> &str {
    let mut width = 0;
    let end = line.char_indices().find(|(_, c)| {
        width += c.width().unwrap_or(0);
        width > cells
    });
    end.map_or(line, |(at, _)| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> [[String; 4]; 2] {
        [["a", "", "\u{6587}\u{5b57}", "last"], ["longer", "", "b", ""]].map(|row| row.map(String::from))
    }

    #[test]
    fn a_person_sees_columns_in_cells_of_the_terminal() {
        assert_eq!(aligned(&rows()), ["a       \u{6587}\u{5b57}  last", "longer  b"]);
        assert_eq!(aligned::<2>(&[]), [""; 0]);
    }

    #[test]
    fn a_line_is_cut_where_the_terminal_ends() {
        for (cells, kept) in [(9, "a\u{6587}\u{5b57}b"), (5, "a\u{6587}\u{5b57}"), (4, "a\u{6587}"), (0, "")] {
            assert_eq!(cut("a\u{6587}\u{5b57}b", cells), kept);
        }
    }

    #[test]
    fn nothing_hides_in_a_cell_or_breaks_its_line() {
        let row = ["a\u{202e}b\u{200b}", "\u{1b}[31mred\nnext", ""].map(String::from);
        let seen = "a\\u{202e}b\\u{200b}  red next";
        assert_eq!((plain(&row), aligned(&[row])), (seen.to_owned(), vec![seen.to_owned()]));
    }

    #[test]
    fn a_row_of_a_script_does_not_depend_on_the_others() {
        assert_eq!(rows().each_ref().map(plain), ["a  \u{6587}\u{5b57}  last", "longer  b"]);
    }
}
