// Rows of a document that comes in pieces: the lines of a text, or the entries of a list.

import type { Layout } from "./json-layout";

/** Gives the rows that each piece completes. */
export interface Splitter {
  push(piece: string): string[];
  end(): string[];
  /** Another one that goes on from the same place. */
  copy(): Splitter;
}

/** Characters in a row: longer lines go on in the next. */
export const COLUMNS = 200;

/** The lines of a laid-out text. */
export class Lines implements Splitter {
  readonly #layout: Layout;
  #rest = "";

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  push(piece: string): string[] {
    return this.#take(this.#layout.push(piece));
  }

  end(): string[] {
    const rows = this.#take(this.#layout.end());
    if (this.#rest !== "") addLine(rows, this.#rest);
    this.#rest = "";
    return rows;
  }

  copy(): Splitter {
    const other = new Lines(this.#layout.copy());
    other.#rest = this.#rest;
    return other;
  }

  #take(text: string): string[] {
    const rows: string[] = [];
    const whole = this.#rest + text;
    let from = 0;
    for (let end = whole.indexOf("\n"); end >= 0; end = whole.indexOf("\n", from)) {
      addLine(rows, whole.slice(from, end));
      from = end + 1;
    }
    // A line without an end does not grow for ever.
    while (whole.length - from >= 2 * COLUMNS) {
      const cut = edge(whole, from + COLUMNS);
      rows.push(whole.slice(from, cut));
      from = cut;
    }
    this.#rest = own(whole.slice(from));
    return rows;
  }
}

function addLine(rows: string[], line: string): void {
  let from = 0;
  do {
    const to = edge(line, from + COLUMNS);
    rows.push(line.slice(from, to));
    from = to;
  } while (from < line.length);
}

/** Not between the two halves of a character. */
export function edge(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
}

/** The same text by itself: a part of a text keeps the whole of it in memory. */
const own = (text: string): string => ` ${text}`.slice(1);

/** What is kept of one entry. */
const LONGEST = 64 * 1024;

/** The entries of the first list in a document, as it stands there: the document is the list, or an object that has it. */
export class Entries implements Splitter {
  #depth = 0;
  /** How deep the list is; 0 before it, and behind it as well. */
  #list = 0;
  #over = false;
  #inString = false;
  #escape = false;
  #entry = "";

  push(piece: string): string[] {
    const rows: string[] = [];
    let from = 0;
    for (let at = 0; at < piece.length && !this.#over; at += 1) {
      const code = piece.charCodeAt(at);
      if (this.#inString) {
        if (this.#escape) this.#escape = false;
        else if (code === 92) this.#escape = true;
        else if (code === 34) this.#inString = false;
        continue;
      }
      if (code === 34) {
        this.#inString = true;
      } else if (code === 123 || code === 91) {
        this.#depth += 1;
        if (code === 91 && this.#list === 0) {
          this.#list = this.#depth;
          from = at + 1;
        }
      } else if (code === 125 || code === 93 || code === 44) {
        if (this.#list > 0 && this.#depth === this.#list) {
          this.#keep(piece.slice(from, at));
          this.#flush(rows);
          from = at + 1;
          this.#over = code !== 44;
        }
        if (code !== 44) this.#depth -= 1;
      }
    }
    if (this.#list > 0 && !this.#over) this.#keep(piece.slice(from));
    this.#entry = own(this.#entry);
    return rows;
  }

  end(): string[] {
    const rows: string[] = [];
    this.#flush(rows);
    return rows;
  }

  copy(): Splitter {
    const other = new Entries();
    other.#depth = this.#depth;
    other.#list = this.#list;
    other.#over = this.#over;
    other.#inString = this.#inString;
    other.#escape = this.#escape;
    other.#entry = this.#entry;
    return other;
  }

  #keep(part: string): void {
    if (this.#entry.length < LONGEST) this.#entry += part.slice(0, LONGEST - this.#entry.length);
  }

  #flush(rows: string[]): void {
    const entry = this.#entry.trim();
    this.#entry = "";
    if (entry) rows.push(entry);
  }
}
