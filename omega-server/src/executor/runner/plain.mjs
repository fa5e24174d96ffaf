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
  } finally {
    above.delete(value);
  }
}

function composite(value, inner) {
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (value instanceof ArrayBuffer) return bytes(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (value instanceof Map) return inner(Object.fromEntries([...value].map(([key, item]) => [String(key), item])));
  if (value instanceof Set) return inner([...value]);
  // What every value was given says nothing of this one.
  if (typeof value.toJSON === "function" && value.toJSON !== everything.toJSON) return inner(value.toJSON());
  if (Array.isArray(value)) return value.map((item) => inner(item) ?? null);
  const result = Object.create(null); // so that no key means anything
  for (const key of Object.keys(value)) {
    const item = inner(value[key]);
    if (item !== undefined) result[key.toWellFormed()] = item;
  }
  return result;
}

function bytes(view) {
  let binary = "";
  for (let at = 0; at < view.length; at += 0x8000) binary += String.fromCharCode(...view.subarray(at, at + 0x8000));
  return { type: "base64", bytes: view.length, data: btoa(binary) };
}
