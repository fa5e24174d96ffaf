// Reads Markdown while it streams: what is finished is read once, and only the last block is read again with each piece of
// text. However a text is cut, the same blocks come out in the end as from the whole text at once.

import { Marked, type Token, type Tokens } from "marked";
import { affordable } from "./affordable";
import { footnotes, math, pending } from "./extensions";
import { tolerant } from "./tolerant";

const whole = new Marked({ gfm: true, extensions: [...footnotes, ...math] });
const growing = new Marked({ gfm: true, extensions: [...footnotes, ...math, pending] });

type Links = Record<string, { href: string | null; title: string | null }>;

/** A block of a message; the same object for as long as it is the same. */
export interface Block {
  token: Token;
  /** Of a heading: below its message's author, and no level skipped, which is what a screen reader walks by. */
  level?: number;
}

/** What a text is: blocks, or nothing but text where reading it would take too long. */
export type Read = { blocks: Block[]; plain?: never } | { plain: string; blocks?: never };

export class Reader {
  #text = "";
  /** Blocks that nothing that comes can change, and where the text behind them begins. */
  #done: Block[] = [];
  #from = 0;
  #links: Links = {};
  #above: number[] = [];
  /** Whether an address was defined behind a block that may have named it. */
  #late = false;
  #cached: { text: string; isWhole: boolean; read: Read } | null = null;

  /** The blocks of a text that goes on where the last one ended, or begins anew. */
  read(text: string, isWhole: boolean): Read {
    if (this.#cached?.text === text && this.#cached.isWhole === isWhole) return this.#cached.read;
    if (!text.startsWith(this.#text)) this.#begin();
    this.#text = text;
    const read = this.#read(text, isWhole);
    this.#cached = { text, isWhole, read };
    return read;
  }

  #read(text: string, isWhole: boolean): Read {
    if (!affordable(text.slice(this.#from)) || text.length > LONGEST) return { plain: text };
    // A definition may lie behind what names it: then all of it is read once more.
    if (isWhole && this.#late) this.#begin();
    let tokens = this.#lex(text.slice(this.#from), isWhole);
    const last = tokens.findLastIndex((token) => token.type !== "space");
    for (const token of tokens.slice(0, Math.max(0, last))) {
      this.#done.push(this.#block(token));
      this.#from += token.raw.length;
      this.#late ||= token.raw.includes("]:") || token.raw.includes("][");
      if (token.type === "def") this.#links[token["tag"]] ??= { href: token["href"], title: token["title"] };
    }
    tokens = tokens.slice(Math.max(0, last));
    if (!isWhole) {
      const rest = text.slice(this.#from);
      const closed = tolerant(rest);
      if (closed !== rest) tokens = this.#lex(closed, false);
    }
    const above = [...this.#above];
    const open = tokens.map((token) => this.#block(token));
    this.#above = above;
    return { blocks: [...this.#done, ...open] };
  }

  #begin(): void {
    this.#done = [];
    this.#from = 0;
    this.#above = [];
    this.#late = false;
    this.#links = {};
  }

  #lex(text: string, isWhole: boolean): Token[] {
    const marked = isWhole ? whole : growing;
    const lexer = new marked.Lexer(marked.defaults);
    Object.assign(lexer.tokens.links, this.#links);
    return lexer.lex(text);
  }

  #block(token: Token): Block {
    if (token.type !== "heading") return { token };
    const { depth } = token as Tokens.Heading;
    while (this.#above.length > 0 && Number(this.#above.at(-1)) >= depth) this.#above.pop();
    this.#above.push(depth);
    return { token, level: Math.min(6, this.#above.length + 2) };
  }
}

/** Characters: a model's longest answers have a hundred thousand. */
const LONGEST = 2_000_000;
