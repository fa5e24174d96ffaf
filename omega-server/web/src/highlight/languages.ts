// What languages look like: for each a list of rules, of which the first that fits holds. No rule has groups of its own.

export type Kind = "comment" | "string" | "number" | "word" | "name" | "type" | "meta" | "added" | "removed" | "plain";
export type Rule = readonly [Kind, string];

const words = (list: string): Rule => ["word", `\\b(?:${list.trim().split(/\s+/).join("|")})\\b`];

const NUMBER: Rule = ["number", "\\b(?:0[xXbBoO][\\da-fA-F_]+|\\d[\\d_]*(?:\\.\\d[\\d_]*)?(?:[eE][+-]?\\d+)?)[a-zA-Z\\d_]*\\b"];
const DOUBLE: Rule = ["string", '"(?:[^"\\\\\\n]|\\\\[^])*"?'];
const SINGLE: Rule = ["string", "'(?:[^'\\\\\\n]|\\\\[^])*'?"];
const TEMPLATE: Rule = ["string", "`(?:[^`\\\\]|\\\\[^])*`?"];
const SLASHES: Rule = ["comment", "\\/\\/[^\\n]*"];
const BLOCK: Rule = ["comment", "\\/\\*[^]*?(?:\\*\\/|$)"];
const HASH: Rule = ["comment", "#[^\\n]*"];
const DASHES: Rule = ["comment", "--[^\\n]*"];
const CALL: Rule = ["name", "\\b[\\p{L}_$][\\p{L}\\p{N}_$]*(?=\\()"];
const TYPE: Rule = ["type", "\\b\\p{Lu}[\\p{L}\\p{N}_]*\\b"];
/** Before words: what is only part of an identifier is none. */
const MEMBER: Rule = ["plain", "(?<=\\.)[\\p{L}_$][\\p{L}\\p{N}_$]*(?!\\()"];

const likeC = (list: string, ...own: Rule[]): Rule[] => [SLASHES, BLOCK, ...own, DOUBLE, SINGLE, NUMBER, MEMBER, words(list), CALL, TYPE];

const JAVASCRIPT = likeC(
  `abstract as async await break case catch class const continue debugger declare default delete do else enum export extends false
   finally for from function get if implements import in infer instanceof interface is keyof let namespace new null of override
   private protected public readonly return satisfies set static super switch this throw true try type typeof undefined var void
   while with yield any boolean never number object string symbol unknown bigint`,
  TEMPLATE,
  ["meta", "@[\\p{L}_]\\w*"],
);

const RUST = likeC(
  `as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref
   return self Self static struct super trait true type unsafe use where while bool char str u8 u16 u32 u64 u128 usize i8 i16
   i32 i64 i128 isize f32 f64`,
  ["meta", "#!?\\[[^\\]\\n]{0,200}\\]"],
  ["string", 'b?r#*"[^"]*"#*'],
  // A lifetime is no string.
  ["type", "'[\\p{L}_]\\w*\\b(?!')"],
  ["name", "\\b[\\p{L}_]\\w*!"],
);

const GO = likeC(
  `break case chan const continue default defer else fallthrough for func go goto if import interface map package range return
   select struct switch type var true false nil iota any bool byte error float32 float64 int int8 int16 int32 int64 rune string
   uint uint8 uint16 uint32 uint64 uintptr append cap close copy delete len make new panic print println recover`,
  TEMPLATE,
);

const C = likeC(
  `alignas alignof asm auto bool break case catch char class concept const consteval constexpr continue co_await co_return
   co_yield decltype default delete do double else enum explicit export extern false final float for friend goto if inline int
   long mutable namespace new noexcept nullptr NULL operator override private protected public register requires restrict return
   short signed sizeof static struct switch template this throw true try typedef typename union unsigned using virtual void
   volatile while size_t uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t`,
  ["meta", "(?<=^|\\n)[ \\t]*#[^\\n]*"],
);

const JAVA = likeC(
  `abstract as async await base bool boolean break byte case catch char class companion const continue data decimal def default
   delegate do double dynamic else enum event explicit extends extension false final finally fixed float for foreach func fun goto
   guard if implements implicit import in init inner int interface internal is it lateinit lazy let lock long match mixin mutating
   namespace native new nil null object open operator out override package params private protected protocol public readonly
   record ref repeat required return sbyte sealed self short sizeof static strictfp string struct super suspend switch
   synchronized this throw throws trait transient true try typealias typeof uint ulong unsafe ushort using val var virtual void
   volatile when where while with yield`,
  ["string", '"""[^]*?(?:"""|$)'],
  ["meta", "@[\\p{L}_]\\w*"],
);

const PHP: Rule[] = [
  ["meta", "<\\?(?:php|=)?|\\?>"],
  ["type", "\\$[\\p{L}_]\\w*"],
  HASH,
  ...likeC(
    `abstract and array as break callable case catch class clone const continue declare default do echo else elseif empty enum
     extends false final finally fn for foreach function global goto if implements include instanceof insteadof interface isset
     list match namespace new null or print private protected public readonly require require_once return static switch throw
     trait true try unset use var while xor yield`,
  ),
];

const PYTHON: Rule[] = [
  HASH,
  ["string", "[rbfuRBFU]{0,2}(?:\"\"\"[^]*?(?:\"\"\"|$)|'''[^]*?(?:'''|$))"],
  ["string", `[rbfuRBFU]{0,2}(?:${DOUBLE[1]}|${SINGLE[1]})`],
  ["meta", "(?<=^|\\n)[ \\t]*@[\\p{L}_][\\w.]*"],
  NUMBER,
  MEMBER,
  words(
    `and as assert async await break case class continue def del elif else except False finally for from global if import in is
     lambda match None nonlocal not or pass raise return True try while with yield self cls`,
  ),
  CALL,
  TYPE,
];

const RUBY: Rule[] = [
  HASH, DOUBLE, SINGLE,
  ["meta", ":[\\p{L}_]\\w*|@{1,2}[\\p{L}_]\\w*"],
  NUMBER,
  words(
    `alias and begin break case class def defined do else elsif end ensure false for if in module next nil not or redo rescue
     retry return self super then true undef unless until when while yield require attr_accessor attr_reader puts local function`,
  ),
  CALL, TYPE,
];

const LUA: Rule[] = [
  ["comment", "--\\[\\[[^]*?(?:\\]\\]|$)"], DASHES, DOUBLE, SINGLE, NUMBER,
  words("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"),
  CALL,
];

const SHELL: Rule[] = [
  ["comment", "(?<=^|[\\s;])#[^\\n]*"],
  DOUBLE,
  ["string", "'[^']*'?"],
  ["type", "\\$(?:\\{[^}\\n]*\\}?|[\\p{L}_]\\w*|[\\d@#?*!$-])"],
  ["meta", "(?<=\\s)--?[\\p{L}\\d][\\w-]*"],
  words(
    `if then else elif fi for while until do done case esac in function select return exit break continue local export readonly
     declare source alias unset set shift trap eval exec cd echo printf read test sudo`,
  ),
  NUMBER,
];

const SQL: Rule[] = [
  DASHES, BLOCK,
  ["string", "'(?:[^']|'')*'?"],
  ["type", '"[^"\\n]*"?|`[^`\\n]*`?'],
  NUMBER,
  words(
    `add all alter and any as asc begin between bigint boolean by cascade case check column commit conflict constraint create
     cross current database default delete desc distinct do drop else end except exists explain false foreign from full grant
     group having if ilike in index inner insert integer intersect into is join key left like limit materialized natural not
     nothing null numeric offset on or order outer over partition primary recursive references returning revoke right rollback
     row rows select set smallint table temporary text then timestamp timestamptz to transaction trigger true union unique update
     using uuid values varchar view when where window with`
      .split(/\s+/)
      .flatMap((word) => [word, word.toUpperCase()])
      .join(" "),
  ),
  CALL,
];

const JSON_RULES: Rule[] = [
  ["type", '"(?:[^"\\\\\\n]|\\\\[^])*"(?=\\s*:)'],
  // The viewer goes to the next line behind each line break of a text.
  ["string", '"(?:[^"\\\\\\n]|\\\\n\\n|\\\\[^])*"?'],
  SLASHES, BLOCK,
  ["number", "-?\\b\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?\\b"],
  words("true false null"),
];

const YAML: Rule[] = [
  ["comment", "(?<=^|\\s)#[^\\n]*"],
  ["type", "(?<=^|\\n)[ \\t]*(?:- )?[\\p{L}\\d_.\\/\"'-]+(?=:(?:\\s|$))"],
  DOUBLE, SINGLE,
  ["meta", "[&*!][\\w-]+|(?<=^|\\n)---"],
  NUMBER,
  words("true false null yes no on off"),
];

const TOML: Rule[] = [
  HASH,
  ["meta", "(?<=^|\\n)[ \\t]*\\[[^\\n]*\\]"],
  ["type", "(?<=^|\\n)[ \\t]*[\\w.\"-]+(?=\\s*=)"],
  ["string", '"""[^]*?(?:"""|$)'],
  DOUBLE, SINGLE, NUMBER,
  words("true false"),
];

const MARKUP: Rule[] = [
  ["comment", "<!--[^]*?(?:-->|$)"],
  ["meta", "<[!?][^>]*>?|&[\\w#]+;"],
  ["word", "<\\/?[\\p{L}][\\w:.-]*|\\/?>"],
  ["type", "\\b[\\p{L}_:@][\\w:.-]{0,60}(?==[\"'])"],
  ["string", `(?<==)(?:"[^"]*"?|'[^']*'?)`],
];

const CSS: Rule[] = [
  BLOCK, SLASHES, DOUBLE, SINGLE,
  ["meta", "@[\\p{L}-]+|#[\\da-fA-F]{3,8}\\b|![a-z]+"],
  ["type", "(?:--)?[\\p{L}][\\w-]{0,60}(?=\\s{0,4}:[^:{}]{0,400};)|\\$[\\w-]+"],
  ["number", "-?\\b\\d+(?:\\.\\d+)?(?:[a-z]+|%)?"],
  ["name", "[.#]?[\\p{L}_][\\w-]{0,60}(?=[^;{}()]{0,200}\\{)|[\\p{L}-]{1,60}(?=\\()"],
];

const DIFF: Rule[] = [
  ["meta", "(?<=^|\\n)(?:@@|diff |index |---|\\+\\+\\+)[^\\n]*"],
  ["added", "(?<=^|\\n)\\+[^\\n]*"],
  ["removed", "(?<=^|\\n)-[^\\n]*"],
];

const DOCKER: Rule[] = [
  ["comment", "(?<=^|\\n)[ \\t]*#[^\\n]*"],
  ["word", "(?<=^|\\n)[ \\t]*(?:FROM|RUN|CMD|LABEL|EXPOSE|ENV|ADD|COPY|ENTRYPOINT|VOLUME|USER|WORKDIR|ARG|HEALTHCHECK|SHELL)\\b"],
  DOUBLE, SINGLE,
  ["type", "\\$\\{?\\w+\\}?"],
];

const NAMES: readonly (readonly [string, readonly Rule[]])[] = [
  ["js javascript jsx mjs cjs ts typescript tsx", JAVASCRIPT],
  ["rust rs", RUST],
  ["go golang", GO],
  ["c h cpp c++ cc hpp objc arduino cuda glsl", C],
  ["java kotlin kt scala swift dart csharp cs c# groovy solidity zig", JAVA],
  ["php", PHP],
  ["py python python3 starlark", PYTHON],
  ["rb ruby elixir ex crystal", RUBY],
  ["lua", LUA],
  ["sh bash shell zsh fish console powershell ps1 shellscript", SHELL],
  ["sql postgresql postgres mysql sqlite plsql", SQL],
  ["json jsonc json5 ndjson jsonl", JSON_RULES],
  ["yaml yml", YAML],
  ["toml ini properties", TOML],
  ["html xml svg vue svelte xhtml", MARKUP],
  ["css scss less", CSS],
  ["diff patch", DIFF],
  ["dockerfile docker", DOCKER],
];

export const LANGUAGES: Record<string, readonly Rule[] | undefined> = Object.assign(
  Object.create(null) as object,
  Object.fromEntries(NAMES.flatMap(([names, rules]) => names.split(" ").map((name) => [name, rules]))),
);
