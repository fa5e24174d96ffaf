// Any JavaScript value as JSON: what JSON has no word for becomes the nearest thing that it has.
const MAX_DEPTH = 40;
const everything = Object.prototype;

export function plain(value, depth = 0, above = new Set()) {
  switch (typeof value) {
    case "undefined":
      return undefined;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "string":
      return value.toWellFormed(); // half a character is no JSON
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return `[Function ${value.name || "anonymous"}]`;
    case "object":
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (depth > MAX_DEPTH) return "[too deep]";
  if (above.has(value)) return "[circular]";
  above.add(value);
  try {
    return composite(value, (inner) => plain(inner, depth + 1, above));
  } catch (error) {
    // A revoked proxy, a `toJSON` that throws: the rest of the output is no worse for it.
    return unreadable(error);
  } finally {
    above.delete(value);
  }
}

function composite(value, inner) {
  if (value instanceof Error) return described(value, inner);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (value instanceof Headers || value instanceof URLSearchParams || value instanceof FormData) return inner(entries(value));
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof ReadableStream)
    return `[${value.constructor?.name ?? "object"}, whose contents can't be shown]`;
  if (value instanceof ArrayBuffer) return bytes(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (value instanceof Map) return inner(Object.fromEntries([...value].map(([key, item]) => [String(key), item])));
  if (value instanceof Set) return inner([...value]);
  // What every value was given says nothing of this one.
  if (typeof value.toJSON === "function" && value.toJSON !== everything.toJSON) return inner(value.toJSON());
  if (Array.isArray(value)) return value.map((item) => inner(item) ?? null);
  const result = Object.create(null); // so that no key means anything
  for (const key of Object.keys(value)) {
    const item = field(value, key, inner);
    if (item !== undefined) result[key.toWellFormed()] = item;
  }
  return result;
}

/** A field, or that its getter throws. */
function field(owner, key, inner) {
  try {
    return inner(owner[key]);
  } catch (error) {
    return unreadable(error);
  }
}

const unreadable = (error) => `[can't be read: ${String(error?.message ?? error).slice(0, 200).toWellFormed()}]`;

function described(error, inner) {
  const result = { name: error.name, message: error.message };
  if (error.code !== undefined) result.code = inner(error.code);
  if (error.cause !== undefined) result.cause = inner(error.cause);
  if (Array.isArray(error.errors)) result.errors = inner(error.errors);
  return result;
}

/** Names and values; a name that stands there twice has a list. */
function entries(value) {
  const result = Object.create(null);
  for (const [name, item] of value) {
    result[name] = name in result ? [result[name], item].flat() : item;
  }
  return result;
}

function bytes(view) {
  let binary = "";
  for (let at = 0; at < view.length; at += 0x8000) binary += String.fromCharCode(...view.subarray(at, at + 0x8000));
  return { type: "base64", bytes: view.length, data: btoa(binary) };
}

/** An input in which what `plain` makes of bytes is bytes again: an output can be the next call's input. */
export function revived(value, depth = 0) {
  if (value === null || typeof value !== "object" || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => revived(item, depth + 1));
  if (isBytes(value)) return Uint8Array.from(atob(value.data), (character) => character.charCodeAt(0));
  for (const key of Object.keys(value)) value[key] = revived(value[key], depth + 1);
  return value;
}

const isBytes = ({ type, bytes, data, ...others }) =>
  type === "base64" && typeof data === "string" && (bytes === undefined || typeof bytes === "number") && Object.keys(others).length === 0 && isBase64(data);

function isBase64(text) {
  try {
    return typeof atob(text) === "string";
  } catch {
    return false;
  }
}
