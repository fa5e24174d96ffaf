// What a function's own text says of its parameters, and the comment that its author wrote in front of it.
import { tokens } from "./declared.mjs";
import { literal } from "./parameters.mjs";

const { readTextFileSync, readDirSync } = Deno;
const MOST_SCRIPTS = 120;
const MOST_TEXT = 4 << 20;

/** The parameters as the function's text has them; undefined where there is none (native code). */
export function writtenParams(source) {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return undefined;
  const alone = /^(?:async\s+)?([\p{L}_$][\p{L}\p{N}_$]*)\s*=>/u.exec(source);
  if (alone) return [{ name: alone[1] }];
  if (/^class\b/.test(source)) return undefined;
  const all = tokens(source.slice(0, 20000));
  const from = all.findIndex(({ value }) => value === "(");
  if (from < 0) return undefined;
  const found = [];
  let depth = 0;
  let part = [];
  const end = () => {
    if (part.length) found.push(parameterWritten(part));
    part = [];
  };
  for (const token of all.slice(from)) {
    const { kind, value } = token;
    if (kind === "mark" && ")]}".includes(value) && --depth === 0) break;
    if (depth === 1 && kind === "mark" && value === ",") end();
    else if (depth > 0) part.push(token);
    if (kind === "mark" && "([{".includes(value)) depth++;
  }
  end();
  return found;
}

function parameterWritten(part) {
  const rest = part[0].value === "...";
  const own = rest ? part[1] : part[0];
  const at = part.findIndex(({ value }) => value === "=");
  const code = at < 0 ? [] : part.slice(at + 1);
  const text = code.length === 1 && code[0].kind === "text" ? JSON.stringify(code[0].value) : code.map(({ value }) => value).join("");
  return { name: own?.kind === "word" ? own.value : "options", rest, optional: at >= 0, byDefault: literal(text) };
}

/** The package's own scripts, for the comments in front of its functions. */
export class Scripts {
  constructor(root) {
    this.texts = [];
    let room = MOST_TEXT;
    const look = (folder, depth) => {
      for (const entry of entries(folder)) {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory && depth < 4 && entry.name !== "node_modules" && !/^(?:test|\.)/.test(entry.name)) look(path, depth + 1);
        if (!entry.isFile || !/\.[cm]?js$/.test(entry.name) || /\.min\./.test(entry.name) || this.texts.length >= MOST_SCRIPTS || room < 0) continue;
        try {
          const text = readTextFileSync(path);
          room -= text.length;
          this.texts.push(text);
        } catch { /* another one may have it */ }
      }
    };
    look(root, 0);
  }

  commentOf(source) {
    const begin = source.slice(0, 160);
    if (begin.length < 12) return undefined;
    for (const text of this.texts) {
      const at = text.indexOf(begin);
      if (at < 0) continue;
      // Between a comment and its function may stand `export`, `module.exports =`, a name.
      const before = text.slice(Math.max(0, at - 6000), at);
      const end = before.lastIndexOf("*/");
      const start = before.lastIndexOf("/**", end);
      const between = before.slice(end + 2);
      if (end >= 0 && start >= 0 && between.length < 160 && !/[;{}]/.test(between)) return before.slice(start + 3, end);
    }
    return undefined;
  }
}

function entries(folder) {
  try {
    return [...readDirSync(folder)].sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch {
    return [];
  }
}
