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
  const { id, title, model, safeMode, executionState, url, createdAt, updatedAt } = detail;
  return {
    ...emptyView(),
    conversation: {
      id,
      title,
      model,
      ...(safeMode !== undefined && { safeMode }),
      // What holds where a server of before did not say it.
      guestCredentials: detail.guestCredentials ?? "approve",
      visibility: detail.visibility ?? "link",
      executionState,
      url,
      createdAt,
      updatedAt,
    },
    participants: detail.participants,
    messages: detail.messages,
    toolRuns: detail.toolRuns,
    runs: detail.runs,
    lastSeq: detail.lastSeq,
    earlier: without(detail.usage, detail.runs),
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
