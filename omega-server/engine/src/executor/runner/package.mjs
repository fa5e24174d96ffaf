// The package's module and its exports.
import { Failure, messageOf } from "./failure.mjs";
import { adopted } from "./foreign.mjs";
import { answerForHooks } from "./hooks.mjs";
import { isClass, isObject, readProperty } from "./shapes.mjs";
import { methodsOf } from "./ways.mjs";

const MAX_NAMES = 100;
const after = globalThis.setTimeout;
const OF_FUNCTIONS = new Set(["length", "name", "prototype", "arguments", "caller", "__esModule"]);

// Where a module for Node's `import` names a file that is not there, as bundlers let it: its sibling for `require` may be whole.
const NOT_FOUND = /ERR_MODULE_NOT_FOUND|ERR_UNSUPPORTED_DIR_IMPORT|Cannot find module|Unable to load|Directory import|does not provide an export named/;

/** The module that loads the package; one that was seen to start programs hears of it as from Node that none is, and native
 * code has a stand-in where the package goes on with one. */
export async function entered(entry) {
  const module = await import(entry);
  answerForHooks();
  if (module.startsPrograms) (await import("./programs.mjs")).startNone();
  if (module.isNative) {
    native = await import("./native.mjs");
    native.standForNative();
  }
  return module;
}

let native;

/** From here on a tool runs: what stands for something else says so. */
export const toolBegins = () => native?.toolBegins();

/** The package's own name. */
export async function nameOf(entry) {
  const { place } = await import(entry);
  return place("").replace(/\/$/, "").split("/node_modules/").slice(1).join("/node_modules/");
}

/** Its module, or that of a subpath of its `exports`. */
export async function importPackage(entry, subpath) {
  const { load, required, startsPrograms } = await entered(entry);
  try {
    const loaded = await load(subpath).catch((error) => {
      if (!NOT_FOUND.test(messageOf(error))) throw error;
      const exports = other(() => required(subpath));
      if (exports === undefined) throw error;
      return readProperty(exports, "__esModule") === true ? exports : { ...(isObject(exports) ? exports : {}), default: exports };
    });
    // Whoever starts a program hears in a later turn that none runs.
    if (startsPrograms) await new Promise((resolve) => after(resolve));
    return loaded;
  } catch (error) {
    const failure = new Failure("IMPORT_FAILED", messageOf(error));
    failure.cause = error;
    throw failure;
  }
}

function other(load) {
  try {
    const exports = load();
    return isObject(exports) || typeof exports === "function" ? exports : undefined;
  } catch {
    return undefined; // what the first one said is told
  }
}

/** Exports by name, `default` last so that a value's own name wins; then what a default-exported object holds, however it has it: by
 * getters, where nobody lists it, or by its class. */
export function exportsOf(module) {
  const found = new Map();
  const add = (owner, key) => found.has(key) || found.set(key, { value: readProperty(owner, key), owner });
  for (const key of Object.keys(module)) if (key !== "default") add(module, key);
  const holders = defaultsOf(module);
  if (holders.length) add(holders[0], "default");
  for (const { default: fallback } of holders) {
    if (!(isObject(fallback) || typeof fallback === "function") || adopted(fallback) || isClass(fallback)) continue;
    for (const key of Object.keys(fallback)) add(fallback, key);
    if (Array.isArray(fallback)) continue;
    for (const key of Object.getOwnPropertyNames(fallback)) if (!OF_FUNCTIONS.has(key)) add(fallback, key);
    if (isObject(fallback)) for (const key of methodsOf(Object.getPrototypeOf(fallback)).keys()) add(fallback, key);
  }
  return found;
}

/** What holds the default export, the author's first: what was compiled to CommonJS has it within what the runtime takes for it. */
function defaultsOf(module) {
  if (!("default" in module)) return [];
  const outer = module.default;
  const isCompiled = isObject(outer) && readProperty(outer, "__esModule") === true && "default" in outer;
  return isCompiled ? [outer, module] : [module];
}

/** The export that a name means: itself, with "Tool" appended, or the same in another case. */
export function findExport(module, name) {
  const exports = exportsOf(module);
  const wanted = name.toLowerCase();
  const alias = [name, `${name}Tool`].find((key) => exports.has(key)) ??
    [...exports.keys()].find((key) => key.toLowerCase() === wanted || key.toLowerCase() === `${wanted}tool`);
  if (alias !== undefined) return exports.get(alias);
  // A class's own functions are no exports of their own, and are meant all the same.
  const fallback = exports.get("default")?.value;
  return isClass(fallback) && Object.hasOwn(fallback, name) && !OF_FUNCTIONS.has(name) ? { value: readProperty(fallback, name), owner: fallback } : undefined;
}

/** Whether a tool is one of the package's MCP server. */
export const isOfServer = (name) => name.startsWith("mcp:");

/** `ai-sdk/createTools.search` is an export of the subpath `ai-sdk`; no export has a slash in its name. */
export function placeOf(name) {
  const end = name.lastIndexOf("/", name.includes("(") ? name.indexOf("(") : undefined);
  return end < 0 ? { name } : { subpath: name.slice(0, end), name: name.slice(end + 1) };
}

export function notFound(module, name) {
  const available = [...exportsOf(module).keys()].slice(0, MAX_NAMES);
  const first = available.slice(0, 10).join(", ");
  return new Failure("TOOL_NOT_FOUND", `the package has no export "${name}"; it has ${first || "none"}`, { available });
}
