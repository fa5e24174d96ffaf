// What stands for native code, which does not run here, in a package that gave nothing without it: whoever only loads it goes on, and the
// tools that don't use it work. It does nothing until a tool is called; from then on, whoever uses it fails and says why.
import { createRequire } from "node:module";
import process from "node:process";
import { living } from "./living.mjs";

const FILE = /\.node$/;
// What finds such files for a package.
const FINDERS = new Set(["bindings", "node-gyp-build", "@mapbox/node-pre-gyp", "node-pre-gyp", "pkg-prebuilds"]);
let isCalled = false;
let isStanding = false;

/** From here on a tool runs, and not only what it is loaded with. */
export const toolBegins = () => void (isCalled = true);

export function standForNative() {
  if (isStanding) return;
  isStanding = true;
  const Module = createRequire(import.meta.url)("node:module");
  const made = new Map();
  const standIn = (file) => {
    const name = String(file).split("/").pop();
    if (!made.has(name)) made.set(name, living(name, () => isCalled && fail(name)));
    return made.get(name);
  };
  const { _load: load } = Module;
  Module._extensions[".node"] = (module, file) => void (module.exports = standIn(file));
  process.dlopen = (module, file) => void (module.exports = standIn(file));
  Module._load = (request, ...rest) => {
    try {
      const found = Reflect.apply(load, Module, [request, ...rest]);
      return FINDERS.has(request) && typeof found === "function" ? finder(found, standIn) : found;
    } catch (error) {
      if (FILE.test(request) || FINDERS.has(request)) return FILE.test(request) ? standIn(request) : () => standIn(`${request}.node`);
      throw error;
    }
  };
}

/** The same that finds something else where there is nothing. */
function finder(find, standIn) {
  const careful = (...given) => {
    try {
      return find(...given);
    } catch {
      return standIn("native.node");
    }
  };
  return Object.assign(careful, find);
}

function fail(name) {
  throw new Error(`${name} can't be used: ERR_DLOPEN_FAILED`);
}
