// The package's module and its exports.
import { Failure, messageOf } from "./failure.mjs";
import { adopted } from "./foreign.mjs";
import { isClass, isObject, readProperty } from "./shapes.mjs";

const MAX_NAMES = 100;

/** Its module, or that of a subpath of its `exports`. */
export async function importPackage(entry, subpath) {
  try {
    return await (await import(entry)).load(subpath);
  } catch (error) {
    const failure = new Failure("IMPORT_FAILED", messageOf(error));
    failure.cause = error;
    throw failure;
  }
}

/** Exports by name, `default` last so that a value's own name wins; then the keys of a default-exported object. */
export function exportsOf(module) {
  const found = new Map();
  const add = (owner, key) => found.has(key) || found.set(key, { value: readProperty(owner, key), owner });
  for (const key of Object.keys(module)) if (key !== "default") add(module, key);
  if ("default" in module) add(module, "default");
  const fallback = module.default;
  if ((isObject(fallback) || typeof fallback === "function") && !adopted(fallback) && !isClass(fallback)) {
    for (const key of Object.keys(fallback)) add(fallback, key);
  }
  return found;
}

/** The export that a name means: itself, with "Tool" appended, or the same in another case. */
export function findExport(module, name) {
  const exports = exportsOf(module);
  const wanted = name.toLowerCase();
  const alias = [name, `${name}Tool`].find((key) => exports.has(key)) ??
    [...exports.keys()].find((key) => key.toLowerCase() === wanted || key.toLowerCase() === `${wanted}tool`);
  return alias === undefined ? undefined : exports.get(alias);
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
