// What grows token by token: text, reasoning, and the partial output of calls. Each piece names the place where it belongs,
// so that what comes twice is taken once and what is missing is noticed.

import type { Applied, View } from "./state";
import type { Part, ReasoningPart, TextPart, ToolRunStatus } from "./types";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const size = (text: string) => encoder.encode(text).length;
/** The size of parts that deltas built, so that a long answer is not measured again for each token. */
const sizes = new WeakMap<Part, number>();

/** Adds text that came to the part of its message. */
export function delta(
  view: View,
  event: { messageId: string; part: number; offset: number; content: string },
  type: (TextPart | ReasoningPart)["type"],
): Applied {
  const at = view.messages.findLastIndex((message) => message.id === event.messageId);
  const message = view.messages[at];
  // Its `run.step.started` was not seen yet; the stream brings it before the text is needed.
  if (!message) return "gap";
  if (message.status !== "streaming") return "ignored";
  if (event.part > message.parts.length) return "gap";
  const known = message.parts[event.part];
  if (known && known.type !== type) return "gap";
  const part = (known as TextPart | ReasoningPart | undefined) ?? { type, text: "" };
  const have = sizes.get(part) ?? size(part.text);
  const gap = event.offset > have;
  const fresh = gap ? "" : tail(event.content, have - event.offset);
  if (!known || fresh !== "") {
    const grown: TextPart | ReasoningPart = { type, text: part.text + fresh };
    sizes.set(grown, have + size(fresh));
    const parts = [...message.parts];
    parts[event.part] = grown;
    const content = type === "text" ? message.content + fresh : message.content;
    view.messages = view.messages.with(at, { ...message, parts, content });
  }
  return gap ? "gap" : fresh === "" ? "ignored" : "changed";
}

/** What follows the first `bytes` bytes of UTF-8; nothing where that would cut a character. */
function tail(content: string, bytes: number): string {
  if (bytes === 0) return content;
  const encoded = encoder.encode(content);
  const next = encoded[bytes];
  return next === undefined || (next & 0xc0) === 0x80 ? "" : decoder.decode(encoded.subarray(bytes));
}

/** States of a call that goes on. */
const OPEN: ToolRunStatus[] = ["proposed", "awaiting_credentials", "awaiting_approval", "started"];

/** Puts the newest partial output of a call in place of the one before. */
export function partial(view: View, id: string, number: number, chunk: unknown): Applied {
  const live = view.toolRuns.some((run) => run.id === id && OPEN.includes(run.status));
  if (!live) return "ignored";
  const at = view.partials.findIndex(([known]) => known === id);
  const newest = view.partials[at];
  if (newest && newest[1] >= number) return "ignored";
  view.partials = newest ? view.partials.with(at, [id, number, chunk]) : [...view.partials, [id, number, chunk]];
  return "changed";
}

export function dropPartial(view: View, id: string): void {
  view.partials = view.partials.filter(([known]) => known !== id);
}
