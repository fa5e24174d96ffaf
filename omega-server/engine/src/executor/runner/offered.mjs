// Which of a package's functions are worth being tools without anybody naming them, the likeliest first: those that JSON can be sent
// to, that give data, and that their author says something of. Each once.
import { isClass, isObject } from "./shapes.mjs";

const MOST = 60;
// Of a package that says nothing of its functions.
const MOST_UNKNOWN = 20;
const MOST_LENGTH = 200;
// Hooks, handlers, what is not for everybody.
const NOT_MEANT = /^(?:_|\$|unstable|internal|on[A-Z]|use[A-Z]|test[A-Z]|mock|register|unregister|subscribe|addEventListener|removeEventListener)/;

// Methods that every object may have, for whoever writes, copies or waits for it.
export const OF_ALL = new Set(["toJSON", "toString", "toLocaleString", "valueOf", "inspect", "then", "catch", "finally", "clone"]);
// The same module for other runtimes.
const OF_OTHERS = /(?:^|\/)(?:browser|iife|umd|esm|cjs|dist|deno|bun|workers?|edge|legacy|internal)(?:\/|$)/;

/** Ways, of readings by their ways, of a package by its name. */
export function offered(readings, name, isMeant) {
  const isDeclared = [...readings.values()].some(({ isTyped }) => isTyped);
  const seen = new Set();
  // What is given out by several subpaths is the same.
  const isNew = ([way, { what: { subpath }, params }]) => {
    const form = [way.slice(subpath ? subpath.length + 1 : 0), ...params.map(({ name }) => name)].join();
    return !seen.has(form) && seen.add(form);
  };
  const isFitting = ([way, reading]) => way.length <= MOST_LENGTH && isFit(reading) && isMeant(reading.what) && (reading.isTyped || !isDeclared);
  const fit = [...readings].filter((one) => isFitting(one) && isNew(one));
  const places = fit.map(([way, { what, isTyped, about }], at) => ({ way, rank: [distance(what, plain(name.split("/").pop())), known(isTyped, about), what.isOnward ? 1 : 0, at] }));
  places.sort((one, other) => one.rank.map((part, at) => part - other.rank[at]).find((difference) => difference !== 0) ?? 0);
  return places.slice(0, isDeclared || places.some(({ rank }) => rank[1] === 0) ? MOST : MOST_UNKNOWN).map(({ way }) => way);
}

const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");

/** How far from what the package is for: that stands at its door, or has its name. */
function distance({ path: [head, ...rest], isOnward, subpath }, name) {
  const own = plain(head);
  const isMain = head === "default" || (own.length > 2 && (name.includes(own) || own.includes(name)));
  return rest.length + (isMain ? -1 : 0) + (isOnward && rest.length > 1 ? 1 : 0) + (subpath ? 1 : 0);
}

const known = (isTyped, { text }) => (isTyped && text ? 0 : isTyped || text ? 1 : 2);

function isFit({ what, params, about, outcome, isTyped, isBlind, isHidden }) {
  const name = what.path.at(-1);
  if (isBlind || isHidden || what.isTwice || what.isOptional || about.isOld || NOT_MEANT.test(name)) return false;
  if ((what.Class && OF_ALL.has(name)) || OF_OTHERS.test(what.subpath)) return false;
  if (params.some(({ needed, schema }) => needed && schema === undefined)) return false;
  if (!(outcome.kind === "data" || (outcome.kind === "methods" && outcome.isData))) return false;
  // A method of what can't be made without arguments has a longer way.
  if (what.isLonger && !what.isOnward) return false;
  // An instance is no data; its methods have ways of their own.
  if (!what.isOnward && isMaker(what.value, isTyped)) return false;
  return what.path.slice(1).every((part) => part !== "default") && what.path[0] !== "module.exports";
}

/** A class, in whichever form. */
const isMaker = (value, isTyped) =>
  isClass(value) || (!isTyped && typeof value === "function" && isObject(value.prototype) && Object.getOwnPropertyNames(value.prototype).some((name) => name !== "constructor"));
