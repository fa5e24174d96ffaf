//! What the tokenizer is told of each language: its comments, quotes and keywords, and the names that stand behind a fence.

#[derive(Clone, Copy)]
pub struct Language {
    pub line_comments: &'static [&'static str],
    pub block_comment: Option<(&'static str, &'static str)>,
    /// Quotes that end with their line.
    pub quotes: &'static [char],
    /// Quotes that may go over lines, the longer ones first.
    pub long_quotes: &'static [&'static str],
    pub keywords: &'static [&'static str],
    /// Keywords in any case, as in SQL.
    pub any_case: bool,
    /// A word before a colon or an equals sign is a name.
    pub has_keys: bool,
}

const C_LIKE: Language = Language {
    line_comments: &["//"],
    block_comment: Some(("/*", "*/")),
    quotes: &['"', '\''],
    long_quotes: &[],
    keywords: &[
        "abstract",
        "as",
        "async",
        "await",
        "bool",
        "boolean",
        "break",
        "case",
        "catch",
        "char",
        "class",
        "const",
        "continue",
        "default",
        "defer",
        "delete",
        "do",
        "double",
        "else",
        "enum",
        "export",
        "extends",
        "false",
        "final",
        "finally",
        "float",
        "for",
        "foreach",
        "from",
        "func",
        "function",
        "go",
        "goto",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "int",
        "interface",
        "let",
        "long",
        "map",
        "namespace",
        "new",
        "nil",
        "null",
        "of",
        "operator",
        "override",
        "package",
        "private",
        "protected",
        "public",
        "range",
        "readonly",
        "return",
        "select",
        "short",
        "static",
        "struct",
        "super",
        "switch",
        "template",
        "this",
        "throw",
        "throws",
        "true",
        "try",
        "type",
        "typedef",
        "typeof",
        "undefined",
        "unsigned",
        "using",
        "val",
        "var",
        "virtual",
        "void",
        "volatile",
        "while",
        "with",
        "yield",
    ],
    any_case: false,
    has_keys: false,
};

const SCRIPT: Language = Language { long_quotes: &["`"], ..C_LIKE };

const RUST: Language = Language {
    quotes: &['"'],
    keywords: &[
        "as", "async", "await", "bool", "break", "char", "const", "continue", "crate", "dyn", "else", "enum", "extern",
        "f32", "f64", "false", "fn", "for", "i16", "i32", "i64", "i8", "if", "impl", "in", "isize", "let", "loop",
        "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self", "static", "str", "struct", "super",
        "trait", "true", "type", "u16", "u32", "u64", "u8", "unsafe", "use", "usize", "where", "while",
    ],
    ..C_LIKE
};

const HASHED: Language = Language { line_comments: &["#"], block_comment: None, ..C_LIKE };

const PYTHON: Language = Language {
    long_quotes: &["\"\"\"", "'''"],
    keywords: &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "case", "class", "continue", "def",
        "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
        "match", "nonlocal", "not", "or", "pass", "raise", "return", "self", "try", "while", "with", "yield",
    ],
    ..HASHED
};

const SHELL: Language = Language {
    keywords: &[
        "case", "cd", "do", "done", "echo", "elif", "else", "esac", "exit", "export", "fi", "for", "function", "if",
        "in", "local", "return", "set", "then", "unset", "until", "while", "begin", "def", "end", "module", "require",
        "nil",
    ],
    ..HASHED
};

const SQL: Language = Language {
    line_comments: &["--"],
    keywords: &[
        "all",
        "alter",
        "and",
        "as",
        "asc",
        "between",
        "by",
        "case",
        "create",
        "cross",
        "delete",
        "desc",
        "distinct",
        "drop",
        "else",
        "end",
        "exists",
        "false",
        "from",
        "full",
        "group",
        "having",
        "in",
        "index",
        "inner",
        "insert",
        "into",
        "is",
        "join",
        "left",
        "like",
        "limit",
        "not",
        "null",
        "offset",
        "on",
        "or",
        "order",
        "outer",
        "primary",
        "returning",
        "right",
        "select",
        "set",
        "table",
        "then",
        "true",
        "union",
        "unique",
        "update",
        "values",
        "view",
        "when",
        "where",
        "with",
    ],
    any_case: true,
    ..C_LIKE
};

const DATA: Language = Language {
    line_comments: &["#"],
    block_comment: None,
    keywords: &["true", "false", "null", "yes", "no", "on", "off"],
    has_keys: true,
    ..C_LIKE
};

const JSON: Language = Language { line_comments: &["//"], ..DATA };

const MARKUP: Language = Language { line_comments: &[], block_comment: Some(("<!--", "-->")), keywords: &[], ..C_LIKE };

const STYLES: Language = Language { line_comments: &[], has_keys: true, keywords: &[], ..C_LIKE };

const LUA: Language = Language { line_comments: &["--"], block_comment: Some(("{-", "-}")), ..C_LIKE };

/// The language of a name, as it stands behind the fence of a code block.
pub fn language(name: &str) -> Option<Language> {
    Some(match name.to_lowercase().as_str() {
        "rust" | "rs" => RUST,
        "js" | "javascript" | "jsx" | "ts" | "typescript" | "tsx" | "mjs" | "svelte" | "vue" => SCRIPT,
        "go" | "golang" => SCRIPT,
        "c" | "h" | "cpp" | "c++" | "cc" | "hpp" | "java" | "kotlin" | "kt" | "swift" | "cs" | "csharp" | "c#"
        | "php" | "scala" | "dart" | "groovy" | "zig" | "proto" | "protobuf" | "graphql" => C_LIKE,
        "py" | "python" | "python3" => PYTHON,
        "sh" | "bash" | "zsh" | "shell" | "console" | "fish" | "rb" | "ruby" | "perl" | "pl" | "r" | "make"
        | "makefile" | "dockerfile" | "docker" | "elixir" | "ex" | "powershell" | "ps1" | "nix" => SHELL,
        "sql" | "sqlite" | "postgres" | "postgresql" | "mysql" => SQL,
        "json" | "jsonc" | "json5" | "ndjson" | "jsonl" => JSON,
        "yaml" | "yml" | "toml" | "ini" | "env" | "dotenv" | "properties" | "conf" | "hcl" | "terraform" | "tf" => DATA,
        "html" | "xml" | "svg" | "xhtml" => MARKUP,
        "css" | "scss" | "less" => STYLES,
        "lua" | "haskell" | "hs" | "elm" => LUA,
        _ => return None,
    })
}
