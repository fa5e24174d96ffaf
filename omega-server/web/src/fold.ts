// The fold: how the page turns events into what it shows. It mirrors omega-core/src/view.rs rule by rule, and
// test/fold-cases.json holds both to it: however the stream is cut and replayed, the view that comes out is the same.
//
// What changes is replaced, never altered in place (except the text that grows), so a component can tell by identity
// whether it has to be drawn again.

import * as progress from "./progress";
import { actionOf, answerOf, awaiting, withoutCall } from "./questions";
import type {
  Conversation,
  ConversationDetail,
  Envelope,
  ExecutionState,
  Feedback,
  Message,
  Participant,
  Part,
  ReasoningPart,
  Run,
  RunPlan,
  RunStatus,
  TextPart,
  ToolRun,
  ToolRunStatus,
  Usage,
} from "./types";

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
  notices: string[];
  /** Everything up to this event is folded in: the cursor to resume from. */
  lastSeq: number;
  /** Tokens of the conversation's runs that are not among these, and those that were taken outside of runs. */
  earlier: Usage;
}

const NOTHING: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costMicros: 0,
  unpricedTokens: 0,
};

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
  notices: [],
  lastSeq: 0,
  earlier: NOTHING,
});

/** What is left of tokens without those of runs. */
export const without = (usage: Usage, runs: Run[]): Usage =>
  runs.reduce((left, run) => combine(left, run.usage, (a, b) => Math.max(0, a - b)), { ...NOTHING, ...usage });

/** Tokens of all runs of the conversation and of what was asked outside of them, and what they cost. */
export const usageOf = (view: View): Usage => view.runs.reduce((all, run) => sum(all, run.usage), view.earlier);

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

/** Folds one event in. */
export function apply(view: View, event: Envelope): Applied {
  switch (event.type) {
    case "snapshot":
    case "resync":
      Object.assign(view, viewOf(event.conversation));
      return "changed";
    case "message.delta":
      return delta(view, event, "text");
    case "reasoning.delta":
      return delta(view, event, "reasoning");
    case "run.step.tool.delta":
      return partial(view, event.toolRunId, event.offset, event.chunk);
  }
  if (event.seq === undefined || event.seq <= view.lastSeq) return "ignored";
  if (event.seq > view.lastSeq + 1) return "gap";
  view.lastSeq = event.seq;
  if (!fold(view, event, event.seq)) return "ignored";
  updateState(view);
  return "changed";
}

/** Applies a committed event; false when it can't be one. */
function fold(view: View, event: Envelope, seq: number): boolean {
  const answer = answerOf(event);
  if (answer) changeRun(view, event.runId, (run) => ({ ...run, answers: [...(run.answers ?? []), answer] }));
  switch (event.type) {
    case "conversation.updated": {
      const { usage } = event;
      if (view.conversation) {
        view.conversation = {
          ...view.conversation,
          title: event.title ?? view.conversation.title,
          model: event.model ?? view.conversation.model,
          ...(event.safeMode !== undefined && { safeMode: event.safeMode }),
          guestCredentials: event.guestCredentials ?? view.conversation.guestCredentials,
          ...(event.visibility !== undefined && { visibility: event.visibility }),
          ...(event.url !== undefined && { url: event.url }),
        };
      }
      if (event.url !== undefined) {
        view.participants = view.participants.filter((known) => known.role === "owner" || known.blocked);
      }
      if (usage && event.runId !== undefined) {
        changeRun(view, event.runId, (run) => ({ ...run, usage: sum(run.usage, usage) }));
      } else if (usage) {
        view.earlier = sum(view.earlier, usage);
      }
      break;
    }
    case "participant.joined": {
      const { userId, role, displayName, gravatarHash } = event;
      const joined = { userId, role, displayName, gravatarHash };
      const at = view.participants.findIndex((known) => known.userId === userId);
      if (at < 0) view.participants.push(joined);
      else view.participants[at] = joined;
      break;
    }
    case "participant.updated":
      view.participants = view.participants.map((known) => {
        if (known.userId !== event.userId) return known;
        const { blocked: _, ...rest } = known;
        return event.blocked ? { ...rest, blocked: true } : rest;
      });
      break;
    case "message.created":
      putMessage(view, event.message);
      break;
    case "message.completed": {
      putMessage(view, event.message);
      const { finishReason } = event.message;
      changeRun(view, event.runId, ({ finishReason: _, ...run }) => ({ ...run, ...(finishReason && { finishReason }) }));
      break;
    }
    case "message.reset":
      view.messages = view.messages.map((message) =>
        message.id === event.messageId ? { ...message, parts: [], content: "" } : message,
      );
      break;
    case "run.queued":
      // A run that goes on after a pause waits in its old place.
      view.runs = view.runs.some((run) => run.id === event.run.id)
        ? view.runs.map((run) => (run.id === event.run.id ? queuedAgain(run, event.run) : run))
        : [...view.runs, event.run];
      break;
    case "run.recovered":
      // It waits to be taken up again.
      changeRun(view, event.runId, (run) => ({ ...run, status: "queued" }));
      break;
    case "run.started":
    case "run.resumed":
      changeRun(view, event.runId, (run) => ({
        ...withoutAction(run),
        status: "running",
        startedAt: run.startedAt ?? event.at,
      }));
      break;
    case "run.requires_action": {
      view.status = null;
      const action = actionOf(event);
      const status: ToolRunStatus = action.kind === "credentials" ? "awaiting_credentials" : "awaiting_approval";
      for (const id of awaiting(action)) changeToolRun(view, id, (toolRun) => ({ ...toolRun, status }));
      changeRun(view, event.runId, (run) => ({ ...run, status: "paused", requiresAction: action }));
      break;
    }
    case "credentials.provided":
      view.toolRuns = view.toolRuns.map((toolRun) =>
        toolRun.runId === event.runId && toolRun.status === "awaiting_credentials"
          ? { ...toolRun, status: "proposed" }
          : toolRun,
      );
      break;
    case "approval.decided": {
      const { approvalId, input } = event;
      changeToolRun(view, event.toolRunId, (toolRun) => ({
        ...toolRun,
        status: "proposed",
        ...(input !== undefined && { input }),
      }));
      changeRun(view, event.runId, (run) => {
        const action = run.requiresAction;
        if (action?.kind !== "approval") return run;
        const approvals = action.approvals.filter((approval) => approval.id !== approvalId);
        return { ...run, requiresAction: { ...action, approvals } };
      });
      break;
    }
    case "plan.selected": {
      const { plan } = event;
      if (plan) changeRun(view, event.runId, (run) => ({ ...run, plan: progress.of(plan) }));
      break;
    }
    case "alternatives.selected": {
      const { toolRunId, toolId } = event;
      changeToolRun(view, toolRunId, (toolRun) =>
        toolRun.status === "awaiting_credentials" ? { ...toolRun, status: "proposed" } : toolRun,
      );
      changeRun(view, event.runId, (run) => {
        const rest = run.requiresAction && withoutCall(run.requiresAction, toolRunId);
        const kept = { ...withoutAction(run), ...(rest && { requiresAction: rest }) };
        return toolId === undefined ? kept : changePlan(kept, (plan) => progress.replace(plan, toolRunId, toolId));
      });
      break;
    }
    case "status":
      view.status = event.message;
      break;
    case "run.step.started":
      view.status = null;
      changeRun(view, event.runId, (run) => ({ ...run, steps: event.stepIndex }));
      beginMessage(view, event.messageId, event.stepIndex, event, seq);
      break;
    case "run.step.completed":
      changeRun(view, event.runId, (run) => ({
        ...run,
        // The sum, where it is told: a run that was read in the middle of the step has the step's tokens already.
        usage: event.runUsage ?? sum(run.usage, event.usage),
      }));
      break;
    case "run.step.tool.proposed":
      if (event.runId !== undefined) {
        view.toolRuns = [
          ...view.toolRuns,
          {
            id: event.toolRunId,
            runId: event.runId,
            messageId: event.messageId,
            toolCallId: event.toolCallId,
            toolId: event.toolId,
            toolName: event.toolName,
            version: event.version,
            status: "proposed",
            input: event.input,
            outputSummary: "",
            outputBytes: 0,
            truncated: false,
            attempts: 0,
            createdAt: event.at,
          },
        ];
      }
      changeRun(view, event.runId, (run) =>
        changePlan({ ...run, toolCalls: run.toolCalls + 1 }, (plan) =>
          progress.propose(plan, event.toolRunId, event.toolId),
        ),
      );
      break;
    case "run.step.tool.started":
      changeToolRun(view, event.toolRunId, (toolRun) => ({
        ...toolRun,
        status: "started",
        attempts: (toolRun.attempts ?? 0) + 1,
        startedAt: event.at,
        version: event.version,
        input: event.input,
      }));
      break;
    case "run.step.tool.completed": {
      const { status, version, output, outputSummary, outputBytes, truncated, durationMs, error } = event;
      dropPartial(view, event.toolRunId);
      changeToolRun(view, event.toolRunId, (toolRun) => {
        const { output: _output, error: _error, ...kept } = toolRun;
        return {
          ...kept,
          ...(output !== undefined && { output }),
          ...(error !== undefined && { error }),
          status,
          version,
          outputSummary,
          outputBytes,
          truncated,
          durationMs,
        };
      });
      settleStep(view, event.runId, event.toolRunId, status);
      break;
    }
    case "run.step.tool.unknown": {
      const { error } = event;
      const known = error ? { error, outputSummary: error.message } : {};
      dropPartial(view, event.toolRunId);
      changeToolRun(view, event.toolRunId, (toolRun) => ({ ...toolRun, status: "unknown", ...known }));
      settleStep(view, event.runId, event.toolRunId, "unknown");
      break;
    }
    case "run.completed": {
      const { usage, toolCalls, steps } = event;
      endRun(view, event, "completed", (run) => ({ ...run, usage, toolCalls, steps }));
      break;
    }
    case "run.failed": {
      const { code, error, retryable } = event;
      endRun(view, event, "failed", (run) => ({ ...run, error: { code, error, retryable } }));
      break;
    }
    case "run.cancelled":
      endRun(view, event, "cancelled", (run) => run);
      break;
    case "feedback.given": {
      const { feedback } = event;
      changeRun(view, event.runId, (run) => withFeedback(run, [...saidByOthers(run, feedback.author.userId), feedback]));
      break;
    }
    case "feedback.removed": {
      const { by } = event;
      changeRun(view, event.runId, (run) => withFeedback(run, saidByOthers(run, by)));
      break;
    }
    case "notice":
      // The answer says itself that it is none, and what was said once is not said again.
      if (event.code !== "OFFLINE_PLANNER_REFUSED" && !view.notices.includes(event.message)) {
        view.notices = [...view.notices, event.message];
      }
      break;
    case "draining":
      return false;
    default:
      // Plans, loaded tools, a requested cancel, and kinds of a later version: counted, of no consequence.
      break;
  }
  return true;
}

const saidByOthers = (run: Run, userId: string): Feedback[] =>
  (run.feedback ?? []).filter((said) => said.author.userId !== userId);

function withFeedback(run: Run, feedback: Feedback[]): Run {
  const { feedback: _feedback, ...rest } = run;
  return feedback.length > 0 ? { ...rest, feedback } : rest;
}

/** The run that works, or else the first that waits. */
export function activeRun(view: View): Run | undefined {
  return (
    view.runs.find((run) => run.status === "running" || run.status === "paused") ??
    view.runs.find((run) => run.status === "queued")
  );
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const size = (text: string) => encoder.encode(text).length;
/** The size of parts that deltas built, so that a long answer is not measured again for each token. */
const sizes = new WeakMap<Part, number>();

function delta(
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

const OPEN: ToolRunStatus[] = ["proposed", "awaiting_credentials", "awaiting_approval", "started"];

function partial(view: View, id: string, number: number, chunk: unknown): Applied {
  const live = view.toolRuns.some((run) => run.id === id && OPEN.includes(run.status));
  if (!live) return "ignored";
  const at = view.partials.findIndex(([known]) => known === id);
  const newest = view.partials[at];
  if (newest && newest[1] >= number) return "ignored";
  view.partials = newest ? view.partials.with(at, [id, number, chunk]) : [...view.partials, [id, number, chunk]];
  return "changed";
}

function dropPartial(view: View, id: string): void {
  view.partials = view.partials.filter(([known]) => known !== id);
}

function putMessage(view: View, message: Message): void {
  const at = view.messages.findIndex((known) => known.id === message.id);
  view.messages = at < 0 ? [...view.messages, message] : view.messages.with(at, message);
}

function beginMessage(view: View, id: string, step: number, event: Envelope, seq: number): void {
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

function combine(one: Usage, other: Usage, how: (a: number, b: number) => number): Usage {
  const all = { ...one };
  for (const key of Object.keys(NOTHING) as (keyof Usage)[]) all[key] = how(one[key] ?? 0, other[key] ?? 0);
  return all;
}

const sum = (one: Usage, other: Usage): Usage => combine(one, other, (a, b) => a + b);

function changeRun(view: View, id: string | undefined, change: (run: Run) => Run): void {
  const at = view.runs.findIndex((run) => run.id === id);
  const run = view.runs[at];
  if (run) view.runs = view.runs.with(at, change(run));
}

function changeToolRun(view: View, id: string, change: (run: ToolRun) => ToolRun): void {
  const at = view.toolRuns.findIndex((run) => run.id === id);
  const toolRun = view.toolRuns[at];
  if (toolRun) view.toolRuns = view.toolRuns.with(at, change(toolRun));
}

function withoutAction(run: Run): Run {
  const { requiresAction: _action, ...kept } = run;
  return kept;
}

/** A run that waits again; the plan and what was answered are not told again. */
function queuedAgain(known: Run, run: Run): Run {
  const plan = run.plan ?? known.plan;
  return { ...run, ...(plan && { plan }), ...(known.answers && { answers: known.answers }), ...(known.feedback && { feedback: known.feedback }) };
}

function changePlan(run: Run, change: (plan: RunPlan) => RunPlan): Run {
  return run.plan ? { ...run, plan: change(run.plan) } : run;
}

function settleStep(view: View, runId: string | undefined, call: string, status: ToolRunStatus): void {
  changeRun(view, runId, (run) => changePlan(run, (plan) => progress.settle(plan, call, status)));
}

function endRun(view: View, event: Envelope, status: RunStatus, change: (run: Run) => Run): void {
  view.status = null;
  const runId = event.runId ?? null;
  view.messages = view.messages.map((message) =>
    message.runId === runId && message.status === "streaming" ? { ...message, status: "discarded" } : message,
  );
  changeRun(view, event.runId, (run) =>
    changePlan({ ...withoutAction(change(run)), status, finishedAt: event.at }, progress.end),
  );
}

function updateState(view: View): void {
  const run = activeRun(view);
  const executionState: ExecutionState = !run ? "idle" : run.status === "paused" ? "paused" : "running";
  if (view.conversation && view.conversation.executionState !== executionState) {
    view.conversation = { ...view.conversation, executionState };
  }
}
