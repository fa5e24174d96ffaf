// Whether a text is read as Markdown: the reader's work grows with the square of what opens emphasis or links in one paragraph, and
// it calls itself once for each level of quotes and lists. What is over these limits is shown as the text it is.

/** Characters: a model's longest answers have a hundred thousand. */
const LONGEST = 500_000;
/** Characters in one paragraph that may open or close something. */
const OPENERS = 1_000;
/** Quotes and lists within one another. */
const LEVELS = 24;

const MARKERS = /^(?:[ \t]*(?:>|[-+*](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)))+/;
const FENCE = /^[ \t]*(`{3,}|~{3,})/;
/** A line that is a paragraph of its own, or begins one. */
const APART = /^[ \t]*(?:$|[|#>]|[-+*][ \t]|\d{1,9}[.)][ \t])/;

/** Whether reading `text` takes no longer than drawing it. */
export function affordable(text: string): boolean {
  if (text.length > LONGEST) return false;
  let openers = 0;
  let fence = "";
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1]?.slice(0, 3) ?? "";
    if (fence) {
      if (mark === fence) fence = "";
      continue;
    }
    if (mark) {
      fence = mark;
      continue;
    }
    if (APART.test(line)) openers = 0;
    const markers = MARKERS.exec(line)?.[0] ?? "";
    if (markers.replace(/[ \t\d]/g, "").length > LEVELS || indent(line) > 4 * LEVELS) return false;
    openers += line.length - line.replace(/[*_~[\]<`!&]/g, "").length;
    if (openers > OPENERS) return false;
  }
  return true;
}

function indent(line: string): number {
  return line.length - line.trimStart().length;
}
