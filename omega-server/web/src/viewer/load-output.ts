// A tool's output, read from the server by ranges.

import { output } from "../api";
import { Held } from "./held";
import { TextLayout, layoutOf } from "./json-layout";
import { Entries, Lines } from "./lines";
import { gridOf } from "./value-table";
import type { Grid } from "./rows";

/** The first piece is small, so that something is there at once. */
const FIRST = 64 * 1024;
const PIECE = 1024 * 1024;
/** What the server gives at once, and parses in less than a tenth of a second. */
const LARGEST = 8 * 1024 * 1024;

/** Bytes to ask for from a place on: the server reads the whole for each piece, so that the longer it is, the fewer they are. */
const pieceAt = (offset: number) => Math.min(Math.max(PIECE, Math.floor(offset / 4)), LARGEST);

/** Entries that say whether a list is a table. */
const LOOKED_AT = 200;

export interface Loaded {
  held: Held;
  /** How its rows stand as a table, when they are the entries of a list. */
  grid: Grid | null;
  bytes: number;
  total: number;
  done: boolean;
}

/** Reads an output as rows, and says what is there after each piece. */
export async function loadOutput(toolRunId: string, said: (loaded: Loaded) => void, signal: AbortSignal): Promise<void> {
  let held: Held | null = null;
  let grid: Grid | null = null;
  for (let next: number | undefined = 0; next !== undefined; ) {
    const page = await output(toolRunId, next, next === 0 ? FIRST : pieceAt(next), signal);
    if (held === null) {
      grid = gridOf(new Entries().push(page.content).slice(0, LOOKED_AT));
      held = new Held(grid ? new Entries() : new Lines(layoutOf(page.content)));
    }
    await held.add(page.content, signal);
    if (signal.aborted) return;
    const done = page.nextOffset === undefined;
    if (done) held.end();
    said({ held, grid, bytes: page.nextOffset ?? page.totalBytes, total: page.totalBytes, done });
    next = page.nextOffset;
  }
}

/** Saves a whole output as a file: a text as text, anything else as JSON. */
export async function download(toolRunId: string): Promise<void> {
  // Each piece is given away at once: the browser keeps it, and not the script's memory.
  const parts: Blob[] = [];
  let text: TextLayout | null = null;
  for (let next: number | undefined = 0; next !== undefined; ) {
    const page = await output(toolRunId, next, pieceAt(next));
    if (next === 0 && page.content.startsWith('"')) text = new TextLayout();
    parts.push(new Blob([text ? text.push(page.content) : page.content]));
    next = page.nextOffset;
  }
  if (text) parts.push(new Blob([text.end()]));
  save(new Blob(parts, { type: text ? "text/plain" : "application/json" }), `${toolRunId}.${text ? "txt" : "json"}`);
}

/** Hands a file to the reader. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
