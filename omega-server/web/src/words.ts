// Numbers, times and values in words.

import type { Usage } from "./types";

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} KiB`;
  return `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

/** What tokens cost, as omega-core/src/model/price.rs says it; empty where nothing was to be paid or no price is known. */
export function dollars({ costMicros = 0, unpricedTokens = 0 }: Partial<Usage>): string {
  if (costMicros === 0) return "";
  const [places, unit] = costMicros < 1_000_000 ? [4, 100] : [2, 10_000];
  const cost = costMicros < 100 ? "under $0.0001" : `$${((Math.floor(costMicros / unit) * unit) / 1_000_000).toFixed(places)}`;
  return unpricedTokens > 0 ? `${cost} and what has no known price` : cost;
}

/** Why an answer is not all that was asked for; nothing for an end by the model's own will. */
export function shortfall(finishReason: string | undefined): string | undefined {
  switch (finishReason) {
    case "length":
      return "The answer was cut at a limit of length";
    case "content_filter":
      return "The provider's content filter cut the answer";
    case "refusal":
      return "The answer is a refusal";
    default:
      return undefined;
  }
}

export const count = (n: number, one: string, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** Relative when recent, else the day. */
export function when(time: number, now: number): string {
  const minutes = Math.floor((now - time) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return new Date(time).toLocaleDateString("en-US", { month: "short", day: "numeric", year: "numeric" });
}

/** The time of day. */
export const clock = (at: string): string => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

/** The day, in the reader's own time. */
export const dayOf = (at: string): string =>
  new Date(at).toLocaleDateString("en-US", { weekday: "short", month: "short", day: "numeric", year: "numeric" });

/** One line of a text, for lists and titles. */
export function oneLine(text: string, limit: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  const letters = Array.from(line);
  return letters.length <= limit ? line : `${letters.slice(0, limit - 1).join("")}…`;
}

/** What reorders or does not show, and Latin letters in another dress. */
const HIDES =
  /[\u007f-\u009f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\uff01-\uff5e\u24b6-\u24e9]|\udb40[\udc00-\udc7f]|\ud835[\udc00-\udfff]/g;
/** Scripts whose letters have the shapes of Latin ones. */
const LOOKS_LATIN =
  /[\u0370-\u058f\u13a0-\u13ff\u1c80-\u1c8f\u1f00-\u1fff\u2c80-\u2cff\u2de0-\u2dff\ua4d0-\ua4ff\ua640-\ua69f\uab70-\uabbf]/g;
/** JSON's own escapes, words, and everything else piece by piece. */
const PIECES = /\\u[0-9a-f]{4}|\\[^]|[\p{L}\p{N}\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+|[^]/gu;

const escaped = (hidden: string): string =>
  Array.from({ length: hidden.length }, (_, at) => `\\u${hidden.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");

function told(piece: string): string {
  if (piece.startsWith("\\")) return piece;
  const shown = /[A-Za-z]/.test(piece) ? piece.replace(LOOKS_LATIN, escaped) : piece;
  return shown.replace(HIDES, escaped);
}

/**
 * JSON over several lines in which nothing hides: what reorders or does not show stands there as its escape, and so does a
 * letter of another script among Latin ones, which looks like one of them (the twin of `visible_json` in omega-core).
 */
export const visibleJson = (value: unknown): string => JSON.stringify(value, null, 2).replace(PIECES, told);
