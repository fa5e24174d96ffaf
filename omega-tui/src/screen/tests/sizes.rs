//! Any size, over everything that can lie over the conversation: nothing breaks, nothing is drawn outside, and all of it can
//! be read in both themes.

use super::{Opening, overlays};
use crate::{
    messages::{Shown, Topic, Update},
    screen::SMALLEST,
    test_harness::{TestHarness, full, grant, rule, stored},
    theme::{Depth, Mode, READABLE, contrast},
    wrap,
};
use omega_core::{api::Settings, event::Event};
use proptest::prelude::*;
use ratatui::style::Color;
use serde_json::json;

/// Characters of two cells, of none, and of many code points.
const WIDE: &str = "見る 👩\u{200d}👩\u{200d}👧\u{200d}👦 한국어 🇯🇵 e\u{301}\u{327} שלום ｆｕｌｌ";

/// Overlays, lists of rows, and questions.
fn everything() -> Vec<Opening> {
    let mut all = overlays();
    all.extend::<Vec<Opening>>(vec![
        ("help", |stage| stage.keys("<f1>")),
        ("settings", |stage| {
            let settings = Box::new(Settings { safe_mode: true, ..Settings::default() });
            stage.keys("/settings<enter>").news(Update::Shown(Topic::Settings, Shown::Settings(settings, vec![rule()])))
        }),
        ("a setting", |stage| {
            let shown = Shown::Settings(Box::default(), Vec::new());
            stage.keys("/settings<enter>").news(Update::Shown(Topic::Settings, shown)).keys("<enter>").paste(WIDE)
        }),
        ("keys", |stage| {
            let shown = Shown::Keys(vec![stored("EXA_API_KEY", Some("ABCD"))], vec![grant()]);
            stage.keys("/keys<enter>").news(Update::Shown(Topic::Keys, shown))
        }),
        ("pins", |stage| {
            let shown = Shown::Pins(vec!["mathjs::evaluate".parse().unwrap()]);
            stage.keys("/pins<enter>").news(Update::Shown(Topic::Pins, shown))
        }),
        ("share", |stage| stage.keys("/share<enter>")),
        ("participants", |stage| stage.keys("/participants<enter>")),
        ("plan", |stage| stage.keys("/plan<enter>")),
        ("status", |stage| stage.keys("/status<enter>")),
        ("an approval", |stage| {
            stage.awaits_approval(json!({ "expr": WIDE, "n": [1, 2] }));
            stage
        }),
        ("an input", |stage| {
            stage.awaits_approval(json!({ "expr": WIDE }));
            stage.keys("e")
        }),
        ("values", |stage| stage.awaits_credentials().keys("5ecret")),
        ("plans", |stage| {
            stage.awaits_plan();
            stage.keys("<down>")
        }),
        ("other tools", |stage| {
            stage.awaits_another_tool();
            stage
        }),
    ]);
    all
}

/// A conversation with wide text in every kind of piece.
fn wide(stage: &mut TestHarness) {
    full(stage);
    stage.asked(WIDE);
    let call = stage.calls("wide::text", json!({ "text": WIDE }));
    stage.frame(Event::ToolDelta { tool_run_id: call, offset: 0, chunk: json!(WIDE) });
    stage.gives(call, json!([{ "name": WIDE, "n": 1 }, { "name": "x", "n": 2 }]));
    stage.step();
    stage.says(&format!(
        "# {WIDE}\n\n{WIDE} `{WIDE}`\n\n| {WIDE} | b |\n|--|--|\n| x | {WIDE} |\n\n```js\nlet a = \"{WIDE}\"\n```\n"
    ));
    stage.answered();
}

/// Every row has as many cells as there are columns, and the cursor is on the screen.
fn is_inside(stage: &mut TestHarness) -> Result<(), String> {
    let buffer = stage.terminal.backend().buffer().clone();
    let area = buffer.area;
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let symbol = buffer[(x, y)].symbol();
            x += u16::try_from(wrap::width(symbol)).unwrap().max(1);
            if x > area.width {
                return Err(format!("{symbol:?} goes over the edge of row {y}"));
            }
        }
    }
    // Where nothing but the smallest size is said, there is none: it is where it was.
    let has_cursor = area.width >= SMALLEST.0 && area.height >= SMALLEST.1;
    let cursor = stage.terminal.get_cursor_position().unwrap();
    match !has_cursor || (cursor.x < area.width && cursor.y < area.height) {
        true => Ok(()),
        false => Err(format!("the cursor is at {cursor} of {area}")),
    }
}

#[test]
fn at_the_edges_between_layouts_nothing_is_drawn_outside() {
    for (name, open) in everything() {
        let mut stage = TestHarness::new(80, 24);
        wide(&mut stage);
        open(&mut stage);
        for width in [1, 39, 40, 41, 59, 60, 119, 120, 200] {
            for height in [1, 9, 10, 13, 60] {
                stage.resize(width, height);
                is_inside(&mut stage).unwrap_or_else(|error| panic!("{name} at {width}x{height}: {error}"));
            }
        }
    }
}

#[test]
fn everything_that_lies_over_the_conversation_can_be_read_in_both_themes() {
    let rgb = |color| match color {
        Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
        other => panic!("{other:?} is of no palette"),
    };
    // Lines and frames are no text.
    let is_line = |symbol: &str| symbol.chars().all(|c| ('\u{2500}'..='\u{259f}').contains(&c) || c == ' ');
    for (name, open) in everything() {
        for (mode, (width, height)) in
            [Mode::Dark, Mode::Light].into_iter().flat_map(|it| super::SIZES.map(|size| (it, size)))
        {
            let mut stage = TestHarness::themed(width, height, mode, Depth::True);
            wide(&mut stage);
            open(&mut stage);
            // What lies behind is not to be read.
            let behind = stage.app.theme.behind.fg;
            let cells = stage.terminal.backend().buffer().content.iter();
            for cell in cells.filter(|cell| !is_line(cell.symbol()) && Some(cell.fg) != behind) {
                let c = contrast(rgb(cell.fg), rgb(cell.bg));
                assert!(c >= READABLE, "{name}, {mode:?}, {:?}: {c:.2}", cell.symbol());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_order_of_sizes_and_keys_breaks_what_lies_over_it(
        which in any::<prop::sample::Index>(),
        steps in prop::collection::vec((0..210_u16, 0..70_u16, prop::sample::select(vec![
            "<down>", "<up>", "<pgdn>", "<pgup>", "<home>", "<end>", "<left>", "<right>", "<tab>", "x", "<backspace>", "<enter>", "<ctrl+u>", "<f3>",
        ])), 1..14),
    ) {
        let all = everything();
        let (name, open) = which.get(&all);
        let mut stage = TestHarness::new(80, 24);
        stage.app.keeps_drafts = true;
        wide(&mut stage);
        open(&mut stage);
        for (width, height, keys) in steps {
            stage.resize(width, height).keys(keys);
            let inside = is_inside(&mut stage);
            prop_assert!(inside.is_ok(), "{name} at {width}x{height}: {inside:?}");
        }
    }
}
