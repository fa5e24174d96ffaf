// The calls of a conversation by run and in time.

import type { View } from "./state";
import type { Run, ToolRun, ToolRunStatus } from "./types";

/** Which calls are looked for. */
export type Kind = "all" | "open" | "failed";

const OF_KIND: Record<Exclude<Kind, "all">, ToolRunStatus[]> = {
  open: ["proposed", "awaiting_credentials", "awaiting_approval", "started"],
  failed: ["failed", "timed_out", "denied", "unknown"],
};

export interface Group {
  run: Run;
  question: string;
  calls: ToolRun[];
}

/** The runs that called something, newest first, with their calls in the order in which they were asked for. */
export function group(view: View, kind: Kind): Group[] {
  const wanted = view.toolRuns.filter((call) => kind === "all" || OF_KIND[kind].includes(call.status));
  return view.runs
    .map((run) => ({
      run,
      question: view.messages.find((message) => message.id === run.messageId)?.content ?? "",
      calls: wanted.filter((call) => call.runId === run.id),
    }))
    .filter(({ calls }) => calls.length > 0)
    .reverse();
}

/** Which attempt a call is: the model called the same tool before in this run, and that came to nothing. */
export function attempt(call: ToolRun, calls: ToolRun[]): number {
  let number = 1;
  for (const other of calls) {
    if (other.id === call.id) return number;
    if (other.toolId !== call.toolId) continue;
    number = OF_KIND.failed.includes(other.status) ? number + 1 : 1;
  }
  return number;
}

/** Where a call lies in the time of its run, in percent; what is too short to be seen has one. */
export function bar(call: ToolRun, run: Run, now: number): { left: number; width: number } {
  const from = Date.parse(run.startedAt ?? run.createdAt);
  const to = Math.max(run.finishedAt ? Date.parse(run.finishedAt) : now, from + 1);
  const percent = (ms: number) => Math.min(100, Math.max(0, (100 * ms) / (to - from)));
  const began = Date.parse(call.startedAt ?? call.createdAt);
  const left = Math.min(99, percent(began - from));
  const took = call.durationMs ?? (OF_KIND.open.includes(call.status) ? now - began : 0);
  return { left, width: Math.min(100 - left, Math.max(1, percent(took))) };
}
