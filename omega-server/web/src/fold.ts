// The fold: how the page turns events into what it shows. It mirrors omega-core/src/view.rs rule by rule, and
// test/fold-cases.json holds both to it: however the stream is cut and replayed, the view that comes out is the same.

import { beginMessage, changePlan, changeRun, changeToolRun, endRun, putMessage, queuedAgain, saidByOthers, say, settleStep, withFeedback, withoutAction } from "./change";
import { delta, dropPartial, partial } from "./growth";
import * as progress from "./progress";
import { actionOf, answerOf, awaiting, withoutCall } from "./questions";
import { activeRun, viewOf, type Applied, type View } from "./state";
import type { Envelope, ExecutionState, ToolRunStatus } from "./types";
import { sum } from "./usage";

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
    case "status":
      // What a snapshot does not say: what is waited for right now.
      if (event.seq === undefined) {
        say(view, event.message, event.againAt);
        return "changed";
      }
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
      say(view, null);
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
      say(view, event.message, event.againAt);
      break;
    case "run.step.started":
      say(view, null);
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

function updateState(view: View): void {
  const run = activeRun(view);
  const executionState: ExecutionState = !run ? "idle" : run.status === "paused" ? "paused" : "running";
  if (view.conversation && view.conversation.executionState !== executionState) {
    view.conversation = { ...view.conversation, executionState };
  }
}
