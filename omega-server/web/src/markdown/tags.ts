// The tags of HTML that models write into Markdown and that only say how words look or fold: without attributes, and in pairs.
// They are read from tokens, and become elements by name from the list here; whatever else looks like HTML stays text.

import type { Token } from "marked";

const TAGS = ["b", "strong", "i", "em", "u", "s", "del", "sub", "sup", "kbd", "mark", "small"] as const;

export type Tag = (typeof TAGS)[number];

const FORM = new RegExp(`^<(/?)(${TAGS.join("|")})>$`, "i");

/** How deep they nest at most: further ones are text. */
const DEEP = 8;

/** Where the pairs of tags among some words begin and end. */
export function pairs(tokens: Token[]): Map<number, { tag: Tag; to: number }> {
  const found = new Map<number, { tag: Tag; to: number }>();
  const open: { tag: Tag; at: number }[] = [];
  tokens.forEach((token, at) => {
    const form = token.type === "html" ? FORM.exec(token.raw) : null;
    if (!form) return;
    const tag = (form[2] as string).toLowerCase() as Tag;
    if (form[1] === "") {
      if (open.length < DEEP) open.push({ tag, at });
      return;
    }
    const opened = open.findLastIndex((one) => one.tag === tag);
    if (opened < 0) return;
    found.set((open[opened] as { at: number }).at, { tag, to: at });
    open.length = opened;
  });
  return found;
}

/** The tags that a text leaves open, as what closes them. */
export function closing(text: string): string {
  const open: string[] = [];
  for (const [, end, tag] of text.matchAll(new RegExp(`<(/?)(${TAGS.join("|")})>`, "gi"))) {
    const name = (tag as string).toLowerCase();
    if (end === "") {
      if (open.length < DEEP) open.push(name);
    } else if (open.includes(name)) {
      open.length = open.lastIndexOf(name);
    }
  }
  return open.reverse().map((tag) => `</${tag}>`).join("");
}

/** A part of a message that is folded away. */
export interface Fold {
  summary: string;
  /** What stands with the tags themselves. */
  text: string;
  /** The block behind its last one. */
  to: number;
  isClosed: boolean;
}

const OPENS = /^\s*<details(?: open)?>\s*(?:<summary>([^]*?)<\/summary>)?([^<>]*)(<\/details>)?\s*$/i;
const CLOSES = /^\s*<\/details>\s*$/i;

/** What is folded, by the block that opens it. One that is not closed is none, except while the text streams. */
export function folds(tokens: Token[], streaming: boolean): Map<number, Fold> {
  const found = new Map<number, Fold>();
  const open: { at: number; fold: Fold }[] = [];
  tokens.forEach((token, at) => {
    if (token.type !== "html") return;
    if (CLOSES.test(token.raw)) {
      const last = open.pop();
      if (last) found.set(last.at, { ...last.fold, to: at, isClosed: true });
      return;
    }
    const form = token.raw.length < 2_000 ? OPENS.exec(token.raw) : null;
    if (!form || open.length >= DEEP) return;
    const fold = { summary: (form[1] ?? "").replace(/<\/?[a-z]+>/gi, "").trim(), text: (form[2] ?? "").trim(), to: at, isClosed: true };
    if (form[3]) found.set(at, fold);
    else open.push({ at, fold });
  });
  if (streaming) for (const { at, fold } of open) found.set(at, { ...fold, to: tokens.length, isClosed: false });
  return found;
}
