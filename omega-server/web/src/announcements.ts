// What is worth saying aloud: a whole message, once, and how a run ended; never single tokens.

import type { View } from "./state";
import { oneLine } from "./words";

export interface Announcement {
  key: string;
  text: string;
}

const LONGEST = 1000;

export function announcements(view: View): Announcement[] {
  const list: Announcement[] = [];
  for (const { id, role, status, content } of view.messages) {
    if (role === "assistant" && status === "complete" && content) list.push({ key: id, text: `Omega: ${oneLine(content, LONGEST)}` });
  }
  for (const run of view.runs) {
    if (run.status === "failed") list.push({ key: run.id, text: `The run failed. ${run.error?.error ?? ""}`.trim() });
    if (run.status === "cancelled") list.push({ key: run.id, text: "The run was cancelled" });
  }
  return list;
}
