// Colours for code: a text and its language to pieces with a kind. Not a parser: what looks like a comment, a string, a
// number or a word of the language is one. The pieces together are the text, whatever it holds, and the time that it takes
// grows with its length.

import { LANGUAGES, type Kind, type Rule } from "./languages";

export type Piece = [kind: Kind | null, text: string];

const compiled = new Map<readonly Rule[], { pattern: RegExp; kinds: Kind[] }>();

/** The pieces; nothing for a language that is not known. */
export function highlight(code: string, language: string): Piece[] | null {
  const rules = LANGUAGES[language.toLowerCase()];
  if (!rules) return null;
  const { pattern, kinds } = compile(rules);
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of code.matchAll(pattern)) {
    if (found[0] === "") continue;
    if (found.index > from) pieces.push([null, code.slice(from, found.index)]);
    const group = found.findIndex((words, at) => at > 0 && words !== undefined);
    const kind = kinds[group - 1];
    pieces.push([kind === "plain" || kind === undefined ? null : kind, found[0]]);
    from = found.index + found[0].length;
  }
  if (from < code.length) pieces.push([null, code.slice(from)]);
  return pieces;
}

function compile(rules: readonly Rule[]) {
  const known = compiled.get(rules);
  if (known) return known;
  const made = { pattern: new RegExp(rules.map(([, source]) => `(${source})`).join("|"), "gu"), kinds: rules.map(([kind]) => kind) };
  compiled.set(rules, made);
  return made;
}
