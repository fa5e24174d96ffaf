// What marked does not read by itself: footnotes, and formulas, which are left as they were written.

import type { TokenizerExtension } from "marked";

/** How far a formula is looked for: reading stays linear however many signs stand in a text. */
const NEAR = 2_000;

export const footnotes: TokenizerExtension[] = [
  {
    name: "footnote",
    level: "block",
    tokenizer(src) {
      const found = /^ {0,3}\[\^([^\]\s]{1,40})\]:[ \t]*([^\n]*(?:\n(?!\s*\n| {0,3}\[\^)[^\n]+)*)(?:\n+|$)/.exec(src);
      if (!found) return undefined;
      return { type: "footnote", raw: found[0], label: found[1], tokens: this.lexer.inlineTokens(found[2] ?? "", []) };
    },
  },
  {
    name: "footnoteMark",
    level: "inline",
    tokenizer(src) {
      const found = /^\[\^([^\]\s]{1,40})\]/.exec(src);
      return found ? { type: "footnoteMark", raw: found[0], label: found[1] } : undefined;
    },
  },
];

const INLINE = [
  /^\$\$[^$]{1,2000}\$\$/,
  /^\$(?![\s\d$])[^$\n]{0,400}[^\s$\\]\$(?!\d)/,
  /^\\\([^\n]{1,400}?\\\)/,
  /^\\\[[^]{1,2000}?\\\]/,
];

export const math: TokenizerExtension[] = [
  {
    name: "formula",
    level: "block",
    tokenizer(src) {
      const found = /^ {0,3}(?:\$\$[^$]{1,4000}\$\$|\\\[[^]{1,4000}?\\\])[ \t]*(?:\n+|$)/.exec(src);
      return found ? { type: "formula", raw: found[0], text: found[0].trim() } : undefined;
    },
  },
  {
    name: "inlineFormula",
    level: "inline",
    start(src) {
      const at = src.slice(0, NEAR).indexOf("$");
      return at < 0 ? undefined : at;
    },
    tokenizer(src) {
      if (src[0] !== "$" && src[0] !== "\\") return undefined;
      const found = INLINE.map((form) => form.exec(src)).find(Boolean);
      return found ? { type: "inlineFormula", raw: found[0], text: found[0] } : undefined;
    },
  },
];

/** Words that name an address which is not defined yet: as long as a text streams they are the words alone. */
export const pending: TokenizerExtension = {
  name: "pending",
  level: "inline",
  tokenizer(src) {
    const found = /^\[([^[\]\n]{1,400})\]\[([^[\]\n]{0,200})\]/.exec(src);
    if (!found) return undefined;
    const label = (found[2] || found[1] || "").replace(/\s+/g, " ").toLowerCase();
    if (this.lexer.tokens.links[label]) return undefined;
    return { type: "pending", raw: found[0], tokens: this.lexer.inlineTokens(found[1] ?? "", []) };
  },
};
