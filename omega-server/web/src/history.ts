// Older pages: what came before the oldest message on screen, put in front of the view.

import { without } from "./usage";
import type { View } from "./state";
import type { ConversationDetail } from "./types";

/** Messages in a page. */
export const PAGE = 50;

/** Whether there are messages before those of a snapshot or page. */
export const hasOlder = (page: ConversationDetail): boolean =>
  page.messages.length > 0 && page.messages.length < page.messageCount && page.messages.length >= PAGE;

/** Puts a page in front. What the view has already is newer, and stays. */
export function prepend(view: View, page: Pick<ConversationDetail, "messages" | "toolRuns" | "runs">): void {
  view.messages = before(page.messages, view.messages);
  view.toolRuns = before(page.toolRuns, view.toolRuns);
  const known = new Set(view.runs.map((run) => run.id));
  view.earlier = without(view.earlier, page.runs.filter((run) => !known.has(run.id)));
  view.runs = before(page.runs, view.runs);
}

function before<T extends { id: string }>(older: T[], known: T[]): T[] {
  const ids = new Set(known.map((item) => item.id));
  return [...older.filter((item) => !ids.has(item.id)), ...known];
}
