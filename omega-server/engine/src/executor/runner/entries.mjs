// In which file a package's declarations of types begin: its own, those that others wrote of it, and those of a package that it gives
// out as its own.
import { join } from "./modules.mjs";
import { isObject } from "./shapes.mjs";

const { readTextFileSync, realPathSync } = Deno;
const NAME = /^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/i;
const FOLDER = "/node_modules/";

const typesOf = (name) => `@types/${name.replace(/^@/, "").replace("/", "__")}`;

/** The file of another package that a file names (`export * from "types-of-it"`), where that is installed with its own. */
export function elsewhere(modules, file, specifier) {
  const [, name, subpath = ""] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (name === undefined || !NAME.test(name)) return undefined;
  for (const place of [real(file), file]) {
    const end = place?.lastIndexOf(FOLDER) ?? -1;
    if (end < 0) continue;
    for (const other of [name, typesOf(name)]) {
      const found = entryOf(modules, place.slice(0, end + FOLDER.length) + other, subpath);
      if (found) return found;
    }
  }
  return undefined;
}

function real(path) {
  try {
    return realPathSync(path);
  } catch {
    return undefined;
  }
}

/** The file of declarations of the package, or of one of its subpaths; those of another package (`@types`) where it has none. */
export function entriesOf(modules, root, name) {
  const known = new Map();
  const types = `${root.slice(0, root.length - name.length)}${typesOf(name)}`;
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
