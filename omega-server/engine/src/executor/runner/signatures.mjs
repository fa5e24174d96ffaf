// How a package's plain functions are called, so that a model knows what to send: by its declarations of types, else by the comments in
// front of its functions (JSDoc), else by the names of their parameters. Where a function gives another one, or an object of methods, the
// ways go on behind its call: `compile(template)(context)`, `parse(text).format`.
import { isCallback } from "./callback.mjs";
import { entriesOf } from "./entries.mjs";
import { Modules } from "./modules.mjs";
import { offered, OF_ALL } from "./offered.mjs";
import { outcomeOf } from "./outcomes.mjs";
import { nameOf } from "./package.mjs";
import { anyOf, commentOf, said, schemaOf, sendable, takesNothing } from "./parameters.mjs";
import { isClass, isObject } from "./shapes.mjs";
import { Scripts, writtenParams } from "./written.mjs";
import { worked } from "./work.mjs";

const MOST = 800;
const MOST_BYTES = 1 << 20;
const MOST_OF_ONE = 12_000;
const MOST_OVERLOADS = 24;
const MOST_METHODS = 60;
const MOST_ONWARD = 240;
const MOST_CALLS = 2;
const PATIENCE_MS = 4000;

/** `{ signatures, offered, typed }` of the functions of modules, by the ways to them. */
export async function signaturesOf(job, ways, isMeant) {
  const { place } = await import(job.entry);
  const root = place("").replace(/\/$/, "");
  const name = await nameOf(job.entry);
  const look = new Look(new Modules(), root);
  const entries = entriesOf(look.modules, root, name);
  const until = worked() + PATIENCE_MS;
  const signatures = Object.create(null);
  const readings = new Map();
  let room = MOST_BYTES;
  const keep = (way, reading, what) => {
    if (way in signatures) return;
    const found = fitting(signature(reading));
    room -= JSON.stringify(found).length;
    signatures[way] = found;
    readings.set(way, { ...reading, what });
  };
  const behind = new Map();
  let onwards = 0;
  for (const [way, what] of look.undiscovered(ways, entries)) ways.set(way, what);
  const inOrder = [...ways].sort(([, one], [, other]) => one.path.length - other.path.length);
  for (const [way, what] of inOrder) {
    if (readings.size >= MOST || room < 0 || worked() > until) break;
    const reading = look.reading(entries(what.subpath), what);
    if (reading === undefined) continue;
    const isTwice = behind.has(what.value);
    const known = behind.get(what.value) ?? behind.set(what.value, new Map()).get(what.value);
    const maker = what.Class && look.makerOf(what, entries(what.subpath));
    const isLonger = maker?.some(({ needed }) => needed) === true;
    keep(way, reading, { ...what, isLonger, isTwice });
    // Under each of its names the same ways go on; a method is another one by another name.
    const base = maker ? way.slice(0, way.lastIndexOf(".")) : way;
    const own = what.path.length > 1 ? what.path.at(-1) : "";
    for (const [rest, more] of known.get(own) ?? []) keep(base + rest, more, { ...what, isOnward: true, isTwice: true });
    if (known.has(own) || onwards > MOST_ONWARD) continue;
    known.set(own, []);
    const further = maker ? ofInstances(way, maker, reading) : look.onward([{ text: way, params: reading.params }], reading);
    for (const [longer, more] of further) {
      keep(longer, more, { ...what, isOnward: true, isTwice, isOptional: maker !== undefined && !isLonger });
      known.get(own).push([longer.slice(base.length), more]);
      onwards++;
    }
  }
  return { __proto__: null, signatures, offered: offered(readings, name, isMeant), typed: ["", ...new Set([...ways.values()].map(({ subpath }) => subpath))].some(entries) };
}

/** What is read of one package. A reading has the parameters, the words about them, and what a call gives. */
class Look {
  #scripts;

  constructor(modules, root) {
    Object.assign(this, { modules, root });
  }

  /** Methods that only an instance has, as its class makes each anew: those that are declared. */
  *undiscovered(ways, entries) {
    for (const [way, { subpath, path, value, Class }] of [...ways]) {
      if (Class || path.length > 2 || !isObject(value.prototype) || value.prototype instanceof Error) continue;
      const given = this.declarationOf(entries(subpath), path);
      for (const { name, type, isHidden } of given ? this.madeMembers(given) : []) {
        if (type.kind !== "function" || isHidden || ways.has(`${way}.${name}`)) continue;
        yield [`${way}.${name}`, { subpath, path: [...path, name], value: type, Class: value }];
      }
    }
  }

  reading(file, { path, value }) {
    if (isClass(value)) return undefined;
    try {
      const given = this.declarationOf(file, path);
      const calls = given ? this.modules.calls(given) : [];
      if (calls.length) return this.ofTypes(given.declared, calls);
    } catch {
      // What its types say can't be read; its text can.
    }
    if (typeof value !== "function") return undefined;
    this.#scripts ??= new Scripts(this.root);
    return ofText(value, this.#scripts);
  }

  declarationOf(file, [head, ...rest]) {
    if (file === undefined) return undefined;
    let found = this.modules.given(file, head) ?? (head === "module.exports" ? this.modules.given(file, "default") : undefined);
    for (const name of rest) found = found && (this.modules.member(found, name) ?? this.ofInstance(found, name));
    return found;
  }

  ofInstance({ file, declared }, name) {
    if (!declared) return undefined;
    const own = this.modules.memberOfType(file, { kind: "name", name: declared.name, args: [] }, name);
    if (own || declared.isClass) return own;
    const { made, file: at } = this.madeBy({ file, declared });
    return made?.returns && this.modules.memberOfType(at, made.returns, name);
  }

  /** Of its overloads those that JSON can say something to, as one: whatever one of them takes in a place is taken there. */
  ofTypes(declared, calls) {
    const all = calls.slice(0, MOST_OVERLOADS).map(({ file, call }, at) => {
      const params = call.params.map((param) => ({ ...param, schema: sendable(schemaOf(this.modules, file, param.type, call.generics)) }));
      const needed = params.map(({ optional, rest, type }) => !optional && !rest && !takesNothing(type));
      const last = params.at(-1);
      const isTold = last !== undefined && last.schema === undefined && needed.at(-1) && isCallback(last);
      if (isTold) needed[needed.length - 1] = false;
      const hopeless = params.filter(({ schema }, place) => needed[place] && schema === undefined).length;
      const outcome = isTold ? { kind: "data" } : outcomeOf(this.modules, file, call.returns, call.generics);
      // One that gives its outcome at once is simpler to call than one that gives a function for the rest, or tells it to somebody.
      const rank = hopeless * 100 + (outcome.kind === "data" ? 0 : outcome.kind === "nothing" ? 40 : 20) + (isTold ? 70 : 0) + (commentOf(call.doc).isOld ? 50 : 0) - Math.min(params.length, 8) + at * 0.01;
      return { params, needed, hopeless, isTold, outcome, doc: call.doc, rank };
    });
    const best = all.reduce((best, one) => (one.rank < best.rank ? one : best));
    const others = all.filter((one) => one.hopeless === best.hopeless && one.outcome.kind === best.outcome.kind);
    const about = commentOf(best.doc ?? all.find(({ doc }) => doc && !commentOf(doc).isOld)?.doc ?? declared?.doc);
    const params = best.params.map(({ name, rest, doc }, place) => {
      const known = about.params.get(name);
      const here = others.map(({ params }) => params[place]?.schema).filter((schema) => schema !== undefined);
      const needed = others.every((one) => one.needed[place] === true);
      const text = known?.text || commentOf(doc).text;
      if (best.isTold && place === best.params.length - 1) return { name: `${name}()`, rest, text: "", needed: false };
      return { name, rest, schema: here.length ? anyOf(here) : undefined, text, byDefault: known?.byDefault, needed };
    });
    return { params, about, outcome: best.outcome, isTyped: true, isHidden: declared?.isHidden };
  }

  /** The ways behind a call: into the function that it gives, to the methods of the object that it gives. */
  *onward(parts, { outcome, about }) {
    const taken = firstOf(parts.at(-1).params);
    if (taken === undefined || parts.length > MOST_CALLS) return;
    const before = [...parts.slice(0, -1), { ...parts.at(-1), params: taken }];
    for (const [text, calls] of nextOf(outcome)) {
      const found = this.ofTypes(undefined, calls);
      const whole = [...before, { text, params: found.params }];
      const reading = { ...found, params: whole.flatMap(({ params }) => params), about: { ...found.about, text: found.about.text || about.text } };
      if (isData(found.outcome)) yield [wayOf(whole), reading];
      else if (outcome.kind === "function") yield* this.onward(whole, reading);
    }
  }

  /** What a class's instances are made with. */
  makerOf({ path, Class }, file) {
    const { made, file: at, isDeclared } = this.madeBy(this.declarationOf(file, path.slice(0, -1)));
    if (made) return this.ofTypes(undefined, [{ file: at, call: made }]).params;
    return isDeclared ? [] : (writtenMaker(Class) ?? []).map(asNeeded);
  }

  /** What instances have: of a class, or of what is declared as something that makes them (`new (): X`). */
  madeMembers({ file, declared }) {
    if (declared?.isClass) return declared.members;
    const { made, file: at } = this.madeBy({ file, declared });
    const { methods = [] } = made && !declared?.calls.length ? outcomeOf(this.modules, at, made.returns) : {};
    return methods;
  }

  /** The constructor of a class, or that of what it extends. */
  madeBy(given, depth = 0) {
    const { file, declared } = given ?? {};
    const maker = declared?.value?.kind === "name" && depth < 4 ? this.modules.meant(file, declared.value) : undefined;
    if (maker?.declared?.made) return this.madeBy(maker, depth + 1);
    if (declared?.made || depth > 4) return { made: declared?.made, file, isDeclared: true };
    const [base] = declared?.bases ?? [];
    const above = base && this.modules.local(file, base.name);
    return above?.declared ? this.madeBy(above, depth + 1) : { isDeclared: declared?.isClass === true && !base };
  }
}

/** The way to a method of an instance that is made with arguments. */
function* ofInstances(way, maker, reading) {
  const taken = firstOf(maker);
  if (taken === undefined || taken.length === 0) return;
  const end = way.lastIndexOf(".");
  const whole = [{ text: way.slice(0, end), params: taken }, { text: way.slice(end), params: reading.params }];
  yield [wayOf(whole), { ...reading, params: whole.flatMap(({ params }) => params) }];
}

const isData = ({ kind, isData }) => kind === "data" || (kind === "methods" && isData);

function nextOf({ kind, calls, methods }) {
  if (kind === "function") return calls.length ? [["", calls]] : [];
  if (kind !== "methods") return [];
  const byName = new Map();
  for (const { name, file, type, doc } of methods) if (!OF_ALL.has(name)) byName.set(name, [...(byName.get(name) ?? []), { file, call: { ...type, doc } }]);
  return [...byName].slice(0, MOST_METHODS).map(([name, calls]) => [`.${name}`, calls]);
}

/** The parameters of a call that is not the last one: those that it needs, or the first. Undefined where one can't be sent. */
function firstOf(params) {
  const last = params.findLastIndex(({ needed }) => needed);
  const taken = last >= 0 ? params.slice(0, last + 1) : params.slice(0, 1).filter(({ rest, schema }) => !rest && schema !== undefined);
  return taken.every(({ rest, schema, needed }) => !rest && (schema !== undefined || !needed)) ? taken : undefined;
}

/** `a(b)(c)`, `a(b).c`: in brackets the names as the whole signature has them. */
function wayOf(parts) {
  const names = namesOf(parts.flatMap(({ params }) => params));
  let at = 0;
  return parts.map(({ text, params }, place) => {
    const own = names.slice(at, (at += params.length));
    const isLast = place === parts.length - 1;
    if (isLast && text !== "") return text;
    const shown = isLast ? own.slice(0, Math.max(1, params.findLastIndex(({ needed }) => needed) + 1)) : own;
    return `${text}(${shown.join(", ")})`;
  }).join("");
}

function writtenMaker(Class) {
  const source = Function.prototype.toString.call(Class);
  const at = /^class\b/.test(source) ? source.search(/\bconstructor\s*\(/) : 0;
  return at < 0 ? [] : writtenParams(source.slice(at))?.slice(0, Class.length);
}

const asNeeded = ({ name }) => ({ name, rest: false, schema: {}, text: "", needed: true });

/** By the function's own text, and the comment in front of it. */
function ofText(value, scripts) {
  const source = Function.prototype.toString.call(value);
  const outcome = { kind: "data" };
  const written = writtenParams(source);
  // Of what was bound, or is no JavaScript, the number of its parameters is known, or nothing.
  if (written === undefined) return { params: unnamed(value.length), about: commentOf(undefined), outcome, isBlind: true };
  const about = commentOf(scripts.commentOf(source));
  const told = [...about.params.keys()].map((name) => ({ name, optional: about.params.get(name).optional }));
  const names = written.length ? written : told.length === 0 && /\barguments\b/.test(source) ? unnamed(0) : told;
  // What was made shorter has no names that say anything.
  const isShort = about.params.size === 0 && names.length > 0 && names.every(({ name }) => name.length === 1) && value.length > 1;
  if (isShort) return { params: names.map(asFree), about, outcome };
  const params = names.map(({ name, rest, optional, byDefault }, place) => {
    const known = about.params.get(name);
    // Comments are often wrong: they tell what is meant, and refuse nothing.
    const text = [known?.type && `(${known.type})`, known?.text].filter(Boolean).join(" ");
    const isFree = known === undefined || known.optional || /\b(?:optional|defaults?)\b/i.test(known.text);
    const needed = !isFree && !optional && !rest && place < value.length;
    return { name, rest, schema: {}, text, byDefault: byDefault ?? known?.byDefault, needed };
  });
  return { params, about, outcome };
}

const unnamed = (count) =>
  count ? Array.from({ length: count }, (_, at) => asFree({ name: `argument${at + 1}` })) : [asFree({ name: "arguments", rest: true })];

const asFree = ({ name, rest, byDefault }) => ({ name, rest, schema: {}, text: "", byDefault, needed: false });

const namesOf = (params) => params.map(({ name }, at) => (params.findIndex((other) => other.name === name) < at ? `${name}${at + 1}` : name));

/** The same, told in less detail where that is too much: whoever takes a hundred options is still called. */
function fitting(found) {
  for (let depth = 3; depth >= 0 && JSON.stringify(found).length > MOST_OF_ONE; depth--) {
    const { properties } = found.inputSchema;
    const shorter = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, outline(schema, depth)]));
    found = { ...found, inputSchema: { ...found.inputSchema, properties: shorter } };
  }
  return found;
}

/** A schema down to a depth; below it any value is taken. */
function outline(schema, depth) {
  const { description, default: byDefault, type, enum: values, properties, required, items, anyOf: some, additionalProperties } = schema;
  const kept = JSON.parse(JSON.stringify({ type, enum: values, description: description?.slice(0, depth * 100), default: byDefault }));
  if (depth === 0) return kept;
  if (properties) kept.properties = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, outline(inner, depth - 1)]));
  if (properties && required) kept.required = required;
  if (items) kept.items = outline(items, depth - 1);
  if (some) kept.anyOf = some.map((one) => outline(one, depth - 1));
  if (isObject(additionalProperties)) kept.additionalProperties = outline(additionalProperties, depth - 1);
  return kept;
}

function signature({ params, about: { text, example } }) {
  const properties = Object.create(null);
  const required = [];
  const names = namesOf(params);
  for (const [at, { rest, schema, text, byDefault, needed }] of params.entries()) {
    // A function can't be sent; who may leave it out does.
    if (schema === undefined && !needed) continue;
    const known = schema ?? { description: "a function of JavaScript, or an object with some, which can't be sent" };
    const list = rest && known.type !== "array" ? { type: "array", items: known } : known;
    properties[names[at]] = said(list, text, byDefault);
    if (needed) required.push(names[at]);
  }
  const inputSchema = { type: "object", properties, ...(required.length ? { required } : {}), additionalProperties: false };
  const description = [text, example && `Example: ${example}`].filter(Boolean).join("\n");
  return { params: params.map(({ rest }, at) => (rest ? `...${names[at]}` : names[at])), inputSchema, description };
}
