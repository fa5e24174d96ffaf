// Files that a tool may not see: to it they are not there, as what it looks for on another machine may not be. Packages look upwards for
// settings, and for files of theirs where a bundler has moved them, and go on without; whoever can't do without hears in the error's words
// that the sandbox refused it.
import { createRequire, syncBuiltinESMExports } from "node:module";

const READS = ["access", "lstat", "open", "opendir", "readFile", "readdir", "readlink", "realpath", "stat"];

export function hideUnseen() {
  const load = createRequire(import.meta.url);
  const fs = load("node:fs");
  for (const name of READS) {
    fs[`${name}Sync`] = sync(fs[`${name}Sync`]);
    fs[name] = called(fs[name]);
    fs.promises[name] = promised(fs.promises[name]);
  }
  syncBuiltinESMExports();
}

const marked = (error) => (error?.name === "NotCapable" && error.code === undefined ? Object.assign(error, { code: "ENOENT", errno: -2 }) : error);

const like = (made, original) => Object.assign(made, original);

const sync = (read) =>
  like(function (...given) {
    try {
      return Reflect.apply(read, this, given);
    } catch (error) {
      throw marked(error);
    }
  }, read);

const promised = (read) =>
  like(async function (...given) {
    try {
      return await Reflect.apply(read, this, given);
    } catch (error) {
      throw marked(error);
    }
  }, read);

const called = (read) =>
  like(function (...given) {
    const done = given.at(-1);
    if (typeof done !== "function") return Reflect.apply(read, this, given);
    const heard = (error, ...rest) => done(marked(error), ...rest);
    try {
      return Reflect.apply(read, this, [...given.slice(0, -1), heard]);
    } catch (error) {
      if (error?.name !== "NotCapable") throw error;
      return void queueMicrotask(() => done(marked(error)));
    }
  }, read);
