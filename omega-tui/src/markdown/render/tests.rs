//! Blocks as lines.

use super::*;
use crate::theme::{Depth, Mode};

fn shown(text: &str, max: usize) -> Vec<String> {
    let lines = block(text, max, &Theme::new(Mode::Dark, Depth::None));
    lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect()
}

#[test]
fn a_link_shows_where_it_leads() {
    assert_eq!(shown("see [docs](https://a.b/c) or <https://d.e>", 60), ["see docs (https://a.b/c) or https://d.e"]);
    assert_eq!(shown("![a cat](https://a.b/c.png)", 60), ["a cat (https://a.b/c.png)"]);
}

#[test]
fn words_lead_where_the_address_beside_them_says_and_nowhere_else() {
    let theme = Theme::new(Mode::Dark, Depth::True);
    let leading = |text: &str| {
        let lines = block(text, 80, &theme);
        let spans = lines.iter().flat_map(|line| &line.spans);
        let is_marked = |span: &&Span<'_>| Modifier::from_bits(span.style.add_modifier.bits()).is_none();
        spans.filter(is_marked).map(|span| span.content.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(leading("[docs](https://a.b/c)"), ["docs", "https://a.b/c"]);
    assert_eq!(leading("<https://a.b/c>"), ["https://a.b/c"]);
    assert_eq!(leading("[google.com](https://a.b/c)"), ["https://a.b/c"]);
    assert_eq!(leading("[docs](javascript:x)"), [""; 0]);
    assert_eq!(leading("[docs](https://a.b@c.d)"), [""; 0]);
    assert_eq!(leading("[docs](https://a.b/&#27;]8)"), [""; 0]);
}

#[test]
fn simple_formulas_are_read_and_others_and_prices_stay_as_they_were() {
    assert_eq!(shown("so $E = mc^2$ and \\(x_1 \\leq \\pi\\)", 60), ["so E = mc² and x₁ ≤ π"]);
    assert_eq!(shown("so much $E = mc^2$", 14), ["so much", "E = mc²"], "on one line");
    assert_eq!(shown("$$\\begin{matrix}1\\end{matrix}$$", 60), ["$$\\begin{matrix}1\\end{matrix}$$"]);
    assert_eq!(shown("from $5 to $10, or $5-$10", 60), ["from $5 to $10, or $5-$10"]);
    assert_eq!(shown("`$x^2$`", 60), ["`$x^2$`"]);
}

#[test]
fn lists_hang_and_nest() {
    assert_eq!(
        shown("1. one two three\n   - a\n   - b\n2. [x] done\n", 12),
        ["1. one two", "   three", "   • a", "   • b", "2. [x] done"]
    );
    assert_eq!(shown("- a\n\n- b\n", 12), ["• a", "", "• b"]);
    assert_eq!(shown("- \n- b", 12), ["•", "• b"]);
}

#[test]
fn code_keeps_its_spaces_and_is_cut_at_the_edge() {
    assert_eq!(shown("```js\nlet a  = 1;\n\n  x\n```", 8), ["┄ js ┄┄┄", "let a  =", " 1;", "", "  x", "┄┄┄┄┄┄┄┄"]);
}

#[test]
fn headings_differ_and_names_in_sentences_are_set_off_in_every_theme() {
    for (mode, depth) in [
        (Mode::Dark, Depth::True),
        (Mode::Light, Depth::True),
        (Mode::Dark, Depth::Indexed),
        (Mode::Light, Depth::Indexed),
        (Mode::Dark, Depth::Sixteen),
        (Mode::Light, Depth::Sixteen),
        (Mode::Dark, Depth::None),
    ] {
        let theme = Theme::new(mode, depth);
        let heading = |text| block(text, 20, &theme)[0].spans[0].style;
        let (first, second, other) = (heading("# a"), heading("## a"), heading("### a"));
        assert!(first != second, "{mode:?} {depth:?}");
        assert!(second != other || depth == Depth::None, "{mode:?} {depth:?}");
        let line = block("a `b` c", 20, &theme).remove(0);
        let differs = line.spans.iter().any(|span| span.content == "b" && span.style != theme.text);
        assert!(differs || line.to_string() == "a `b` c", "{mode:?} {depth:?}: {line:?}");
    }
}

#[test]
fn quotes_are_marked_on_every_line() {
    assert_eq!(shown("> one two\n>\n> three", 6), ["│ one", "│ two", "│", "│ thre", "│ e"]);
}

#[test]
fn html_is_text() {
    assert_eq!(shown("<script>x</script>\n", 40), ["<script>x</script>"]);
}
