// Values whose contents come later, read to their end: what a tool fetched is its result, and not `{}`.
import { Failure } from "./failure.mjs";
import { isObject, readProperty } from "./shapes.mjs";

// Results are data with such values near their top; deeper ones are described and not read.
const DEPTH = 4;
const MOST_BYTES = 32 << 20;
const MOST_ITEMS = 200_000;

/** The same value with responses, streams and blobs in it read. */
export async function collected(value, depth = 0) {
  if (!isObject(value) || depth > DEPTH) return value;
  if (isA(value, "Response") || isA(value, "Request")) return await message(value);
  if (isA(value, "ReadableStream") || isNodeStream(value)) return await contents(value, depth);
  if (isA(value, "Blob")) return { type: value.type, size: value.size, data: textOf(new Uint8Array(await value.arrayBuffer())) };
  if (Array.isArray(value)) return await all(value, depth);
  if (isIterator(value) || isLazy(value)) return await all(await items(value), depth);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  let result = value;
  for (const key of Object.keys(value)) {
    const item = readProperty(value, key);
    const read = await collected(item, depth + 1);
    // Copied only where something was read: who looks at the value otherwise finds what the tool made.
    if (!Object.is(read, item)) result = Object.assign(result === value ? { ...shallow(value) } : result, { [key]: read });
  }
  return result;
}

/** What gives values one after the other, once. */
export const isIterator = (value) => isObject(value) && typeof readProperty(value, "next") === "function" && isItsOwn(value);

/** Who gives values out of itself has nothing else; an object that makes an iterator may have much more, and no end. */
function isItsOwn(value) {
  try {
    return [Symbol.iterator, Symbol.asyncIterator].some((way) => value[way]?.() === value);
  } catch {
    return false;
  }
}

const isIterable = (value) => [Symbol.iterator, Symbol.asyncIterator].some((way) => typeof readProperty(value, way) === "function");

/** What gives values one after the other, and has nothing else to tell. */
const isLazy = (value) =>
  isIterable(value) &&
  !KNOWN.some((Known) => value instanceof Known) &&
  !ArrayBuffer.isView(value) &&
  typeof readProperty(value, "toJSON") !== "function" &&
  typeof readProperty(value, "next") !== "function" &&
  Object.keys(value).length === 0;

const KNOWN = [Map, Set, Headers, URLSearchParams, FormData];

async function items(source) {
  const given = [];
  for await (const item of source) {
    given.push(item);
    if (given.length > MOST_ITEMS) throw new Failure("TOOL_ERROR", `it gives more than ${MOST_ITEMS} values one after the other, or has no end; ask for fewer`);
  }
  return given;
}

/** Whether a result is read to its end, and is not one of a tool's outputs after another. */
export const isStream = (value) => isA(value, "ReadableStream") || (isNodeStream(value) && !isOfObjects(value));

const isOfObjects = (stream) => readProperty(stream, "readableObjectMode") === true;

const isNodeStream = (value) =>
  isObject(value) && typeof readProperty(value, "pipe") === "function" && typeof readProperty(value, "read") === "function";

const isA = (value, name) => typeof globalThis[name] === "function" && value instanceof globalThis[name];

function shallow(value) {
  const copy = Object.create(null);
  for (const key of Object.keys(value)) copy[key] = readProperty(value, key);
  return copy;
}

async function all(items, depth) {
  const read = [];
  for (const item of items) read.push(await collected(item, depth + 1));
  return read;
}

async function message(value) {
  const headers = Object.fromEntries(value.headers);
  const { status, statusText, ok, url, method } = value;
  const body = value.bodyUsed ? "[read by the tool already]" : textOf(new Uint8Array(await value.arrayBuffer()));
  const about = status === undefined ? { method, url, headers } : { status, statusText, ok, url, headers };
  return { ...about, body: jsonOf(body, headers["content-type"]) };
}

function jsonOf(body, type) {
  if (typeof body !== "string" || !/\bjson\b/i.test(type ?? "")) return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/**
 * What a stream gives: one text where all of it is text or bytes, else a list. Of a text beyond what an output may have the rest
 * is not read, and the output says that it was cut; a list without end ends by the call's own limits.
 */
async function contents(stream, depth) {
  const given = [];
  let length = 0;
  for await (const part of stream) {
    given.push(part);
    length += isText(part) ? part.length : Number.NaN;
    if (length > MOST_BYTES) break;
  }
  return Number.isNaN(length) ? await all(given, depth) : textOf(joined(given));
}

const isText = (part) => typeof part === "string" || part instanceof Uint8Array;

function joined(parts) {
  const encoded = parts.map((part) => (typeof part === "string" ? new TextEncoder().encode(part) : part));
  const whole = new Uint8Array(encoded.reduce((length, bytes) => length + bytes.length, 0));
  let at = 0;
  for (const bytes of encoded) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

/** Text where it is text, else the bytes. */
function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return bytes;
  }
}
