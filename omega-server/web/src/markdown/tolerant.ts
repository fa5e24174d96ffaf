// The last block of a text that still streams, as it will probably go on: what was opened is closed, so that a reader sees
// bold words and not asterisks, and a table from its first line on.

import { closing } from "./tags";

/** Marks at the very end that have opened nothing yet. */
const DANGLING = /(?:\*{1,3}|_{1,3}|~{1,2}|!?\[\^?|<\/?[a-z]{0,7}|\\)$/;

/** A line of nothing but marks: a rule, a heading's underline, a list's next point or its box in the making. */
const MARKS = /^[\s>]*(?:[-*_=+>#]+|\d+[.)]?|(?:[-*+]|\d+[.)])\s+\[[ xX]?\]?|-\s*(?:-\s*)*|\*\s*(?:\*\s*)*)\s*$/;

/** What an address is named for further up or down, or a footnote, before it is whole. */
const DEFINES = /^ {0,3}\[[^\]\n]*\](?::\s*\S*)?$/;

/** The text of an open block with its open ends closed. */
export function tolerant(text: string): string {
  if (/^\s*(?:```|~~~)/.test(text) || text.length > 20_000) return text;
  if (/^\s*<details(?: open)?>\s*<summary>(?![^]*<\/summary>)/i.test(text)) return `${text.replace(/<\/?[a-z]*$/i, "")}</summary>`;
  const formula = openFormula(text);
  if (formula !== null) return formula;
  const lines = text.split("\n");
  const row = lines.findIndex((line) => line.trim() !== "");
  if (row >= 0 && lines[row]?.trimStart().startsWith("|")) return table(lines, row);
  const line = lines.at(-1) ?? "";
  if (MARKS.test(line) || DEFINES.test(line)) return lines.slice(0, -1).join("\n");
  return closed(text);
}

/** A formula that is a block of its own, closed; before it has anything, nothing. */
function openFormula(text: string): string | null {
  const found = /^\s*(\$\$|\\\[)([^]*)$/.exec(text);
  if (!found) return null;
  const [, mark, rest] = found as unknown as [string, string, string];
  const end = mark === "$$" ? "$$" : "\\]";
  if (rest.includes(end)) return null;
  const inner = rest.replace(/[$\\]$/, "");
  return inner.trim() === "" ? "" : `${mark}${inner}${end}`;
}

/** A table's head has its ruler before that came. */
function table(lines: string[], row: number): string {
  const head = lines[row] ?? "";
  if (head.replace(/^\s*\|/, "").trim() === "") return lines.slice(0, row).join("\n");
  const columns = Math.max(1, head.replace(/^\s*\|/, "").replace(/\|\s*$/, "").replace(/\\\|/g, "").split("|").length);
  const ruler = lines[row + 1];
  const isWhole = ruler !== undefined && lines.length > row + 2;
  if (!isWhole) return [...lines.slice(0, row), lastCell(head), `|${" - |".repeat(columns)}`].join("\n");
  return [...lines.slice(0, -1), lastCell(lines.at(-1) ?? "")].join("\n");
}

/** The cell that is written is closed like a paragraph. */
function lastCell(line: string): string {
  const from = line.lastIndexOf("|") + 1;
  return line.slice(0, from) + closed(line.slice(from));
}

/** Closes code, links and emphasis that are open at the end. */
function closed(text: string): string {
  const from = text.lastIndexOf("\n\n") + 1;
  const { open: ticks, rest: words } = withoutCode(text.slice(from));
  // Nothing but the mark is there of a code that was opened at the very end.
  if (ticks) return text.endsWith(ticks) ? closed(text.slice(0, -ticks.length)) : text.replace(/`*$/, "") + ticks;
  text = text.replace(DANGLING, "");
  // A link is its words until its address is whole.
  const link = /!?\[([^[\]]*)(?:\](?:\((?:[^()\n]|\([^()\n]*\)?)*|\[[^\]\n]*)?)?$/.exec(text.slice(from));
  const shown = link ? text.slice(0, from + link.index) + (link[1] ?? "") : text;
  const rest = link ? withoutCode(shown.slice(from)).rest : words.replace(DANGLING, "");
  const formula = /\\[([](?![^]*\\[)\]])[^]*$|\$\$(?![^]*\$\$)[^]*$/.exec(rest.replace(/\$\$[^$]+\$\$/g, ""));
  if (formula) return shown.slice(0, shown.lastIndexOf(formula[0].slice(0, 2)));
  const open = ["**", "~~"].filter((mark) => (rest.split(mark).length - 1) % 2 === 1);
  return shown.trimEnd() + open.reverse().join("") + closing(rest);
}

/** A text without its code, and the mark of the one that is open. */
function withoutCode(text: string): { rest: string; open: string } {
  const runs = [...text.matchAll(/`+/g)].map((run) => ({ at: run.index, length: run[0].length }));
  let rest = "";
  let from = 0;
  for (let n = 0; n < runs.length; n += 1) {
    const run = runs[n] as { at: number; length: number };
    if (run.at < from) continue;
    const end = runs.find((other, later) => later > n && other.length === run.length);
    rest += text.slice(from, run.at);
    if (!end) return { rest, open: "`".repeat(run.length) };
    from = end.at + end.length;
  }
  return { rest: rest + text.slice(from), open: "" };
}
