// What anything that was thrown says of itself: its words, what caused it, and what else it gathers. Whatever it is: a text,
// an object, a response, nothing, something whose properties throw.
import { plain } from "./plain.mjs";

const MOST = 4000;
const MOST_OF_ONE = 1500;
const DEPTH = 6;
const MOST_CAUSES = 20;
// Nothing that can be given here: the sandbox has its own words for what it refuses (`refusal.mjs`).
const FLAGS = /(?:,|;|\.)?\s*(?:(?:try |or |but )?run(?:ning)? again with (?:the )?)?["'`]?--(?:allow|deny|unstable)-[\w-]+(?:=\S+)?["'`]?(?: flag)?/g;
// Control characters but tabs and ends of lines, and the colours of terminals.
const MARKS = /\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** A property of anything; undefined where it can't be read. */
export function read(value, key) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  try {
    return value[key];
  } catch {
    return undefined;
  }
}

/** The whole reason, its causes included, as one text. */
export function messageOf(error) {
  const said = [];
  for (const cause of causesOf(error)) {
    const words = ownWords(cause);
    if (words && !said.some((earlier) => earlier.includes(words))) said.push(words);
  }
  const [first = "the tool failed and did not say why", ...more] = said;
  return cut(more.length ? `${first} (because: ${more.join("; ")})` : first, MOST);
}

/** What was thrown and what caused it, each once, the outermost first. */
export function causesOf(error) {
  const found = [];
  const look = (value, depth) => {
    if (found.includes(value) || found.length >= MOST_CAUSES || depth > DEPTH) return;
    found.push(value);
    const inner = [read(value, "cause"), ...list(read(value, "errors"))];
    for (const cause of inner) if (cause !== undefined && cause !== null) look(cause, depth + 1);
  };
  look(error, 0);
  return found;
}

const list = (value) => {
  try {
    return Array.isArray(value) ? [...value].slice(0, MOST_CAUSES) : [];
  } catch {
    return [];
  }
};

/** What it says itself, without its causes. */
export function ownWords(error) {
  if (error === undefined || error === null) return `the tool threw ${error}`;
  if (typeof error !== "object" && typeof error !== "function") return clean(String(error));
  const message = read(error, "message");
  const text = typeof message === "string" ? message.trim() : "";
  const status = statusWords(error);
  if (text) return clean([text, codeOf(error, text), answered(error, text)].filter(Boolean).join(" "));
  if (list(read(error, "errors")).length) return "";
  return clean(status ?? read(error, "stderr")?.toString?.() ?? described(error));
}

/** Marks failures whose code is the host's, and no part of the words. */
export const CODED = Symbol("coded");

/** The code of the operating system or of a library, where the words do not have it. */
function codeOf(error, text) {
  if (read(error, CODED)) return "";
  const code = read(error, "code");
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{2,40}$/.test(code) && !text.includes(code) ? `(${code})` : "";
}

/** What a service answered, as the clients of HTTP keep it. */
function answered(error, text) {
  const response = read(error, "response");
  const data = read(response, "data") ?? read(error, "body");
  const said = typeof data === "string" ? data : (read(data, "message") ?? read(read(data, "error"), "message") ?? read(data, "error"));
  return typeof said === "string" && said.trim() && !text.includes(said) ? `(answered: ${said.slice(0, 300)})` : "";
}

function statusWords(error) {
  const status = read(error, "status");
  if (typeof status !== "number") return undefined;
  const url = read(error, "url");
  return `HTTP ${status} ${read(error, "statusText") ?? ""}`.trim() + (typeof url === "string" && url ? ` from ${url}` : "");
}

function described(error) {
  try {
    const value = plain(error);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const name = read(error, "name");
    if (text && text !== "{}" && !(error instanceof Error)) return `the tool threw ${text}`;
    return `the tool threw ${typeof name === "string" && name ? name : "an object"} without a message`;
  } catch {
    return "the tool threw something that can't be read";
  }
}

const clean = (text) => cut(String(text).replace(MARKS, "").replace(FLAGS, ""), MOST_OF_ONE);

const cut = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text).toWellFormed();
