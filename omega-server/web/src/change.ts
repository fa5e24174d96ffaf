// Changes of parts of the view. What changes is replaced, never altered in place, so a component can tell by identity
// whether it has to be drawn again.

import * as progress from "./progress";
import type { View } from "./state";
import type { Envelope, Feedback, Message, Run, RunPlan, RunStatus, ToolRun, ToolRunStatus } from "./types";

export function putMessage(view: View, message: Message): void {
  const at = view.messages.findIndex((known) => known.id === message.id);
  view.messages = at < 0 ? [...view.messages, message] : view.messages.with(at, message);
}

export function beginMessage(view: View, id: string, step: number, event: Envelope, seq: number): void {
  if (view.messages.some((message) => message.id === id)) return;
  putMessage(view, {
    id,
    seq,
    runId: event.runId ?? null,
    step,
    role: "assistant",
    status: "streaming",
    content: "",
    parts: [],
    createdAt: event.at,
  });
}

export function changeRun(view: View, id: string | undefined, change: (run: Run) => Run): void {
  const at = view.runs.findIndex((run) => run.id === id);
  const run = view.runs[at];
  if (run) view.runs = view.runs.with(at, change(run));
}

export function changeToolRun(view: View, id: string, change: (run: ToolRun) => ToolRun): void {
  const at = view.toolRuns.findIndex((run) => run.id === id);
  const toolRun = view.toolRuns[at];
  if (toolRun) view.toolRuns = view.toolRuns.with(at, change(toolRun));
}

export function withoutAction(run: Run): Run {
  const { requiresAction: _action, ...kept } = run;
  return kept;
}

/** A run that waits again; the plan and what was answered are not told again. */
export function queuedAgain(known: Run, run: Run): Run {
  const plan = run.plan ?? known.plan;
  return { ...run, ...(plan && { plan }), ...(known.answers && { answers: known.answers }), ...(known.feedback && { feedback: known.feedback }) };
}

export function changePlan(run: Run, change: (plan: RunPlan) => RunPlan): Run {
  return run.plan ? { ...run, plan: change(run.plan) } : run;
}

export function settleStep(view: View, runId: string | undefined, call: string, status: ToolRunStatus): void {
  changeRun(view, runId, (run) => changePlan(run, (plan) => progress.settle(plan, call, status)));
}

/** What goes on from now on. */
export function say(view: View, status: string | null, againAt?: string): void {
  view.status = status;
  view.againAt = againAt ?? null;
}

export function endRun(view: View, event: Envelope, status: RunStatus, change: (run: Run) => Run): void {
  say(view, null);
  const runId = event.runId ?? null;
  view.messages = view.messages.map((message) =>
    message.runId === runId && message.status === "streaming" ? { ...message, status: "discarded" } : message,
  );
  changeRun(view, event.runId, (run) =>
    changePlan({ ...withoutAction(change(run)), status, finishedAt: event.at }, progress.end),
  );
}

/** What was said of an answer by anybody else. */
export const saidByOthers = (run: Run, userId: string): Feedback[] =>
  (run.feedback ?? []).filter((said) => said.author.userId !== userId);

export function withFeedback(run: Run, feedback: Feedback[]): Run {
  const { feedback: _feedback, ...rest } = run;
  return feedback.length > 0 ? { ...rest, feedback } : rest;
}
