// A large document in the hands of the page: its bytes, outside of what the script's memory counts, and how many rows each
// piece of it has. The rows themselves are made where they are looked at.

import { edge, type Splitter } from "./lines";

/** Characters of a piece, which is made into rows in one go: the first, and the least and the most of the others. */
const FIRST = 16 * 1024;
const LEAST = 2 * 1024;
const MOST = 128 * 1024;
/** How long the rows of a piece should be, a row counted as if it had so many characters besides. */
const LONG = 1024 * 1024;
const ROW = 32;
/** Pieces whose rows are kept: those in sight, and what was in sight before. */
const KEPT = 4;

interface Piece {
  bytes: Uint8Array;
  /** The state before it. */
  from: Splitter;
  /** The number of its first row. */
  first: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Gives the browser time for what it has to do besides. */
export const pause = (): Promise<void> =>
  new Promise((go) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      go();
    };
    port2.postMessage(null);
  });

export class Held {
  readonly #pieces: Piece[] = [];
  readonly #rows = new Map<number, string[]>();
  #next: Splitter;
  #count = 0;
  #ended = false;
  /** Characters of the next piece. A deep document has rows that are a hundred times as long as what is written. */
  #size = FIRST;

  constructor(splitter: Splitter) {
    this.#next = splitter;
  }

  get count(): number {
    return this.#count;
  }

  get pieces(): number {
    return this.#pieces.length;
  }

  /** Takes more in, and lets the browser work between the parts of it. */
  async add(text: string, stop: AbortSignal): Promise<void> {
    for (let from = 0; from < text.length; ) {
      from = this.#addFrom(text, from);
      await pause();
      if (stop.aborted) return;
    }
  }

  /** Takes a whole text in; says when its beginning and when all of it is there. */
  async take(text: string, said: () => void, stop: AbortSignal): Promise<void> {
    const first = this.#addFrom(text, 0);
    if (first < text.length) said();
    await this.add(text.slice(first), stop);
    if (stop.aborted) return;
    this.end();
    said();
  }

  /** There is no more. */
  end(): void {
    this.#ended = true;
    const from = this.#next.copy();
    const rows = this.#next.end();
    if (rows.length > 0) this.#pieces.push({ bytes: new Uint8Array(0), from, first: this.#count });
    this.#count += rows.length;
  }

  /** The same document by other rows. */
  async split(splitter: Splitter, stop: AbortSignal): Promise<Held> {
    const other = new Held(splitter);
    for (let at = 0; at < this.#pieces.length && !stop.aborted; at += 1) {
      await other.add(decoder.decode(this.#pieces[at]?.bytes), stop);
    }
    other.end();
    return other;
  }

  /** The rows from one number to before another. */
  slice(from: number, to: number): string[] {
    const rows: string[] = [];
    for (let at = this.#pieceOf(from); at < this.#pieces.length; at += 1) {
      const { first } = this.#pieces[at] as Piece;
      if (first >= to) break;
      const of = this.#kept(at);
      rows.push(...of.slice(Math.max(0, from - first), to - first));
    }
    return rows;
  }

  /** The rows of a piece, made anew, and the number of the first. */
  piece(at: number): { rows: string[]; first: number } {
    const { bytes, from, first } = this.#pieces[at] as Piece;
    const splitter = from.copy();
    const isEnd = this.#ended && at === this.#pieces.length - 1 && bytes.length === 0;
    return { rows: isEnd ? splitter.end() : splitter.push(decoder.decode(bytes)), first };
  }

  /** Takes the next piece of a text; gives where it ends. */
  #addFrom(text: string, begin: number): number {
    const end = edge(text, begin + this.#size);
    const part = text.slice(begin, end);
    const from = this.#next.copy();
    const rows = this.#next.push(part);
    this.#pieces.push({ bytes: encoder.encode(part), from, first: this.#count });
    this.#count += rows.length;
    const length = rows.reduce((sum, row) => sum + row.length + ROW, 1);
    this.#size = Math.round(Math.min(MOST, 2 * this.#size, Math.max(LEAST, (this.#size * LONG) / length)));
    return end;
  }

  #kept(at: number): string[] {
    const rows = this.#rows.get(at) ?? this.piece(at).rows;
    this.#rows.delete(at);
    this.#rows.set(at, rows);
    for (const old of this.#rows.keys()) {
      if (this.#rows.size <= KEPT) break;
      this.#rows.delete(old);
    }
    return rows;
  }

  /** The last piece that begins with this row or before it. */
  #pieceOf(row: number): number {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pieces[middle] as Piece).first <= row) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }
}
