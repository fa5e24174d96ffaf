// JSON Schema of the types that a function's parameters have. What JSON has no word for is said in words.
const DEPTH = 4;
const MOST_PROPERTIES = 40;
const MOST_BRANCHES = 24;
const MOST_OF_UNION = 200;
const BYTES = new Set(["Buffer", "Uint8Array", "ArrayBuffer", "Uint8ClampedArray", "BufferSource", "ArrayBufferLike", "BinaryLike", "DataView", "Blob"]);
const LISTS = new Set(["Array", "ReadonlyArray", "Iterable", "ArrayLike", "Set", "ReadonlySet", "List", "Iterator", "AsyncIterable"]);
const SAME = new Set(["Readonly", "Required", "NonNullable", "Promise", "PromiseLike", "Awaited", "NoInfer", "DeepReadonly"]);
const OF_BYTES = { description: 'bytes: {"type": "base64", "data": "..."}', type: "object", properties: { type: { enum: ["base64"] }, data: { type: "string" } } };
// What lives in a program: no JSON is one.
const LIVING = /^(?:File|FileList|Window|Document|\w*Element|Node|AbortSignal|\w*Stream|Readable|Writable|Duplex|Transform|\w*EventEmitter|Request|Response|NodeJS\..*|stream\..*|Worker|WeakMap|WeakSet)$/;
const NOTHING = new Set(["undefined", "void", "never"]);

// Marks what has to bring functions along, and so lives in a program too.
const LIVES = Symbol("lives");

// Methods that everything has.
const OF_ALL = new Set(["toString", "valueOf", "toLocaleString", "hasOwnProperty"]);

/** What can be sent of a schema; undefined where nothing can. */
export const sendable = (schema) => (schema?.[LIVES] ? undefined : schema);

/** What a value of the type is as JSON; undefined where no JSON can be one (a function, nothing at all). */
export function schemaOf(modules, file, type, generics = new Map(), depth = 0, above = []) {
  const inner = (one, at = file, of = generics) => schemaOf(modules, at, one, of, depth + 1, above);
  switch (type.kind) {
    case "literal": return { enum: [type.value] };
    case "list": return listOf(inner(type.of));
    case "tuple": return { type: "array", items: anyOf(type.of.map((one) => inner(one) ?? {})) };
    case "union": {
      const all = (type.of.length > MOST_OF_UNION ? widened(type.of) : type.of).map((one) => inner(one));
      const sent = all.filter((one) => one !== undefined);
      // Whoever may be null or a function is left out.
      return sent.some((one) => one.type !== "null") ? anyOf(sent) : undefined;
    }
    case "both": return together(type.of.map((one) => inner(one)).filter((one) => one !== undefined));
    case "object": return objectOf(modules, type, (one) => inner(one), depth);
    case "function": return undefined;
    case "imported": {
      const found = modules.meant(file, type);
      return found?.declared && depth < DEPTH && !above.includes(`${found.file}\0${type.name}`)
        ? declaredAs(modules, found, type.args, depth, [...above, `${found.file}\0${type.name}`])
        : {};
    }
    case "name": return named(modules, file, type, generics, depth, above, inner);
    default: return {};
  }
}

/** More than can be told, one by one: of what kinds they are, so that none is refused. */
const widened = (types) => [
  ...[...new Set(types.filter(({ kind }) => kind === "literal").map(({ value }) => typeof value))].map((name) => ({ kind: "name", name, args: [] })),
  ...types.filter(({ kind }) => kind !== "literal").slice(0, MOST_OF_UNION),
];

const listOf = (items = {}) => ({ type: "array", items, ...(items[LIVES] ? { [LIVES]: true } : {}) });

function named(modules, file, { name, args }, generics, depth, above, inner) {
  switch (name) {
    case "string": case "String": return { type: "string" };
    case "number": case "Number": return { type: "number" };
    case "bigint": case "BigInt": return { type: "integer" };
    case "boolean": case "Boolean": return { type: "boolean" };
    case "object": case "Object": return { type: "object" };
    case "null": return { type: "null" };
    case "Date": return { type: "string", description: "a date in ISO 8601" };
    case "URL": return { type: "string", description: "an address" };
    case "Function": case "RegExp": case "symbol": return name === "RegExp" ? {} : undefined;
    case "Record": case "Map": case "ReadonlyMap": return { type: "object", additionalProperties: inner(args[1] ?? { kind: "any" }) ?? {} };
    case "Partial": case "Pick": case "Omit": return loose(inner(args[0] ?? { kind: "any" }));
    default:
  }
  if (NOTHING.has(name) || LIVING.test(name)) return undefined;
  if (BYTES.has(name)) return OF_BYTES;
  if (LISTS.has(name)) return listOf(inner(args[0] ?? { kind: "any" }));
  if (SAME.has(name) && args[0]) return inner(args[0]);
  if (generics.has(name)) return inner(generics.get(name), file, new Map());
  const found = modules.meant(file, { name });
  const key = `${found?.file}\0${name}`;
  if (!found?.declared || depth >= DEPTH || above.includes(key)) return {};
  return declaredAs(modules, found, args, depth, [...above, key]);
}

function declaredAs(modules, { file, declared }, args, depth, above) {
  const bound = new Map([...(declared.generics ?? [])].map(([name, bound], at) => [name, args[at] ?? bound]));
  const inner = (one) => schemaOf(modules, file, one, bound, depth + 1, above);
  if (declared.type) return inner(declared.type);
  if (declared.isClass) return undefined; // no JSON is an instance of it
  const parts = modules.parts(file, declared.name).map((part) => part.declared);
  const own = (parts.length ? parts : [declared]).flatMap((part) => part.members);
  if (own.length + declared.bases.length === 0 && declared.calls.length) return undefined;
  const bases = declared.bases.map((base) => inner(base)).filter((one) => one?.type === "object");
  return together([...bases, objectOf(modules, { members: own, calls: [], index: declared.index }, inner, depth)]);
}

function objectOf(_, { members, calls, index }, inner, depth) {
  if (members.length === 0 && calls?.length) return undefined;
  // `{}` is anything that there is.
  if (members.every(({ name }) => OF_ALL.has(name)) && index === undefined) return {};
  const schema = { type: "object" };
  if (members.some(({ name, optional, isHidden, type }) => !optional && !isHidden && type.kind === "function" && !OF_ALL.has(name))) schema[LIVES] = true;
  const required = [];
  for (const { name, optional, type, doc, isMethod } of members.slice(0, MOST_PROPERTIES)) {
    const own = isMethod ? undefined : inner(type);
    if (own === undefined) continue;
    const { text, byDefault } = commentOf(doc);
    (schema.properties ??= {})[name] = said(own, depth < 2 ? text : "", byDefault);
    if (!optional && own[LIVES]) schema[LIVES] = true;
    if (!optional && !takesNothing(type)) required.push(name);
  }
  if (required.length) schema.required = required;
  if (index !== undefined && !schema.properties) schema.additionalProperties = inner(index) ?? {};
  return schema;
}

/** Whether a value may be left out by its type alone. */
export const takesNothing = (type) =>
  (type.kind === "name" && (NOTHING.has(type.name) || type.name === "null")) || (type.kind === "union" && type.of.some(takesNothing));

/** What any of some schemas takes. */
export function anyOf(every) {
  const dead = every.filter((one) => !one[LIVES]);
  const all = dead.length ? dead : every;
  const [values, others] = [all.filter((one) => Object.keys(one).length === 1 && one.enum), all.filter((one) => !(Object.keys(one).length === 1 && one.enum))];
  const branches = [];
  if (values.length) branches.push({ enum: [...new Set(values.flatMap((one) => one.enum))] });
  for (const one of others) if (!branches.some((other) => JSON.stringify(other) === JSON.stringify(one))) branches.push(one);
  // What is known of it is told, and refuses nothing.
  const isFree = branches.some((one) => Object.keys(one).length === 0);
  if (isFree) branches.push(...branches.splice(branches.findIndex((one) => Object.keys(one).length === 0), 1));
  if (branches.length === 1) return branches[0];
  return { anyOf: branches.slice(0, MOST_BRANCHES) };
}

function together(all) {
  const objects = all.filter((one) => one.type === "object");
  if (objects.length < all.length) return all.find((one) => one.type !== "object" && Object.keys(one).length > 0) ?? objects[0] ?? {};
  const properties = Object.assign({}, ...objects.map((one) => one.properties));
  const required = [...new Set(objects.flatMap((one) => one.required ?? []))];
  const schema = { type: "object" };
  if (objects.some((one) => one[LIVES])) schema[LIVES] = true;
  if (Object.keys(properties).length) schema.properties = properties;
  if (required.length) schema.required = required;
  return schema;
}

const loose = (schema) => {
  if (schema?.type !== "object") return schema;
  const { required: _, [LIVES]: __, ...rest } = schema;
  return rest;
};

export function said(schema, text, byDefault) {
  const description = [schema.description, text].filter(Boolean).join("; ");
  return { ...schema, ...(description ? { description } : {}), ...(byDefault === undefined ? {} : { default: byDefault }) };
}

const MOST_TEXT = 1200;
const MOST_OF_PARAMETER = 300;

/** What a comment says: its text, its parameters by name, a default, an example, whether it is of something old. */
export function commentOf(doc) {
  // A comment of one line may have its tags behind its text.
  const parted = (doc ?? "").replace(/(\S)[ \t]+(?=@(?:default|defaultValue|deprecated|example|param|returns?|see|since|throws)\b)/g, "$1\n");
  const lines = parted.split("\n").map((line) => line.replace(/^\s*\*?\s?/, "").trimEnd());
  const params = new Map();
  let [tag, text, byDefault, example, isOld] = ["", [], undefined, [], false];
  let last;
  for (const line of lines) {
    const [, name, rest] = /^@(\w+)\s*(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined) {
      if (tag === "" || tag === "description") text.push(line);
      else if (tag === "example") example.push(line);
      else if (tag === "param" && last && line.trim()) last.text = `${last.text} ${line.trim()}`.slice(0, MOST_OF_PARAMETER);
      continue;
    }
    tag = name.toLowerCase();
    if (tag === "description") text.push(rest);
    if (tag === "deprecated") isOld = true;
    if (tag === "default" || tag === "defaultvalue") byDefault = literal(rest.replace(/^`|`$/g, ""));
    if (tag === "example" && rest) example.push(rest);
    if (["param", "arg", "argument"].includes(tag)) last = parameterOf(rest, params);
  }
  const words = text.join("\n").replace(/\{@link\s+([^}|]+)[^}]*\}/g, "$1").replace(/\n{3,}/g, "\n\n").trim().slice(0, MOST_TEXT);
  return { text: words, params, byDefault, example: example.join("\n").trim().slice(0, 400), isOld };
}

/** `{type} [name=default] - text`. */
function parameterOf(rest, params) {
  const [, type, optional, name, byDefault, text] = /^(?:\{((?:[^{}]|\{[^{}]*\})*)\}\s*)?(\[)?\s*([\w$.]+)\s*(?:=\s*([^\]]*))?\]?\s*[-–:]?\s*(.*)$/.exec(rest) ?? [];
  if (name === undefined || name.includes(".")) return undefined;
  const found = { type, optional: optional !== undefined || /=$/.test(type ?? ""), byDefault: literal(byDefault), text: text.slice(0, MOST_OF_PARAMETER) };
  params.set(name, found);
  return found;
}

/** A default that is a text, a number, a truth; others are code. */
export function literal(code) {
  const text = code?.trim();
  if (!text) return undefined;
  if (/^(['"`])[^'"`\\]*\1$/.test(text)) return text.slice(1, -1);
  if (/^(?:true|false|null|-?\d+(?:\.\d+)?|\[\s*\]|\{\s*\})$/.test(text)) return JSON.parse(text);
  return undefined;
}
