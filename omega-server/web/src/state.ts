// What the page knows of a conversation: a snapshot, and what its events made of it since (`fold.ts`).

import type { Conversation, ConversationDetail, Message, Participant, Run, ToolRun, Usage } from "./types";
import { NOTHING, sum, without } from "./usage";

export interface View {
  conversation: Conversation | null;
  participants: Participant[];
  messages: Message[];
  toolRuns: ToolRun[];
  runs: Run[];
  /** The newest partial output of tool runs that still work, with its number. */
  partials: [toolRunId: string, number: number, chunk: unknown][];
  /** What goes on right now, in words. */
  status: string | null;
  /** When the model is asked again that did not answer. */
  againAt: string | null;
  notices: string[];
  /** Everything up to this event is folded in: the cursor to resume from. */
  lastSeq: number;
  /** Tokens of the conversation's runs that are not among these, and those that were taken outside of runs. */
  earlier: Usage;
}

/** What applying an event did; after a `gap` the stream is to be taken up again at `lastSeq`. */
export type Applied = "changed" | "ignored" | "gap";

export const emptyView = (): View => ({
  conversation: null,
  participants: [],
  messages: [],
  toolRuns: [],
  runs: [],
  partials: [],
  status: null,
  againAt: null,
  notices: [],
  lastSeq: 0,
  earlier: NOTHING,
});

/** The view of a snapshot. */
export function viewOf(detail: ConversationDetail): View {
  // All else is the conversation itself.
  const { isOwner: _, messageCount: __, toolRunCount: ___, participants, messages, toolRuns, runs, lastSeq, usage, ...conversation } = detail;
  return {
    ...emptyView(),
    // Two of these hold where a server of before did not say it.
    conversation: { ...conversation, guestCredentials: conversation.guestCredentials ?? "approve", visibility: conversation.visibility ?? "link" },
    participants,
    messages,
    toolRuns,
    runs,
    lastSeq,
    earlier: without(usage, runs),
  };
}

/** Tokens of all runs of the conversation and of what was asked outside of them, and what they cost. */
export const usageOf = (view: View): Usage => view.runs.reduce((all, run) => sum(all, run.usage), view.earlier);

/** The run that works, or else the first that waits. */
export function activeRun(view: View): Run | undefined {
  return (
    view.runs.find((run) => run.status === "running" || run.status === "paused") ??
    view.runs.find((run) => run.status === "queued")
  );
}
