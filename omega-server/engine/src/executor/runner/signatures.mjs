// How a package's plain functions are called, so that a model knows what to send: by its declarations of types, else by the comments in
// front of its functions (JSDoc), else by the names of their parameters.
import { Modules, join } from "./modules.mjs";
import { tokens } from "./declared.mjs";
import { anyOf, commentOf, literal, said, schemaOf, takesNothing } from "./parameters.mjs";
import { isObject, readProperty } from "./shapes.mjs";

const { readTextFileSync, readDirSync } = Deno;
const MOST = 600;
const MOST_BYTES = 1 << 20;
const MOST_OF_ONE = 12_000;
const MOST_SCRIPTS = 120;
const MOST_OVERLOADS = 24;
const MOST_TEXT = 4 << 20;
const PATIENCE_MS = 4000;
const { now } = Date;

/** `{ signatures, typed }` of the functions of modules; each is a name and a value, with the subpath that it is of. */
export async function signaturesOf(job, functions) {
  const { place } = await import(job.entry);
  const root = place("").replace(/\/$/, "");
  const name = root.slice(root.indexOf("/node_modules/") + "/node_modules/".length);
  const modules = new Modules();
  const entries = entriesOf(modules, root, name);
  const until = now() + PATIENCE_MS;
  const signatures = Object.create(null);
  let scripts;
  let room = MOST_BYTES;
  const inOrder = [...functions].sort(([, one], [, other]) => (one.parent !== undefined) - (other.parent !== undefined));
  for (const [way, { subpath = "", name: own, value, parent }] of inOrder) {
    if (Object.keys(signatures).length >= MOST || room < 0 || now() > until) break;
    let found;
    try {
      const given = declarationOf(modules, entries(subpath), own, parent);
      const calls = given ? modules.calls(given) : [];
      found = calls.length ? ofTypes(modules, given.declared, calls) : ofText(value, (scripts ??= new Scripts(root)));
    } catch {
      found = ofText(value, (scripts ??= new Scripts(root)));
    }
    const size = JSON.stringify(found ?? null).length;
    if (found === undefined || size > MOST_OF_ONE) continue;
    room -= size;
    signatures[way] = found;
  }
  return { __proto__: null, signatures, typed: entries("") !== undefined };
}

const NOT_OWN = new Set(["constructor", "prototype", "toString", "toJSON", "inspect", "valueOf"]);

/** What can be called in a module: its functions, the static functions of its classes and methods of their instances, the functions of
 * the objects that it gives out. */
export function callable(exports, prefix) {
  const found = new Map();
  const subpath = prefix.replace(/\/$/, "");
  for (const [name, { value }] of exports) {
    if (typeof value === "function") found.set(prefix + name, { subpath, name, value });
    const prototype = typeof value === "function" ? value.prototype : undefined;
    const made = isObject(value) ? Object.getPrototypeOf(value) : undefined;
    for (const holder of [value, prototype, made].filter((holder) => holder && holder !== Object.prototype && holder !== Array.prototype)) {
      const keys = isObject(holder) || typeof holder === "function" ? Object.getOwnPropertyNames(holder).slice(0, 100) : [];
      for (const key of keys) {
        const inner = NOT_OWN.has(key) || key.startsWith("_") ? undefined : readProperty(holder, key);
        if (typeof inner === "function" && !found.has(`${prefix}${name}.${key}`)) {
          found.set(`${prefix}${name}.${key}`, { subpath, name: key, value: inner, parent: name });
        }
      }
    }
  }
  return found;
}

function declarationOf(modules, file, name, parent) {
  if (file === undefined) return undefined;
  const whole = (what) => modules.given(file, what);
  if (parent === undefined) return whole(name) ?? (name === "module.exports" ? whole("default") : undefined);
  const holder = whole(parent);
  if (holder === undefined) return undefined;
  const own = modules.member(holder, name);
  if (own) return own;
  const member = holder.declared?.members.filter((member) => member.name === name && member.type.kind === "function") ?? [];
  return member.length ? { file: holder.file, declared: { calls: member.map(({ type, doc }) => ({ ...type, doc })) } } : undefined;
}

/** Of its overloads those that JSON can say something to, as one: whatever one of them takes in a place is taken there. */
function ofTypes(modules, declared, calls) {
  const all = calls.slice(0, MOST_OVERLOADS).map(({ file, call }, at) => {
    const params = call.params.map((param) => ({ ...param, schema: schemaOf(modules, file, param.type, call.generics) }));
    const needed = params.map(({ optional, rest, type }) => !optional && !rest && !takesNothing(type));
    const hopeless = params.filter(({ schema }, place) => needed[place] && schema === undefined).length;
    return { params, needed, hopeless, doc: call.doc, rank: hopeless * 100 + (commentOf(call.doc).isOld ? 50 : 0) - Math.min(params.length, 8) + at * 0.01 };
  });
  const best = all.reduce((best, one) => (one.rank < best.rank ? one : best));
  const others = all.filter((one) => one.hopeless === best.hopeless);
  const about = commentOf(best.doc ?? all.find(({ doc }) => doc)?.doc ?? declared.doc);
  const params = best.params.map(({ name, rest, doc }, place) => {
    const known = about.params.get(name);
    const here = others.map(({ params }) => params[place]?.schema).filter((schema) => schema !== undefined);
    const needed = others.every((one) => one.needed[place] === true);
    const text = known?.text || commentOf(doc).text;
    return { name, rest, schema: here.length ? anyOf(here) : undefined, text, byDefault: known?.byDefault, needed };
  });
  return signature(params, about);
}

/** By the function's own text, and the comment in front of it. */
function ofText(value, scripts) {
  const source = Function.prototype.toString.call(value);
  const written = writtenParams(source);
  if (written === undefined) return undefined;
  const about = commentOf(scripts.commentOf(source));
  const names = written.length ? written : [...about.params.keys()].map((name) => ({ name, optional: about.params.get(name).optional }));
  // What was made shorter has no names that say anything.
  if (about.params.size === 0 && names.length > 0 && names.every(({ name }) => name.length === 1) && value.length > 1) return signature(names.map(asFree), about);
  const params = names.map(({ name, rest, optional, byDefault }, place) => {
    const known = about.params.get(name);
    // Comments are often wrong: they tell what is meant, and refuse nothing.
    const text = [known?.type && `(${known.type})`, known?.text].filter(Boolean).join(" ");
    const needed = known !== undefined && !known.optional && !optional && !rest && place < value.length;
    return { name, rest, schema: {}, text, byDefault: byDefault ?? known?.byDefault, needed };
  });
  return signature(params, about);
}

const asFree = ({ name, rest, byDefault }) => ({ name, rest, schema: {}, text: "", byDefault, needed: false });

function signature(params, { text, example }) {
  const properties = Object.create(null);
  const required = [];
  const names = params.map(({ name }, at) => (params.findIndex((other) => other.name === name) < at ? `${name}${at + 1}` : name));
  for (const [at, { rest, schema, text, byDefault, needed }] of params.entries()) {
    // A function can't be sent; who may leave it out does.
    if (schema === undefined && !needed) continue;
    const known = schema ?? { description: "a function of JavaScript, which can't be sent" };
    const list = rest && known.type !== "array" ? { type: "array", items: known } : known;
    properties[names[at]] = said(list, text, byDefault);
    if (needed) required.push(names[at]);
  }
  const inputSchema = { type: "object", properties, ...(required.length ? { required } : {}), additionalProperties: false };
  const description = [text, example && `Example: ${example}`].filter(Boolean).join("\n");
  return { params: params.map(({ rest }, at) => (rest ? `...${names[at]}` : names[at])), inputSchema, description };
}

/** The parameters as the function's text has them; undefined where there is none (native code). */
function writtenParams(source) {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return undefined;
  const alone = /^(?:async\s+)?([\p{L}_$][\p{L}\p{N}_$]*)\s*=>/u.exec(source);
  if (alone) return [{ name: alone[1] }];
  if (/^class\b/.test(source)) return undefined;
  const all = tokens(source.slice(0, 20000));
  const from = all.findIndex(({ value }) => value === "(");
  if (from < 0) return undefined;
  const found = [];
  let depth = 0;
  let part = [];
  const end = () => {
    if (part.length) found.push(parameterWritten(part));
    part = [];
  };
  for (const token of all.slice(from)) {
    const { kind, value } = token;
    if (kind === "mark" && ")]}".includes(value) && --depth === 0) break;
    if (depth === 1 && kind === "mark" && value === ",") end();
    else if (depth > 0) part.push(token);
    if (kind === "mark" && "([{".includes(value)) depth++;
  }
  end();
  return found;
}

function parameterWritten(part) {
  const rest = part[0].value === "...";
  const own = rest ? part[1] : part[0];
  const at = part.findIndex(({ value }) => value === "=");
  const code = at < 0 ? [] : part.slice(at + 1);
  const text = code.length === 1 && code[0].kind === "text" ? JSON.stringify(code[0].value) : code.map(({ value }) => value).join("");
  return { name: own?.kind === "word" ? own.value : "options", rest, optional: at >= 0, byDefault: literal(text) };
}

/** The file of declarations of the package, or of one of its subpaths; those of another package (`@types`) where it has none. */
function entriesOf(modules, root, name) {
  const known = new Map();
  const types = `${root.slice(0, root.length - name.length)}@types/${name.replace(/^@/, "").replace("/", "__")}`;
  return (subpath) => {
    if (!known.has(subpath)) known.set(subpath, entryOf(modules, root, subpath) ?? entryOf(modules, types, subpath));
    return known.get(subpath);
  };
}

function entryOf(modules, root, subpath) {
  const manifest = json(`${root}/package.json`);
  if (manifest === undefined) return undefined;
  const key = subpath === "" ? "." : `./${subpath}`;
  const target = manifest.exports?.[key] ?? (subpath === "" && !manifest.exports?.["."] ? manifest.exports : undefined);
  const named = [typesIn(target), ...(subpath === "" ? [manifest.types, manifest.typings, scriptIn(target), manifest.main, "index"] : [scriptIn(target), subpath])];
  for (const path of named) {
    const file = typeof path === "string" ? modules.find(join(`${root}/package.json`, path)) : undefined;
    if (file) return file;
  }
  return undefined;
}

function typesIn(target) {
  if (!isObject(target)) return undefined;
  if (typeof target.types === "string") return target.types;
  for (const key of ["types", "import", "node", "default", "require"]) {
    const found = typesIn(target[key]);
    if (found) return found;
  }
  return undefined;
}

function scriptIn(target) {
  if (typeof target === "string" || !isObject(target)) return target;
  return scriptIn(target.import ?? target.node ?? target.default ?? target.require);
}

function json(path) {
  try {
    return JSON.parse(readTextFileSync(path));
  } catch {
    return undefined;
  }
}

/** The package's own scripts, for the comments in front of its functions. */
class Scripts {
  constructor(root) {
    this.texts = [];
    let room = MOST_TEXT;
    const look = (folder, depth) => {
      for (const entry of entries(folder)) {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory && depth < 4 && entry.name !== "node_modules" && !/^(?:test|\.)/.test(entry.name)) look(path, depth + 1);
        if (!entry.isFile || !/\.[cm]?js$/.test(entry.name) || /\.min\./.test(entry.name) || this.texts.length >= MOST_SCRIPTS || room < 0) continue;
        try {
          const text = readTextFileSync(path);
          room -= text.length;
          this.texts.push(text);
        } catch { /* another one may have it */ }
      }
    };
    look(root, 0);
  }

  commentOf(source) {
    const begin = source.slice(0, 160);
    if (begin.length < 12) return undefined;
    for (const text of this.texts) {
      const at = text.indexOf(begin);
      if (at < 0) continue;
      // Between a comment and its function may stand `export`, `module.exports =`, a name.
      const before = text.slice(Math.max(0, at - 6000), at);
      const end = before.lastIndexOf("*/");
      const start = before.lastIndexOf("/**", end);
      const between = before.slice(end + 2);
      if (end >= 0 && start >= 0 && between.length < 160 && !/[;{}]/.test(between)) return before.slice(start + 3, end);
    }
    return undefined;
  }
}

function entries(folder) {
  try {
    return [...readDirSync(folder)].sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch {
    return [];
  }
}
