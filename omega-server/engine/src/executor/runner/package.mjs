// The package's module and its exports.
import { Failure, messageOf } from "./failure.mjs";
import { isCallable, isClass, isObject, readProperty } from "./shapes.mjs";

const MAX_NAMES = 100;

export async function importPackage(entry) {
  try {
    return await (await import(entry)).load();
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
  if ((isObject(fallback) || typeof fallback === "function") && !isCallable(fallback) && !isClass(fallback)) {
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

/** The value at a dotted path and the object that it stands in (its `this`). */
export function walk(module, path) {
  const whole = findExport(module, path);
  if (whole) return whole;
  const [head, ...rest] = path.split(".");
  let found = findExport(module, head);
  for (const key of rest) {
    if (found === undefined) break;
    const owner = found.value;
    found = owner === undefined || owner === null ? undefined : { value: readProperty(owner, key), owner };
  }
  if (found === undefined || found.value === undefined) throw notFound(module, path);
  return found;
}

export function notFound(module, name) {
  const available = [...exportsOf(module).keys()].slice(0, MAX_NAMES);
  const first = available.slice(0, 10).join(", ");
  return new Failure("TOOL_NOT_FOUND", `the package has no export "${name}"; it has ${first || "none"}`, { available });
}
