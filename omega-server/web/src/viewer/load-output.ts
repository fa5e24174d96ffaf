// A tool's output, read from the server by ranges.

import { output } from "../api";
import { layoutOf } from "./json-layout";
import { Lines } from "./lines";

/** The first piece is small, so that something is there at once. */
const FIRST = 64 * 1024;
const PIECE = 1024 * 1024;
/** What a page holds at most; all of it is in the download. */
export const SHOWN = 32 * 1024 * 1024;

export interface Loaded {
  lines: Lines;
  bytes: number;
  total: number;
  done: boolean;
}

/** Reads an output as rows, and says what is there after each piece. */
export async function loadOutput(toolRunId: string, said: (loaded: Loaded) => void, signal: AbortSignal): Promise<void> {
  const lines = new Lines();
  let layout: ReturnType<typeof layoutOf> | null = null;
  for (let next: number | undefined = 0; next !== undefined; ) {
    const page = await output(toolRunId, next, next === 0 ? FIRST : PIECE, signal);
    if (signal.aborted) return;
    layout ??= layoutOf(page.content);
    lines.push(layout.push(page.content));
    const bytes: number = page.nextOffset ?? page.totalBytes;
    const done: boolean = page.nextOffset === undefined || bytes >= SHOWN;
    if (done) {
      lines.push(layout.end());
      lines.end();
    }
    said({ lines, bytes, total: page.totalBytes, done });
    next = done ? undefined : page.nextOffset;
  }
}

/** Saves a whole output as a file: a text as text, anything else as JSON. */
export async function download(toolRunId: string): Promise<void> {
  const parts: string[] = [];
  for (let next: number | undefined = 0; next !== undefined; ) {
    const page = await output(toolRunId, next, PIECE);
    parts.push(page.content);
    next = page.nextOffset;
  }
  const isText = parts[0]?.startsWith('"') === true;
  const content = isText ? [JSON.parse(parts.join("")) as string] : parts;
  save(new Blob(content, { type: isText ? "text/plain" : "application/json" }), `${toolRunId}.${isText ? "txt" : "json"}`);
}

/** Hands a file to the reader. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
