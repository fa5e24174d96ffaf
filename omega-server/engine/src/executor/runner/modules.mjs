// The declarations of one package: what each of its files declares and gives out, and from which file what it gives out comes. Files of
// the package are read, of the package of types beside it, and of those that it gives out as its own; no others.
import { Reader, tokens } from "./declared.mjs";
import { elsewhere } from "./entries.mjs";

const { readTextFileSync, statSync } = Deno;
const MOST_FILES = 300;
const MOST_BYTES = 6 << 20;
const ENDINGS = ["", ".d.ts", ".d.mts", ".d.cts", "/index.d.ts", ".ts"];

/** What a file declares: by name, each with its functions, type, value, members (of a namespace). */
class Scope {
  declared = new Map();
  given = new Map();
  stars = [];
  taken = new Map();
  whole = undefined;

  of(name) {
    if (!this.declared.has(name)) this.declared.set(name, { name, calls: [], members: [], statics: [], bases: [] });
    return this.declared.get(name);
  }
}

export class Modules {
  #files = new Map();
  #bytes = 0;
  #references = new Map();

  /** The file of a path without its ending. */
  find(path) {
    const base = path.replace(/(?<!\.d)\.[cm]?[jt]s$/, "");
    for (const ending of ENDINGS) {
      for (const at of [base + ending, path + ending]) {
        try {
          if (/\.[cm]?ts$/.test(at) && statSync(at).isFile) return at;
        } catch { /* the next one */ }
      }
    }
    return undefined;
  }

  /** The file that a file means by a name of its own, or of another package. */
  from(file, name) {
    return name.startsWith(".") ? this.find(join(file, name)) : elsewhere(this, file, name);
  }

  scope(file) {
    if (!this.#files.has(file)) {
      const scope = new Scope();
      this.#files.set(file, scope);
      const text = this.#files.size > MOST_FILES || this.#bytes > MOST_BYTES ? "" : read(file);
      this.#bytes += text.length;
      for (const [, path] of text.slice(0, 20000).matchAll(/\/\/\/\s*<reference\s+path="([^"]+)"/g)) {
        const referred = this.find(join(file, path));
        if (referred) (this.#references.get(file) ?? this.#references.set(file, []).get(file)).push(referred);
      }
      statements(new Reader(tokens(text)), scope, false);
    }
    return this.#files.get(file);
  }

  /** What a file gives out under a name: `{ file, declared }`, or undefined. */
  given(file, name, seen = new Set()) {
    const key = `${file}\0${name}`;
    if (file === undefined || seen.has(key) || seen.size > 200) return undefined;
    seen.add(key);
    const scope = this.scope(file);
    const given = scope.given.get(name);
    if (given?.from !== undefined) return this.given(this.from(file, given.from), given.name, seen);
    if (given?.declared) return { file, declared: given.declared };
    const taken = given && scope.taken.get(given.name);
    // What is another package's is read where it is given out, and not where it is only named.
    if (taken && taken.name !== "*" && !taken.from.startsWith(".")) return this.given(this.from(file, taken.from), taken.name, seen);
    if (given) return this.local(file, given.name, seen);
    for (const from of scope.stars) {
      const found = this.given(this.from(file, from), name, seen);
      if (found) return found;
    }
    if (scope.whole !== undefined) {
      const whole = this.local(file, scope.whole, seen);
      return name === "default" ? whole : whole && this.member(whole, name);
    }
    return name === "default" ? undefined : this.defaultMember(file, name, seen);
  }

  defaultMember(file, name, seen) {
    const fallback = this.given(file, "default", seen);
    return fallback && this.member(fallback, name);
  }

  /** What a name means within a file: declared there, taken from another one, or said in a file that it refers to. */
  local(file, path, seen = new Set()) {
    const [name, ...rest] = path.split(".");
    const scope = this.scope(file);
    const taken = scope.taken.get(name);
    let found;
    if (scope.declared.has(name)) found = { file, declared: scope.declared.get(name) };
    else if (taken && taken.from.startsWith(".")) {
      const other = this.find(join(file, taken.from));
      found = taken.name === "*" ? other && { file: other, module: true } : this.given(other, taken.name, seen);
    }
    for (const part of rest) found = found && this.member(found, part);
    return found;
  }

  /** What a type's name stands for, in whichever file. */
  meant(file, { kind, from, name }) {
    const found = kind === "imported" ? this.given(this.find(join(file, from)), name) : this.local(file, name);
    const { members = [], type, isClass, inner } = found?.declared ?? {};
    // A namespace may have the type of its own name within it.
    const isWithin = members.length === 0 && !type && !isClass && inner?.declared.has(name);
    return isWithin ? { file: found.file, declared: inner.declared.get(name) } : found;
  }

  /** The ways in which what was found can be called: its own, or those of the type that its value has. */
  calls({ file, declared }, depth = 0) {
    if (declared === undefined || depth > 6) return [];
    if (declared.calls.length) return declared.calls.map((call) => ({ file, call }));
    const { value, type, doc } = declared;
    return (value ?? type) ? this.callsOfType(file, value ?? type, doc, depth + 1) : [];
  }

  callsOfType(file, type, doc, depth) {
    const inside = (one) => this.callsOfType(file, one, doc, depth + 1);
    switch (depth > 6 ? "" : type.kind) {
      case "function": return [{ file, call: { ...type, doc } }];
      case "object": return type.calls.map((call) => ({ file, call: { ...call, doc: call.doc ?? doc } }));
      case "union": case "both": return type.of.flatMap(inside);
      case "member": {
        const found = this.memberOfType(file, type.of, type.name);
        return found ? this.calls(found, depth + 1) : [];
      }
      case "typeof": case "name": case "imported": {
        const found = this.meant(file, type);
        return found ? this.calls(found, depth + 1).map(({ file: at, call }) => ({ file: at, call: { ...call, doc: call.doc ?? doc } })) : [];
      }
      default: return [];
    }
  }

  /** Everything that is declared under a name in a file and in those that it refers to: interfaces are written in parts. */
  parts(file, name) {
    const files = [file, ...(this.#references.get(file) ?? [])];
    return files.flatMap((one) => {
      const declared = this.scope(one).declared.get(name);
      return declared ? [{ file: one, declared }] : [];
    });
  }

  member({ file, declared, module }, name) {
    if (module) return this.given(file, name);
    if (declared?.inner?.declared.has(name)) return { file, declared: declared.inner.declared.get(name) };
    const own = declared?.statics.find((member) => member.name === name);
    if (own) return { file, declared: valueOf(own) };
    return declared?.value && this.memberOfType(file, declared.value, name);
  }

  memberOfType(file, type, name, depth = 0) {
    if (depth > 6) return undefined;
    if (type.kind === "object") {
      const all = type.members.filter((member) => member.name === name);
      return all.length ? { file, declared: valueOf(...all) } : undefined;
    }
    if (type.kind === "both") return first(type.of, (one) => this.memberOfType(file, one, name, depth + 1));
    if (type.kind === "typeof") {
      const found = this.local(file, type.name);
      return found && this.member(found, name);
    }
    if (type.kind !== "name" && type.kind !== "imported") return undefined;
    const whole = this.meant(file, type);
    const parts = whole ? [whole, ...this.parts(file, type.name.split(".").pop()), ...this.parts(whole.file, type.name.split(".").pop())] : [];
    const all = parts.flatMap(({ file: at, declared }) => (declared?.members ?? []).filter((member) => member.name === name).map((member) => [at, member]));
    if (all.length) return { file: all[0][0], declared: valueOf(...all.map(([, member]) => member)) };
    if (whole?.declared?.type) return this.memberOfType(whole.file, whole.declared.type, name, depth + 1);
    return first(whole?.declared?.bases ?? [], (base) => this.memberOfType(whole.file, base, name, depth + 1));
  }
}

const first = (all, find) => { for (const one of all) { const found = find(one); if (found) return found; } };

/** Members of one name as if they were declared: a method's overloads, or a value. */
function valueOf(...members) {
  const calls = members.filter(({ type }) => type.kind === "function").map(({ type, doc }) => ({ ...type, doc }));
  return { name: members[0].name, calls, members: [], statics: [], bases: [], value: members[0].type, doc: members[0].doc, isHidden: members[0].isHidden };
}

export function join(file, path) {
  const parts = file.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function read(file) {
  try {
    return readTextFileSync(file);
  } catch {
    return "";
  }
}

/** Statements until the end, or the end of a block; what is none of those that count is stepped over. */
function statements(reader, scope, isBlock) {
  while (reader.next !== undefined && !(isBlock && reader.is("}"))) {
    const from = reader.at;
    try {
      statement(reader, scope);
    } catch {
      // What is not understood is no reason to lose what follows.
    }
    if (reader.at === from) reader.at++;
  }
  if (isBlock) reader.take("}");
}

function statement(reader, scope) {
  const { doc } = reader.next;
  const isGiven = reader.take("export");
  const isDefault = isGiven && reader.take("default");
  if (isGiven && reader.take("=")) return void (scope.whole = reader.path());
  if (isGiven && reader.take("as")) return void (reader.at += 2);
  while (["declare", "abstract", "async"].includes(reader.next?.value)) reader.at++;
  const give = (name, declared) => isGiven && scope.given.set(isDefault ? "default" : name, { name, declared });
  if (isGiven && (reader.is("*") || reader.is("{") || (reader.is("type") && (reader.is("{", 1) || reader.is("*", 1))))) return passedOn(reader, scope);
  switch (reader.next?.value) {
    case "import": return taken(reader, scope);
    case "function": {
      reader.at++;
      reader.take("*");
      const name = reader.next?.kind === "word" ? reader.word() : "default";
      const declared = scope.of(name);
      declared.calls.push({ ...reader.call(), doc });
      return give(name, declared);
    }
    case "const": case "let": case "var": {
      reader.at++;
      if (reader.is("enum")) return statement(reader, scope);
      if (reader.is("{")) return partsOf(reader, scope, give);
      do {
        const name = reader.word();
        const declared = Object.assign(scope.of(name), { doc });
        if (reader.take(":")) declared.value = reader.type();
        else if (reader.take("=")) reader.skipUntil([";", ","]);
        give(name, declared);
      } while (reader.take(","));
      return;
    }
    case "type": {
      reader.at++;
      const name = reader.word();
      const generics = reader.generics();
      reader.need("=");
      Object.assign(scope.of(name), { type: reader.type(), generics });
      return give(name);
    }
    case "interface": case "class": return body(reader, scope, doc, give);
    case "enum": return enumeration(reader, scope, give);
    case "namespace": case "module": case "global": {
      if (!reader.is("global")) reader.at++;
      // What is said of another module, or of all, is said of this package's own.
      if (reader.next?.kind === "text" || reader.is("global")) { reader.at++; return reader.take("{") ? statements(reader, scope, true) : undefined; }
      const name = reader.path();
      const declared = scope.of(name);
      declared.inner ??= new Scope();
      reader.need("{");
      statements(reader, declared.inner, true);
      // Within, names of the file mean the same; outside, its types are known by its name.
      for (const [inner, what] of declared.inner.declared) if (!scope.declared.has(inner)) scope.declared.set(inner, what);
      return give(name, declared);
    }
    default:
      if (isDefault && reader.next?.kind === "word") return void scope.given.set("default", { name: reader.path() });
  }
}

/** `const { a, b: c }: Whole`. */
function partsOf(reader, scope, give) {
  const names = named(reader, ":");
  const of = reader.take(":") ? reader.type() : { kind: "any" };
  for (const [own, other] of names) {
    scope.of(other).value = { kind: "member", of, name: own };
    give(other, scope.of(other));
  }
}

function body(reader, scope, doc, give) {
  const isClass = reader.all[reader.at++].value === "class";
  const name = reader.next?.kind === "word" && !reader.is("extends") ? reader.word() : "default";
  const declared = scope.of(name);
  declared.generics = reader.generics();
  while (reader.is("extends") || reader.is("implements") || reader.is(",")) {
    reader.at++;
    const base = reader.postfix();
    if (base.kind === "name") declared.bases.push(base);
  }
  const { members, calls, index, made } = reader.object();
  for (const member of members) {
    if (isClass && member.name === "constructor") declared.made = { ...member.type, doc: member.doc ?? doc };
    else if (member.isStatic) declared.statics.push(member);
    else declared.members.push(member);
  }
  if (isClass) Object.assign(declared, { isClass, doc });
  declared.index ??= index;
  declared.made ??= made;
  declared.calls.push(...calls);
  give(name, declared);
}

function enumeration(reader, scope, give) {
  reader.at++;
  const name = reader.word();
  const values = [];
  reader.need("{");
  while (!reader.take("}")) {
    const own = reader.all[reader.at++].value;
    const value = reader.take("=") ? reader.next : undefined;
    if (value) reader.skipUntil([",", "}"]);
    values.push(value === undefined ? values.length : value.kind === "text" ? value.value : Number(value.value) || own);
    reader.take(",");
  }
  Object.assign(scope.of(name), { type: { kind: "union", of: values.map((value) => ({ kind: "literal", value })) } });
  give(name);
}

/** `export { a as b } from "./x"`, `export * from "./x"`. */
function passedOn(reader, scope) {
  reader.take("type");
  if (reader.take("*")) {
    const name = reader.take("as") ? reader.word() : undefined;
    reader.need("from");
    const from = reader.all[reader.at++].value;
    if (name === undefined) return void scope.stars.push(from);
    scope.taken.set(name, { from, name: "*" });
    return void scope.given.set(name, { name });
  }
  const names = named(reader);
  const from = reader.take("from") ? reader.all[reader.at++].value : undefined;
  for (const [own, other] of names) scope.given.set(other, from === undefined ? { name: own } : { from, name: own });
}

/** `import a, { b as c } from "./x"`, `import * as d from "./x"`, `import e = require("./x")`. */
function taken(reader, scope) {
  reader.at++;
  reader.take("type");
  const all = [];
  if (reader.next?.kind === "word") {
    const name = reader.word();
    if (reader.take("=")) {
      if (!reader.take("require")) return void (reader.next?.kind === "word" && (scope.of(name).value = { kind: "typeof", name: reader.path() }));
      reader.need("(");
      return void scope.taken.set(name, { from: reader.all[reader.at++].value, name: "default" });
    }
    all.push(["default", name]);
    reader.take(",");
  }
  if (reader.take("*")) { reader.need("as"); all.push(["*", reader.word()]); }
  if (reader.is("{")) all.push(...named(reader));
  if (!reader.take("from")) return;
  const from = reader.all[reader.at++].value;
  for (const [own, other] of all) scope.taken.set(other, { from, name: own });
}

function named(reader, as = "as") {
  const found = [];
  reader.need("{");
  while (!reader.take("}")) {
    if (reader.is("type") && reader.all[reader.at + 1]?.kind === "word" && !reader.is("as", 1)) reader.at++;
    const own = String(reader.all[reader.at++]?.value);
    found.push([own, reader.take(as) ? String(reader.all[reader.at++].value) : own]);
    if (!reader.take(",") && !reader.is("}")) throw new SyntaxError("a list of names that does not end");
  }
  return found;
}
