//! Everything that can lie on the screen: at every size, in both themes, with every colour.
//!
//! One snapshot for each: the text of each size, and of 80x24 also how each cell looks, as letters that the end explains
//! with the colours of both themes and how well they can be read.

use super::openings::{Opening, overlays, questions, viewers};
use crate::{
    test_harness::{TestHarness, full},
    theme::{Depth, Mode, READABLE, Theme, contrast},
};
use omega_core::executor::ToolErrorCode;
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use serde_json::json;
use std::fmt::Write as _;

/// Three that people have, and the smallest that anything is drawn in.
const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (40, 10)];

fn opened(opening: &Opening, is_over: bool, (width, height): (u16, u16), mode: Mode, depth: Depth) -> TestHarness {
    let mut stage = TestHarness::themed(width, height, mode, depth);
    if is_over {
        full(&mut stage);
    }
    (opening.1)(&mut stage);
    stage
}

type Look = (Color, Color, Modifier);

/// How a cell looks; nothing where it is a space on the same ground as the one before.
fn look(cell: &Cell, before: Option<Color>) -> Option<Look> {
    let is_blank = cell.symbol() == " " && cell.modifier.is_empty();
    (!is_blank || before != Some(cell.bg)).then_some((
        if is_blank { Color::Reset } else { cell.fg },
        cell.bg,
        cell.modifier,
    ))
}

fn rgb(color: Color) -> u32 {
    match color {
        Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
        other => panic!("{other:?} is no colour of 24 bits"),
    }
}

/// The looks of a screen in both themes: rows of letters, and what the letters are.
fn looks(dark: &Buffer, light: &Buffer) -> String {
    let mut known: Vec<(Look, Look)> = Vec::new();
    let mut rows: Vec<String> = Vec::new();
    for y in 0..dark.area.height {
        let (mut row, mut before) = (String::new(), None);
        for x in 0..dark.area.width {
            let (dark, light) = (&dark[(x, y)], &light[(x, y)]);
            let at = match (look(dark, before.map(|(dark, _, _)| dark)), look(light, before.map(|(_, light, _)| light)))
            {
                (Some(dark), Some(light)) => known.iter().position(|it| *it == (dark, light)).unwrap_or_else(|| {
                    known.push((dark, light));
                    known.len() - 1
                }),
                (None, None) => before.map_or(0, |(_, _, at)| at),
                differ => panic!("the themes differ in more than colours: {differ:?}"),
            };
            before = Some((dark.bg, light.bg, at));
            row.push(char::from_u32(u32::from('a') + u32::try_from(at).unwrap()).unwrap());
        }
        rows.push(row);
    }
    let mut said = String::new();
    let mut rows = rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        let mut times = 1;
        while rows.next_if_eq(&row).is_some() {
            times += 1;
        }
        let mut chars = row.chars().peekable();
        while let Some(c) = chars.next() {
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            write!(said, "{c}{count}").unwrap();
        }
        said.push_str(&if times > 1 { format!(" {times} rows\n") } else { String::from("\n") });
    }
    for (at, looks) in known.iter().enumerate() {
        let words = |(fg, bg, modifier): Look| match fg {
            Color::Reset => format!("on #{:06x}", rgb(bg)),
            fg => {
                let modifier = if modifier.is_empty() { String::new() } else { format!(" {modifier:?}") };
                let ratio = contrast(rgb(fg), rgb(bg));
                format!("#{:06x} on #{:06x}{modifier} {ratio:.1}", rgb(fg), rgb(bg))
            }
        };
        let letter = char::from_u32(u32::from('a') + u32::try_from(at).unwrap()).unwrap();
        writeln!(said, "{letter}: {} | {}", words(looks.0), words(looks.1)).unwrap();
    }
    said
}

fn drawn(stage: &TestHarness) -> Buffer {
    stage.terminal.backend().buffer().clone()
}

/// Panics where a word can't be read.
fn readable(buffer: &Buffer, of: &str) {
    for cell in &buffer.content {
        let is_text = cell.symbol().chars().any(char::is_alphanumeric);
        if let (true, Color::Rgb(..)) = (is_text, cell.fg) {
            let ratio = contrast(rgb(cell.fg), rgb(cell.bg));
            assert!(ratio >= READABLE, "{of}: `{}` has {ratio:.2}", cell.symbol());
        }
    }
}

#[test]
fn every_overlay_fits_every_size_and_can_be_read_in_both_themes() {
    fit(overlays(), true);
}

#[test]
fn every_output_in_the_viewer_fits_every_size_and_can_be_read_in_both_themes() {
    fit(viewers(), false);
}

#[test]
fn every_question_fits_every_size_and_can_be_read_in_both_themes() {
    fit(questions(), false);
}

fn fit(openings: Vec<Opening>, is_over: bool) {
    for opening in openings {
        let name = opening.0;
        let mut stage = opened(&opening, is_over, SIZES[0], Mode::Dark, Depth::True);
        let mut shown = String::new();
        for (width, height) in SIZES {
            let mut worn = |mode, depth| {
                stage.app.wear(Theme::new(mode, depth));
                stage.resize(width, height);
                (stage.text(), drawn(&stage))
            };
            let ((text, dark), (same, light)) = (worn(Mode::Dark, Depth::True), worn(Mode::Light, Depth::True));
            assert_eq!(same, text, "{name} at {width}x{height} differs in colour only");
            readable(&dark, &format!("{name} at {width}x{height}, dark"));
            readable(&light, &format!("{name} at {width}x{height}, light"));
            writeln!(shown, "{width}x{height}").unwrap();
            let mut blank = 0;
            for line in text.lines() {
                blank = if line.is_empty() { blank + 1 } else { 0 };
                // Of a large screen it is enough to know where it is empty.
                match blank {
                    0..4 => writeln!(shown, "{line}").unwrap(),
                    4 => writeln!(shown, "...").unwrap(),
                    _ => {}
                }
            }
            if width == 80 {
                for (mode, depth) in [(Mode::Light, Depth::Indexed), (Mode::Dark, Depth::Sixteen)] {
                    assert_eq!(worn(mode, depth).0, text, "{name} differs in colour only");
                }
                shown.push_str(&looks(&dark, &light));
            }
        }
        insta::assert_snapshot!(name, shown);
    }
}

#[test]
fn no_overlay_breaks_at_any_size_down_to_one_cell() {
    break_none(overlays(), true);
}

#[test]
fn no_output_in_the_viewer_breaks_at_any_size_down_to_one_cell() {
    break_none(viewers(), false);
}

#[test]
fn no_question_breaks_at_any_size_down_to_one_cell() {
    break_none(questions(), false);
}

fn break_none(openings: Vec<Opening>, is_over: bool) {
    for opening in openings {
        let mut stage = opened(&opening, is_over, (80, 24), Mode::Dark, Depth::True);
        let before = stage.text();
        for (width, height) in [(1, 1), (200, 1), (1, 60), (17, 10), (40, 9), (39, 10), (119, 2), (200, 60)] {
            stage.resize(width, height);
        }
        stage.resize(80, 24);
        // What was found is shown, wherever on the screen.
        if !opening.0.starts_with("find") {
            assert_eq!(stage.text(), before, "{} comes back as it was", opening.0);
        }
        // What is typed and moved at the smallest size breaks nothing either.
        stage.resize(1, 1).keys("<down><up><pgdn><pgup>").resize(40, 10).keys("<pgup><pgdn>").resize(80, 24);
        // And it opens at one cell.
        opened(&opening, is_over, (1, 1), Mode::Light, Depth::Indexed).resize(40, 10);
    }
}

#[test]
fn why_a_call_failed_and_what_came_can_be_read_however_narrow_the_terminal_is() {
    for width in 40..=140 {
        let mut stage = TestHarness::new(width, 24);
        stage.open().asked("work").step();
        let input = json!({"expression": "det([[2,1],[1,3]])", "and": "a second field that is long"});
        let broken = stage.calls("mathjs::evaluate", input.clone());
        stage.fails(broken, ToolErrorCode::InvalidInput, "the input does not fit the tool");
        let works = stage.calls("mathjs::evaluate", input);
        stage.gives(works, json!("12345 is what came"));
        stage.draw();
        let text = stage.text();
        assert!(text.contains("INVALID_INPUT") && text.contains("12345"), "{width}: {text}");
    }
}
