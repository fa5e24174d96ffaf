// Text that goes along with a message as data: tools get all of it, the model its beginning and its end.

import { bytes } from "./words";

export interface Attachment {
  name: string;
  text: string;
  bytes: number;
}

/** What the server takes (`budget::DATA` in omega-core). */
const MOST = 32 * 1024 * 1024;
/** A pasted text that is longer is data and no prompt. */
export const LONG_PASTE = 20_000;

/** Reads a file; rejects with a sentence what is too large or no text. */
export async function attached(file: File): Promise<Attachment> {
  if (file.size > MOST) throw new Error(`${file.name} has ${bytes(file.size)}; at most ${bytes(MOST)} go along with a message`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name} is no text. Attach text, CSV, JSON and the like`);
  }
  if (text.includes("\0")) throw new Error(`${file.name} is no text. Attach text, CSV, JSON and the like`);
  if (text === "") throw new Error(`${file.name} is empty`);
  return { name: file.name, text, bytes: file.size };
}

/** A text that was pasted. */
export function pasted(text: string): Attachment {
  const size = new TextEncoder().encode(text).length;
  if (size > MOST) throw new Error(`That are ${bytes(size)}; at most ${bytes(MOST)} go along with a message`);
  if (text.includes("\0")) throw new Error("That is no text");
  return { name: "pasted text", text, bytes: size };
}
