//! How much of a tool's row is taken (`omega_core::budget`), wherever it comes from: an added package, an import, a mirror,
//! the sandbox's look into a package.
//!
//! The promise: only this module makes a [`Fitted`], and only a [`Fitted`] is stored, so no row costs its readers more than
//! the limits say: people who list it, the search, the models that are given it. What explains a tool is cut, with a notice;
//! a row that could not be called as it stands is refused in words.

use crate::domain::variables::{self, BadName};
use omega_core::{
    budget::{self, DESCRIPTION, ENV_TEXT, ENV_VARS, KEYWORDS, Limit, NAME, OverLimit, PACKAGE_ROW, PARAMETERS},
    id::{BadToolId, ToolId},
    registry::{Calling, EnvVar, Tool},
    sanitize::{is_invisible, one_line},
    schema,
};
use serde_json::{Value, json};

/// A tool whose row keeps to the limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    tool: Tool,
    notices: Vec<String>,
}

/// Why a row can't be taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Its id is none.
    #[error(transparent)]
    Id(#[from] BadToolId),
    /// Something of it that can't be cut is too large.
    #[error(transparent)]
    Large(#[from] OverLimit),
    /// A name that can't be one.
    #[error("{} has characters that nobody sees, or none at all", .0.of)]
    Name(Limit),
}

impl Fitted {
    /// What fits of a tool.
    ///
    /// # Errors
    /// When it could not be called as it stands.
    pub fn new(tool: Tool) -> Result<Self, Unfit> {
        tool.tool_id.as_str().parse::<ToolId>()?;
        named(&tool.version)?;
        let mut notices = Vec::new();
        let input_schema = tool.input_schema.map(|schema| {
            let (schema, notice) = judged(schema);
            notices.extend(notice);
            schema
        });
        let mut env = tool.env;
        if let Err(over) = ENV_VARS.check(env.len()) {
            env.truncate(over.limit.most);
            notices.push(format!("{over}; the others are left out"));
        }
        let all = env.len();
        let env: Vec<EnvVar> = env.into_iter().filter_map(variable).collect();
        if env.len() < all {
            notices.push(String::from("variables whose names can't be any, or are too long, are left out"));
        }
        if let Calling::Function { params } = &tool.calling {
            PARAMETERS.check(params.len())?;
            params.iter().try_for_each(|param| named(param))?;
        }
        let tool = Tool {
            name: short(&tool.name),
            description: cut(DESCRIPTION, &tool.description, &mut notices),
            category: short(&tool.category),
            keywords: tool.keywords.iter().take(KEYWORDS.most).map(|word| short(word)).collect(),
            integrity: tool.integrity.filter(|hash| named(hash).is_ok()),
            input_schema,
            env,
            ..tool
        };
        // What is written is never shorter than what counts, and mostly it is short.
        let written = serde_json::to_string(&tool).map_or(usize::MAX, |text| text.len());
        if PACKAGE_ROW.check(written).is_err() {
            PACKAGE_ROW.check(budget::Size::of(&json!(tool)).bytes)?;
        }
        Ok(Self { tool, notices })
    }

    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    /// The tool, and what was cut of it.
    #[must_use]
    pub fn into_parts(self) -> (Tool, Vec<String>) {
        (self.tool, self.notices)
    }

    /// What was cut, each with the tool's id.
    pub fn notices(&self) -> impl Iterator<Item = String> {
        self.notices.iter().map(|notice| format!("{}: {notice}", self.tool.tool_id))
    }
}

/// A schema as it is taken: itself, or one that takes any object when judging it, or reading it, would cost too much. With
/// what is to be told then.
pub fn judged(schema: Value) -> (Value, Option<String>) {
    let (schema, over) = schema::admit(schema);
    (schema, over.map(|over| format!("{over}; its input is not checked before it runs")))
}

/// Something that is compared and shown whole.
fn named(text: &str) -> Result<(), Unfit> {
    let text = NAME.fit(text)?.text();
    if text.trim().is_empty() || text.contains(|c: char| c.is_control() || is_invisible(c)) {
        return Err(Unfit::Name(NAME));
    }
    Ok(())
}

/// A word that is only shown.
fn short(text: &str) -> String {
    shown(NAME, &one_line(text, NAME.most)).0
}

/// What fits of a text that people and models read, and how many bytes do not; what was cut ends so that it can be seen.
fn shown(limit: Limit, text: &str) -> (String, usize) {
    const MORE: &str = "…";
    // PostgreSQL's text has no such character; what stands in its place is longer.
    let text = text.replace('\0', "\u{fffd}");
    let (_, lost) = limit.cut(&text);
    if lost == 0 {
        return (text, 0);
    }
    let (kept, _) = Limit { most: limit.most - MORE.len(), ..limit }.cut(&text);
    (format!("{}{MORE}", kept.trim_end()), lost)
}

fn cut(limit: Limit, text: &str, notices: &mut Vec<String>) -> String {
    let (kept, lost) = shown(limit, text);
    if lost > 0 {
        notices.push(format!("{} is {lost} bytes too long and was cut", limit.of));
    }
    kept
}

/// A variable that can be asked for; a default that is cut would be another one.
fn variable(var: EnvVar) -> Option<EnvVar> {
    if variables::check(&var.name) == Err(BadName::Shape) {
        return None;
    }
    let default = var.default.filter(|default| ENV_TEXT.fit(default).is_ok() && !default.contains('\0'));
    let (description, _) = shown(ENV_TEXT, &var.description);
    Some(EnvVar { description, default, ..var })
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::registry::Health;

    fn tool() -> Tool {
        Tool {
            tool_id: ToolId::new("p", "f"),
            name: "f".into(),
            description: "Does f.".into(),
            version: "1.0.0".into(),
            category: "other".into(),
            keywords: Vec::new(),
            input_schema: Some(json!({ "type": "object" })),
            env: Vec::new(),
            calling: Calling::Tool,
            health: Health::Unknown,
            downloads: None,
            official: false,
            destructive: false,
            needs_approval: None,
            integrity: None,
            own: false,
        }
    }

    fn var(name: &str) -> EnvVar {
        EnvVar { name: name.into(), description: "d".repeat(5_000), required: true, default: Some("x".repeat(5_000)) }
    }

    fn nested(depth: usize) -> Value {
        (0..depth).fold(json!({}), |inner, _| json!({ "properties": inner }))
    }

    /// Rows that cost their readers too much are cut to what costs little, and say so.
    #[test]
    fn what_explains_a_tool_is_cut_with_a_notice_and_the_row_stays_small() {
        let cases: [(&str, Tool, &str); 5] = [
            ("a long description", Tool { description: "ä".repeat(1 << 20), ..tool() }, "the description is"),
            (
                "a large schema",
                Tool { input_schema: Some(json!({ "description": "S".repeat(8 << 20) })), ..tool() },
                "the schema is too large",
            ),
            ("a deep schema", Tool { input_schema: Some(nested(100)), ..tool() }, "the schema's nesting"),
            (
                "many variables",
                Tool { env: (0..10_000).map(|n| var(&format!("V{n}"))).collect(), ..tool() },
                "the tool's variables",
            ),
            (
                "variables that are none",
                Tool { env: vec![var("A\nB"), var(&"N".repeat(10_000)), var(""), var("OK")], ..tool() },
                "variables whose names",
            ),
        ];
        for (what, large, said) in cases {
            let fitted = Fitted::new(large).unwrap();
            assert!(fitted.notices().any(|notice| notice.starts_with("p::f: ") && notice.contains(said)), "{what}");
            assert!(json!(fitted.tool()).to_string().len() < PACKAGE_ROW.most, "{what}");
        }
        let shown = Tool { name: format!("a\nb{}", "x".repeat(9_000)), category: "c\0".into(), ..tool() };
        let shown = Fitted::new(shown).unwrap();
        assert!(shown.tool().name.len() <= NAME.most && !shown.tool().name.contains('\n'));
        assert_eq!(Fitted::new(tool()).unwrap().into_parts(), (tool(), Vec::new()), "an ordinary row is as it was");
    }

    /// Words that go on say so, wherever the cut falls, and are the same when their row is taken once more.
    #[test]
    fn words_that_are_cut_end_in_an_ellipsis_and_fit() {
        for (limit, of) in [
            (DESCRIPTION, (|tool| tool.description.clone()) as fn(&Tool) -> String),
            (ENV_TEXT, |tool| tool.env[0].description.clone()),
            (NAME, |tool| tool.name.clone()),
            (NAME, |tool| tool.category.clone()),
            (NAME, |tool| tool.keywords[0].clone()),
        ] {
            for letter in ["x", "ä", "漢", "🦀", "ab ", "\0"] {
                for length in
                    [1, limit.most - 4, limit.most - 1, limit.most, limit.most + 1, limit.most + 4, 3 * limit.most]
                {
                    let words = letter.repeat(length.div_ceil(letter.len()));
                    let env = vec![EnvVar { description: words.clone(), ..var("V") }];
                    let row =
                        Tool { name: words.clone(), category: words.clone(), keywords: vec![words.clone()], ..tool() };
                    let row = Fitted::new(Tool { description: words.clone(), env, ..row }).unwrap().into_parts().0;
                    let kept = of(&row);
                    let is_whole =
                        kept.trim() == words.replace('\0', "\u{fffd}").trim() || letter == "\0" && limit == NAME;
                    assert!(kept.len() <= limit.most, "{}: {length} of {letter}: {}", limit.of, kept.len());
                    assert!(is_whole || kept.ends_with('…'), "{}: {length} of {letter}: {kept}", limit.of);
                    assert_eq!(Fitted::new(row.clone()).unwrap().into_parts().0, row);
                }
            }
        }
    }

    /// Rows that could never be called, or show something else than they are.
    #[test]
    fn what_could_not_be_called_is_refused_in_words() {
        let id = |export: &str| Tool { tool_id: ToolId::new("p", export), ..tool() };
        let params = |params: Vec<String>| Tool { calling: Calling::Function { params }, ..tool() };
        for (large, said) in [
            (id("a\nb"), "not a tool id"),
            (id("a\0b"), "not a tool id"),
            (id("\u{202e}pay"), "not a tool id"),
            (id(&"x".repeat(100_000)), "not a tool id"),
            (Tool { version: "9".repeat(10_000), ..tool() }, "a name of it is too large"),
            (Tool { version: "1.0.0\u{200b}".into(), ..tool() }, "characters that nobody sees"),
            (params(vec!["a".into(); 1_000]), "the function's parameters"),
            (params(vec!["a\0".into()]), "characters that nobody sees"),
        ] {
            let refused = Fitted::new(large).unwrap_err().to_string();
            assert!(refused.contains(said) && refused.len() < 400, "{refused}");
        }
    }
}
