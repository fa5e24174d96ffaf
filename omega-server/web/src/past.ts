// The past of a conversation: a part of it that is read apart from its living end, found by a date or by words. Whatever part
// it is, it has no gap; when it meets the end, the two are one again.

import { conversation, messagesAfter, messagesBefore } from "./api";
import { viewOf, type View } from "./state";
import { without } from "./usage";
import { PAGE, prepend } from "./history";
import type { ConversationDetail, Message } from "./types";

/** The page that begins with the first message at or after an event. */
export async function pageFrom(id: string, seq: number): Promise<ConversationDetail> {
  const messages = await messagesAfter(id, Math.max(0, seq - 1), PAGE);
  const last = messages.at(-1);
  return conversation(id, PAGE, last ? last.seq + 1 : undefined);
}

/** Puts a page behind. */
export function append(view: View, page: ConversationDetail): void {
  const behind = viewOf(page);
  // What is known stays: `prepend` lets the newer of two stand.
  prepend(behind, { ...page, messages: view.messages, toolRuns: view.toolRuns, runs: view.runs });
  view.messages = behind.messages;
  view.toolRuns = behind.toolRuns;
  view.runs = behind.runs;
  view.earlier = without(view.earlier, page.runs);
}

/** The number of the first message of a day or later: by halves, since messages have times and pages have numbers. */
export async function seqOfDay(id: string, day: Date, lastSeq: number): Promise<number | null> {
  const first = (after: number) => messagesAfter(id, after, 1).then(([message]) => message);
  const isBefore = (message: Message) => new Date(message.createdAt) < day;
  let found: Message | undefined;
  let [low, high] = [0, lastSeq];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await first(middle);
    if (message && isBefore(message)) {
      low = message.seq;
    } else {
      found = message ?? found;
      high = middle;
    }
  }
  const message = await first(low);
  return message && !isBefore(message) ? message.seq : (found?.seq ?? null);
}

/** Messages read in one request of a search. */
const READ = 200;
/** Hits after which a search waits for more words. */
const HITS = 50;

export interface Search {
  hits: Message[];
  /** Messages that were looked at. */
  looked: number;
  done: boolean;
}

/** Looks for words, newest message first; says what it has after each page. */
export async function search(id: string, words: string, lastSeq: number, said: (search: Search) => void, signal: AbortSignal): Promise<void> {
  const wanted = words.toLowerCase();
  const hits: Message[] = [];
  let [before, looked] = [lastSeq + 1, 0];
  for (;;) {
    const page = await messagesBefore(id, before, READ, signal);
    looked += page.length;
    hits.push(...page.filter((message) => message.content.toLowerCase().includes(wanted)).sort((a, b) => b.seq - a.seq));
    const oldest = page.reduce((least, { seq }) => Math.min(least, seq), before);
    const done = page.length < READ || hits.length >= HITS || oldest >= before;
    if (signal.aborted) return;
    said({ hits: [...hits], looked, done });
    if (done) return;
    before = oldest;
  }
}
