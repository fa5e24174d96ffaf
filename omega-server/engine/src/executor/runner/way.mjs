// The way to a function of a package, as it is written: `deep.twice`, `Class.method`, `compile(template)(view)`. Names lead to
// members; of a class to its own, else to those of a new instance. What stands in brackets are parameters of that call, and the
// arguments that are left go to the last one.
import { callbackPlace, calledBack } from "./callback.mjs";
import { Failure, messageOf } from "./failure.mjs";
import { findExport, notFound } from "./package.mjs";
import { isClass, isObject, readProperty } from "./shapes.mjs";

const NEW = /^\s*new\s+/;
const MOST_TEXT = 1 << 20;
const OF_LANGUAGE = new Set([Object, Error, Date, RegExp, URL, Function, Map, Set].map((Class) => Class.prototype.toString));

/** What calls the function: everything before its last call is done already. */
export async function wayTo(module, path, args) {
  const whole = findExport(module, path);
  if (whole) return () => calledLast(path, whole.value, whole.owner === module ? undefined : whole.owner, args);
  const [head, ...steps] = stepsOf(path.replace(NEW, ""));
  const found = findExport(module, head?.name);
  if (found === undefined || found.value === undefined) throw notFound(module, path);
  let { value } = found;
  let owner = found.owner === module ? undefined : found.owner;
  const left = [...args];
  for (const [at, { name, takes }] of steps.entries()) {
    if (name !== undefined) {
      [value, owner] = member(value, name, steps[at - 1]?.name ?? head.name);
      if (value === undefined) throw notFound(module, path);
    } else if (at < steps.length - 1) {
      value = await called(path, value, owner, left.splice(0, takes));
      owner = undefined;
    }
  }
  return () => calledLast(path, value, owner, left);
}

function calledLast(path, value, owner, args) {
  const place = callbackPlace(value, args);
  return place === undefined ? called(path, value, owner, args) : calledBack((all) => called(path, value, owner, all), args, place);
}

/** Names, and calls with how many arguments they take. */
function stepsOf(path) {
  const steps = [];
  for (const [part, group] of path.matchAll(/\(([^()]*)\)|[^.()]+/g)) {
    if (group === undefined) steps.push({ name: part.trim() });
    else steps.push({ takes: group.trim() === "" ? 0 : group.split(",").length });
  }
  return steps;
}

function member(value, name, its) {
  const own = value === undefined || value === null ? undefined : readProperty(value, name);
  const isOfInstances = own === undefined && typeof value === "function" && isObject(value.prototype) &&
    (name in value.prototype || isClass(value) || /^[A-Z]/.test(value.name) || /^[A-Z]/.test(its));
  if (!isOfInstances) return [own, value];
  const instance = made(value, []);
  return [readProperty(instance, name), instance];
}

function called(path, value, owner, args) {
  if (typeof value !== "function") throw new Failure("NOT_A_TOOL", `the export "${path}" is no function`);
  return isClass(value) || isOldClass(value) ? made(value, args) : Reflect.apply(value, owner, args);
}

function made(Class, args) {
  try {
    return Reflect.construct(Class, args);
  } catch (error) {
    if (args.length) throw error;
    const words = `an instance of ${Class.name || "the class"} can't be made without arguments: ${messageOf(error)}; name them, as in`;
    throw new Failure("NOT_A_TOOL", `${words} "${Class.name || "Class"}(options).method"`);
  }
}

/** A class in the form that it had before there was a word for it. */
const isOldClass = (value) =>
  isObject(value.prototype) && Object.getOwnPropertyNames(value.prototype).some((name) => name !== "constructor");

/** Fails where what a plain function gave is no data but something to call: who asked for a result has none. */
export function asData(path, value, output) {
  if (typeof value === "function") {
    throw new Failure("NOT_A_TOOL", `"${path}" gives a function; name its parameters and call that too, as in "${path}(a)(b)"`);
  }
  if (!isObject(value) || Array.isArray(value)) return output;
  if (!isEmpty(output) || hidesData(value)) return withText(value, output);
  const methods = methodsOf(value);
  if (methods.length === 0) return output;
  const some = methods.slice(0, 12).join(", ");
  throw new Failure("NOT_A_TOOL", `"${path}" gives an object without data; it has the methods ${some}: call one, as in "${path}(a).${methods[0]}"`);
}

/** The same with the text that an object of a class of the package's own is meant to be read as: a digest, a colour, a number. */
function withText(value, output) {
  const write = readProperty(value, "toString");
  if (!isObject(output) || Array.isArray(output) || typeof write !== "function" || OF_LANGUAGE.has(write) || Object.hasOwn(output, "asText")) return output;
  if (typeof readProperty(value, "toJSON") === "function" || Symbol.iterator in value) return output;
  try {
    const asText = String(value);
    return asText.startsWith("[object ") || asText.length > MOST_TEXT ? output : { asText, ...output };
  } catch {
    return output; // a text that wants something more is none
  }
}

const isEmpty = (output) =>
  isObject(output) && !Array.isArray(output) && Object.values(output).every((item) => typeof item === "string" && item.startsWith("[Function "));

/** Some objects hold their data where nobody lists it; whether it is wanted, nobody can say. */
const hidesData = (value) =>
  Object.getOwnPropertyNames(value).some((name) => !Object.prototype.propertyIsEnumerable.call(value, name) && typeof readProperty(value, name) !== "function");

function methodsOf(value) {
  const names = new Set();
  for (let at = value; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name !== "constructor" && !name.startsWith("_") && typeof readProperty(value, name) === "function") names.add(name);
    }
  }
  return [...names];
}
