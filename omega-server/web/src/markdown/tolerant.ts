// The last block of a text that still streams, as it will probably go on: what was opened is closed, so that a reader sees
// bold words and not asterisks, and a table from its first line on.

/** Marks at the very end that have opened nothing yet. */
const DANGLING = /(?:\*{1,3}|_{1,3}|~~|`{1,2}|!?\[)$/;

/** The text of an open block with its open ends closed. */
export function tolerant(text: string): string {
  if (/^\s*(?:```|~~~)/.test(text) || text.length > 20_000) return text;
  const lines = text.split("\n");
  const row = lines.findIndex((line) => line.trim() !== "");
  if (row >= 0 && lines[row]?.trimStart().startsWith("|")) return table(lines, row);
  const line = lines.at(-1) ?? "";
  // A line of nothing but marks is a rule, a heading's underline or a list's next point in the making.
  if (/^\s*(?:[-*_=+>#]+|\d+[.)]?)\s*$/.test(line)) return lines.slice(0, -1).join("\n");
  return closed(text.replace(DANGLING, ""));
}

/** A table's head has its ruler before that came. */
function table(lines: string[], row: number): string {
  const head = lines[row] ?? "";
  if (head.replace(/^\s*\|/, "").trim() === "") return lines.slice(0, row).join("\n");
  const columns = Math.max(1, head.replace(/^\s*\|/, "").replace(/\|\s*$/, "").replace(/\\\|/g, "").split("|").length);
  const ruler = lines[row + 1];
  const isWhole = ruler !== undefined && lines.length > row + 2;
  if (isWhole) return lines.join("\n");
  return [...lines.slice(0, row), head, `|${" - |".repeat(columns)}`].join("\n");
}

/** Closes code, links and emphasis that are open at the end. */
function closed(text: string): string {
  const from = text.lastIndexOf("\n\n") + 1;
  const paragraph = text.slice(from);
  const ticks = paragraph.match(/(?<!`)`(?!`)/g)?.length ?? 0;
  if (ticks % 2 === 1) return `${text}\``;
  // A link is its words until its address is whole.
  const link = /!?\[([^[\]]*)(?:\]\([^()\s]*)?$/.exec(paragraph);
  const shown = link ? text.slice(0, from + link.index) + (link[1] ?? "") : text;
  const rest = shown.slice(from).replace(/`[^`]*`/g, "");
  const open = ["**", "~~"].filter((mark) => (rest.split(mark).length - 1) % 2 === 1);
  return shown.trimEnd() + open.reverse().join("");
}
