// The ways to what can be called in a module: its functions, those within the objects that it gives out, the static functions of its
// classes and the methods of their instances.
import { isClass, isObject, isSchema, isTool, readProperty } from "./shapes.mjs";
import { worked } from "./work.mjs";

const DEPTH = 3;
const MOST = 3000;
const MOST_OF_ONE = 500;
const PATIENCE_MS = 1500;
const NOBODYS = new Set(["constructor", "prototype"]);
// What instances have for whoever writes them; with an object's own functions of such names its author means something.
const OF_INSTANCES = new Set(["toString", "toJSON", "toLocaleString", "inspect", "valueOf"]);
const everything = Object.prototype;

/** By the way: `{ subpath, path, value, Class }`, `Class` where it is a method of its instances. The same function may have several
 * ways; the shorter ones come first. */
export function callable(exports, prefix) {
  const found = new Map();
  const subpath = prefix.replace(/\/$/, "");
  const until = worked() + PATIENCE_MS;
  const fallback = exports.get("default")?.value;
  let next = [...exports].filter(([name]) => name !== "module.exports" || fallback === undefined).map(([name, { value }]) => ({ path: [name], value, above: [] }));
  while (next.length) {
    const deeper = [];
    for (const { path, value, above, Class } of next) {
      const way = prefix + path.join(".");
      if (found.size >= MOST || worked() > until) return found;
      if (typeof value === "function" && !found.has(way)) found.set(way, { subpath, path, value, Class });
      if (path.length >= DEPTH || Class || isLeaf(value) || above.includes(value)) continue;
      const within = [...above, value];
      for (const [key, inner, Of] of membersOf(value)) {
        // What the default export holds is there by its own name.
        if (path.length === 1 && value === fallback && exports.get(key)?.value === inner) continue;
        deeper.push({ path: [...path, key], value: inner, above: within, Class: Of });
      }
    }
    next = deeper;
  }
  return found;
}

/** Each with its key; those of a class's instances with the class. */
function* membersOf(value) {
  for (const key of keysOf(value)) {
    const inner = readProperty(value, key);
    if (typeof inner === "function" || isObject(inner)) yield [key, inner];
  }
  if (isObject(value)) for (const [key, method] of methodsOf(Object.getPrototypeOf(value))) yield [key, method];
  if (typeof value === "function") for (const [key, method] of methodsOf(value.prototype)) yield [key, method, value];
}

/** The methods of a prototype and of those that it comes from, up to what the language and its emitters of events have. */
export function methodsOf(prototype) {
  const found = new Map();
  for (let at = prototype; isObject(at) && !isOfLanguage(at); at = Object.getPrototypeOf(at)) {
    for (const key of keysOf(at).filter((key) => !OF_INSTANCES.has(key))) {
      const method = found.has(key) ? undefined : readProperty(at, key);
      if (typeof method === "function" && !isClass(method)) found.set(key, method);
    }
  }
  return found;
}

const isOfLanguage = (prototype) => {
  const Class = readProperty(prototype, "constructor");
  // Who wrote a prototype as an object has the constructor of all objects.
  if (prototype === everything || typeof Class !== "function" || Class.prototype !== prototype) return prototype === everything;
  return globalThis[Class.name] === Class || /^(?:EventEmitter|Stream|Readable|Writable|Duplex|Transform)$/.test(Class.name);
};

/** Whether nothing that can be called is within: plain values, lists, bytes, errors, what is a schema or a tool by itself. */
const isLeaf = (value) =>
  isSchema(value) || isTool(value) ||
  !(typeof value === "function" || isObject(value)) || Array.isArray(value) || ArrayBuffer.isView(value) || (typeof value === "function" && value.prototype instanceof Error);

const keysOf = (owner) => Object.getOwnPropertyNames(owner).filter((key) => !NOBODYS.has(key) && !key.startsWith("_")).slice(0, MOST_OF_ONE);
