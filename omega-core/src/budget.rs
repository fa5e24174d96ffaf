//! How much of what strangers send is worked on: one table of limits, and the types of what has passed them.
//!
//! The promise: whoever takes a [`Bounded`] or a [`Tree`] does work whose size a limit of [`ALL`] bounds. Only this module
//! makes them, so a reader of strangers' text whose signature asks for one can't be handed text that nobody measured. What is
//! over a limit is refused in words ([`OverLimit`]) or cut with a notice ([`Limit::cut`]); each limit says why it is what it is.
//!
//! A bound is worth something only with an algorithm that is linear in it: `omega-server/tests/it/budget` feeds N and 2N of
//! hostile patterns to every reader.

use serde::Serialize;
use serde_json::Value;
use std::{fmt, ops::Deref};

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// Bytes of UTF-8, or of JSON as it is written.
    Bytes,
    /// Levels of nesting.
    Levels,
    /// Things of a list.
    Items,
    /// Steps of a walk, each visit counted.
    Steps,
}

/// How much of something is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// What is bounded, as it stands in an error: "the message".
    pub of: &'static str,
    /// The most that is taken.
    pub most: usize,
    /// Of what.
    pub unit: Unit,
    /// Why so much.
    pub why: &'static str,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $of:literal, $most:expr, $unit:ident, $why:literal;)*) => {
        $($(#[$doc])* pub const $name: Limit = Limit { of: $of, most: $most, unit: Unit::$unit, why: $why };)*
        /// Every limit, for documentation and tests.
        pub const ALL: &[Limit] = &[$($name),*];
    };
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

limits! {
    /// What a person writes.
    MESSAGE = "the message", 1_000_000, Bytes, "some 250,000 tokens, which few models take; larger data is for tools to read";
    /// What came before a message, as far as its model gets it: questions with their calls and answers, the newest.
    HISTORY = "the exchanges before a message", 10_000, Items, "each takes a hundred tokens as a rule, so they fill the largest windows; all are read for each message";
    /// Data that comes along with a message, for tools.
    DATA = "the data", 32 * MIB, Bytes, "as an output: it is stored, redacted and handed to tools, and a model is shown its ends";
    /// What somebody says of an answer.
    FEEDBACK = "the comment", 4 * KIB, Bytes, "a page of words; everybody in the conversation gets it with the run";
    /// What is read of a message's own words where no model reads it, its data apart.
    PROSE = "the message's words", 16 * KIB, Bytes, "a request has some hundred; rules look at all of them for each of them";
    /// A tool's JSON Schema.
    SCHEMA = "the schema", 64 * KIB, Bytes, "it goes to the model with every request; the largest of 352 real ones has 5 KiB";
    /// How deep a schema is.
    SCHEMA_DEPTH = "the schema's nesting", 32, Levels, "a validator and several providers recurse once a level";
    /// A schema as a model gets it.
    SHOWN_SCHEMA = "the schema for models", 16 * KIB, Bytes, "some 4,000 tokens in every request; the largest of 352 real ones has 5 KiB";
    /// The words in a schema as a model gets it, all together.
    SHOWN_WORDS = "the words in the schema for models", 8 * KIB, Bytes, "half of the schema; names and types say more than the words about them";
    /// How deep a schema is, as a model gets it.
    SHOWN_DEPTH = "the nesting of the schema for models", 10, Levels, "what OpenAI takes of strict schemas; below it a value is free";
    /// What is looked at of a schema to show it, references followed.
    SHOWN_STEPS = "the parts of the schema for models", 20_000, Steps, "as for compiling it: references can stand for a million parts";
    /// The values of one enumeration, as a model gets them.
    SHOWN_VALUES = "the enumeration for models", 250, Items, "what OpenAI takes of long ones; a longer list is told by its beginning";
    /// What a validator may visit of a schema, references followed.
    SCHEMA_COST = "the schema's references", 20_000, Steps, "twenty references can stand for a million subschemas";
    /// What a validator may visit of a schema and an input together.
    CHECK = "checking the input", 500_000, Steps, "a list of 100,000 numbers takes 200,000; one step takes some 100 ns";
    /// What a tool says of itself.
    DESCRIPTION = "the description", 8_000, Bytes, "models are given 600 characters of it, search indexes it whole";
    /// A row of the registry, all of it.
    PACKAGE_ROW = "the package's row", 256 * KIB, Bytes, "a schema, a description and the names of variables, with room";
    /// A tool's id, package and export.
    TOOL_ID = "the tool's id", 512, Bytes, "npm allows 214 bytes for a package's name, and an export is an identifier";
    /// A tool's name, its category, its version, a keyword, the name of a variable or a parameter.
    NAME = "a name of it", 256, Bytes, "it stands in lists and questions, where people read it whole";
    /// What a variable is for, or what it is by default.
    ENV_TEXT = "what is said of a variable", 1_000, Bytes, "it is a line in the question that asks for the variable";
    /// The variables of a tool.
    ENV_VARS = "the tool's variables", 64, Items, "one question names all of them; real tools have a handful";
    /// The parameters of a plain function.
    PARAMETERS = "the function's parameters", 64, Items, "a model fills each of them; real functions have a handful";
    /// The words that a tool is found by.
    KEYWORDS = "the keywords", 64, Items, "search weighs them with the description, and more of them say less";
    /// The tools of one package, and its functions.
    PACKAGE_TOOLS = "the package's tools", 500, Items, "each is a row and a document of the index; the largest real package has some 300 exports";
    /// The rows that one user has for themselves.
    OWN_TOOLS = "your own tools", 1_000, Items, "they are indexed for that user alone, on each node that answers them";
    /// The same rows, all together.
    OWN_ROWS = "your own tools' rows", 16 * MIB, Bytes, "a thousand rows of the usual size several times over; indexing them takes a second";
    /// The rows of one answer to a search or of one page of a list.
    ROWS = "the rows of one answer", 8 * MIB, Bytes, "a thousand rows of the usual size; nobody has to sign in to ask";
    /// One page of another registry's listing.
    LISTING = "the page of the listing", 64 * MIB, Bytes, "a thousand rows, ten times the usual size";
    /// The input of a call, as JSON.
    ARGUMENTS = "the call's input", MIB, Bytes, "a model writes some ten thousand tokens at most; larger data goes by reference";
    /// How deep a JSON value of a stranger is.
    DEPTH = "the nesting", 64, Levels, "every walk over a value recurses once a level";
    /// How often a run fails with the same call and the same error before the model is told, and once more before it ends.
    SAME_CALL = "failures of the same call", 3, Items, "twice may be bad luck; who repeats a third time does not read the error";
    /// The same for one tool's same error, whatever the input, as long as it never works.
    SAME_ERROR = "failures of a tool with the same error", 6, Items, "some tries find the right input; none of six was nearer to it";
    /// The same for steps in a row none of whose calls worked.
    BARREN_STEPS = "steps in a row in which nothing worked", 12, Items, "each is paid for; two tools' worth of different errors fits";
    /// The same for steps in a row that bring nothing new: each call was made before, with the same outcome.
    STALE_STEPS = "steps in a row that bring nothing new", 8, Items, "who waits for something looks a few times; each look is paid for";
    /// The same for steps in a row with a call that ends in the middle.
    CUT_CALLS = "calls in a row that end in the middle", 1, Items, "a model that was told writes less, or it will never fit";
    /// The text of one step of a model.
    MODEL_TEXT = "the model's answer", 4 * MIB, Bytes, "ten times what any model writes; it is sent again with every later message";
    /// An error's words, a tool's or a provider's.
    ERROR_TEXT = "the error's message", 4_000, Bytes, "it is stored with the call and shown to models and people";
    /// What an error has beside its words, as JSON.
    ERROR_DETAILS = "the error's details", 64 * KIB, Bytes, "as an output that is shown without being asked for";
    /// What a call gives.
    OUTPUT = "the output", 32 * MIB, Bytes, "it is stored, redacted and paged; more is cut by the sandbox";
    /// A document that becomes a conversation, from anybody.
    IMPORT = "the document", 64 * MIB, Bytes, "some 40,000 messages with their events; it is held in memory while it is read";
    /// The same from an administrator.
    IMPORT_OF_ADMIN = "the document", 1024 * MIB, Bytes, "who may stop the server may fill it; whatever was exported comes back";
    /// Values in a document, for each of its mebibytes.
    IMPORT_VALUES = "the values in a mebibyte of the document", 64_000, Items, "a value takes 72 bytes in memory; exported ones take 20 or more in the document";
    /// The values in what a call gives.
    OUTPUT_VALUES = "the output's values", 1_000_000, Items, "one is written in two bytes and takes seventy once it is read";
    /// One of the outputs that a call yields on its way.
    PARTIAL = "the partial output", MIB, Bytes, "it replaces the one before at every reader, up to 64 times a second";
    /// What a call says to its host on its way: lines of its log, partial outputs.
    FRAMES = "the call's messages", 100_000, Items, "each is read by itself; a reader is shown 64 a second";
    /// What a call writes to stderr.
    STDERR = "what the call writes to stderr", 4 * MIB, Bytes, "64 KiB of it are kept for its log; reading more would be the server's work";
    /// What the files of a call take.
    SCRATCH = "the call's files", 256 * MIB, Bytes, "room to unpack and convert some files; all calls share one disk";
    /// How many files and folders a call makes.
    SCRATCH_ENTRIES = "the call's files and folders", 20_000, Items, "each is looked at while it runs and removed after it";
    /// How deep the folders of a call are.
    SCRATCH_DEPTH = "the nesting of the call's folders", 64, Levels, "each level is a descriptor while they are counted";
    /// What one search asks for.
    QUERY = "the query", KIB, Bytes, "a question in words; ranking is no better with more of them";
    /// What people wrote in a conversation, as far as it is read for addresses, the newest first.
    WRITTEN = "what people wrote", 4 * MIB, Bytes, "a run reads it once; an address that is further back is asked about";
    /// What can be decoded from a text, and from what was decoded.
    DECODED = "what is encoded in the text", 16 * MIB, Bytes, "sixteen readings of the largest message";
    /// The words of a text that may be addresses.
    ADDRESSES = "the addresses in the text", MIB, Bytes, "each is parsed as browsers do; ten thousand of usual length fit";
    /// The `package.json` of an installed package.
    MANIFEST = "the package.json", MIB, Bytes, "the largest of real ones list some thousand entry points in 200 KiB";
    /// What the files of a package take while it is installed.
    IMAGE_BYTES = "the installed package's files", 2048 * MIB, Bytes, "downloads and what is linked from them, each counted: 1 GiB of packages; kits of agents with the clients of many clouds and chains unpack to some 700 MiB";
    /// What is installed of a package, with what it needs.
    IMAGE = "the installed package", 400_000, Items, "each is looked at once before anything runs, what is linked twice; large frameworks have 60,000 files, kits of agents 130,000";
    /// How deep the folders of an installed package are.
    IMAGE_DEPTH = "the installed package's nesting", 128, Levels, "whoever removes it holds one folder open for each level";
    /// Scripts of a package and of what it needs that are read for the names of variables.
    SCANNED = "the scripts that are read", 16 * MIB, Bytes, "a tool names its key in its own few files, a tenth of a second's work";
}

/// Something has more than its limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is too large: {found} {}, and at most {} are taken", .limit.of, .limit.unit, .limit.most)]
pub struct OverLimit {
    /// The limit.
    pub limit: Limit,
    /// What there is, or what of it was counted before counting stopped.
    pub found: usize,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Levels => "levels",
            Self::Items => "items",
            Self::Steps => "steps",
        })
    }
}

impl Limit {
    /// Whether so much is taken.
    ///
    /// # Errors
    /// When it is too much.
    pub fn check(&self, found: usize) -> Result<(), OverLimit> {
        if found <= self.most { Ok(()) } else { Err(OverLimit { limit: *self, found }) }
    }

    /// A text that has to fit.
    ///
    /// # Errors
    /// When it is too long.
    pub fn fit<'t>(&self, text: &'t str) -> Result<Bounded<'t>, OverLimit> {
        self.check(text.len()).map(|()| Bounded(text))
    }

    /// What fits of a text, and how many bytes do not.
    pub fn cut<'t>(&self, text: &'t str) -> (Bounded<'t>, usize) {
        let end = text.floor_char_boundary(self.most);
        (Bounded(&text[..end]), text.len() - end)
    }

    /// A JSON value whose bytes have to fit, as it is written, and whose nesting [`DEPTH`].
    ///
    /// # Errors
    /// When it is too long or too deep.
    pub fn tree<'v>(&self, value: &'v Value) -> Result<Tree<'v>, OverLimit> {
        let size = Size::of(value);
        self.check(size.bytes)?;
        DEPTH.check(size.depth)?;
        Ok(Tree { value, size })
    }
}

/// A stranger's text that is no longer than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounded<'t>(&'t str);

impl<'t> Bounded<'t> {
    /// The text, for as long as it was borrowed.
    #[must_use]
    pub fn text(self) -> &'t str {
        self.0
    }
}

impl Deref for Bounded<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        self.0
    }
}

/// A stranger's JSON value that is neither larger nor deeper than its limits.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'v> {
    value: &'v Value,
    size: Size,
}

impl<'v> Tree<'v> {
    /// The value, for as long as it was borrowed.
    #[must_use]
    pub fn value(self) -> &'v Value {
        self.value
    }

    /// How large it is.
    #[must_use]
    pub fn size(self) -> Size {
        self.size
    }
}

/// How large a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Bytes of it as JSON, but for what escapes add.
    pub bytes: usize,
    /// Levels: 0 of a text or number, 1 of a list of them.
    pub depth: usize,
    /// Values in it, itself included.
    pub values: usize,
}

impl Size {
    /// Of a value. Without recursion: the value may be of any depth.
    pub fn of(value: &Value) -> Self {
        let mut size = Self::default();
        let mut open = vec![(value, 0)];
        while let Some((value, depth)) = open.pop() {
            size.values += 1;
            match value {
                Value::Null | Value::Bool(true) => size.bytes += 4,
                Value::Bool(false) => size.bytes += 5,
                Value::Number(number) => size.bytes += number.to_string().len(),
                Value::String(text) => size.bytes += text.len() + 2,
                Value::Array(items) => {
                    size.bytes += 2 + items.len().saturating_sub(1);
                    size.depth = size.depth.max(depth + 1);
                    open.extend(items.iter().map(|item| (item, depth + 1)));
                }
                Value::Object(fields) => {
                    size.bytes +=
                        2 + fields.len().saturating_sub(1) + fields.keys().map(|key| key.len() + 3).sum::<usize>();
                    size.depth = size.depth.max(depth + 1);
                    open.extend(fields.values().map(|item| (item, depth + 1)));
                }
            }
        }
        size
    }
}

/// The shape of a JSON text, known before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// How deep brackets are nested.
    pub depth: usize,
    /// How many values there are, or one more.
    pub values: usize,
}

impl Shape {
    /// Of a text that may be JSON. What is none is refused by its reader.
    pub fn of(text: &[u8]) -> Self {
        let (mut shape, mut now, mut quoted, mut escaped) = (Self { depth: 0, values: 1 }, 0_usize, false, false);
        for byte in text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'[' | b'{' => {
                    now += 1;
                    shape.values += 1;
                    shape.depth = shape.depth.max(now);
                }
                b']' | b'}' => now = now.saturating_sub(1),
                b',' => shape.values += 1,
                _ => {}
            }
        }
        shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_is_taken_and_what_is_over_is_refused_in_words_or_cut_between_characters() {
        let limit = Limit { of: "the note", most: 5, unit: Unit::Bytes, why: "" };
        assert_eq!(limit.fit("héll").unwrap().text(), "héll");
        assert_eq!(
            limit.fit("héllo").unwrap_err().to_string(),
            "the note is too large: 6 bytes, and at most 5 are taken"
        );
        let (kept, lost) = limit.cut("hell\u{f6}");
        assert_eq!((kept.text(), lost), ("hell", 2));
    }

    #[test]
    fn a_value_is_as_large_as_it_is_written() {
        for value in [json!(null), json!([1, -2.5, true, false]), json!({"a": {"b": ["x", ""]}, "c": []}), json!([])] {
            assert_eq!(Size::of(&value).bytes, value.to_string().len(), "{value}");
        }
        assert_eq!(Size::of(&json!({"a": [[1]]})).depth, 3);
    }

    #[test]
    fn a_value_of_any_depth_is_measured_and_refused() {
        let mut value = json!(1);
        for _ in 0..100_000 {
            value = Value::Array(vec![value]);
        }
        let refused = ARGUMENTS.tree(&value).unwrap_err();
        assert_eq!((refused.limit.of, refused.found), ("the nesting", 100_000));
        // Its drop recurses; nothing like it is made outside of this test.
        std::mem::forget(value);
    }

    #[test]
    fn brackets_and_values_count_and_those_in_texts_do_not() {
        for (text, depth, values) in [
            ("", 0, 1),
            ("1", 0, 1),
            ("{\"a\":[1,{}]}", 3, 5),
            ("[[],[],[[]]]", 3, 8),
            ("\"[[,[[\"", 0, 1),
            ("[\"\\\"[[\"]", 1, 2),
            ("]]]][", 1, 2),
        ] {
            assert_eq!(Shape::of(text.as_bytes()), Shape { depth, values }, "{text}");
        }
    }

    #[test]
    fn every_limit_says_why() {
        for limit in ALL {
            assert!(limit.most > 0 && limit.why.len() > 20, "{limit:?}");
        }
    }
}
