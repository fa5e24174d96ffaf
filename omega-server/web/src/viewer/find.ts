// Words in a large document: looked for piece by piece, while the browser goes on with the rest.

import { pause, type Held } from "./held";
import { COLUMNS } from "./lines";

/** Hits that are worth counting. */
export const MOST = 10_000;

/** Milliseconds of work in one go. */
const TURN = 12;

/** Says the rows that have the words, as they are found and in their order; the last time with `done`. */
export async function find(held: Held, words: string, said: (hits: number[], done: boolean) => void, stop: AbortSignal): Promise<void> {
  const wanted = words.toLowerCase();
  const hits: number[] = [];
  let began = performance.now();
  /** The end of the row before, when its line goes on. */
  let before = "";
  for (let at = 0; at < held.pieces && hits.length < MOST; at += 1) {
    const { rows, first } = held.piece(at);
    for (let n = 0; n < rows.length && hits.length < MOST; n += 1) {
      const row = (rows[n] as string).toLowerCase();
      if (row.includes(wanted)) hits.push(first + n);
      else if (before && (before + row.slice(0, wanted.length - 1)).includes(wanted) && hits.at(-1) !== first + n - 1) hits.push(first + n - 1);
      before = row.length >= COLUMNS && wanted.length > 1 ? row.slice(1 - wanted.length) : "";
    }
    if (performance.now() - began < TURN) continue;
    said(hits, false);
    await pause();
    if (stop.aborted) return;
    began = performance.now();
  }
  said(hits, true);
}
