// How far a run came with its plan: the twin of omega-core/src/progress.rs, where the rule stands in words.

import type { Plan, RunPlan, StepProgress, StepStatus, ToolRunStatus } from "./types";

const OPEN: ToolRunStatus[] = ["proposed", "awaiting_credentials", "awaiting_approval", "started"];

/** A plan of which nothing was done yet. */
export function of(plan: Plan): RunPlan {
  return { planId: plan.id, steps: plan.steps.map((step) => ({ ...step, status: "pending" })) };
}

/** The model asks for a call. */
export function propose(plan: RunPlan, call: string, tool: string): RunPlan {
  const ofTool = (step: StepProgress) => toolOf(step) === tool;
  let at = plan.steps.findIndex((step) => ofTool(step) && isOpen(step));
  if (at < 0) at = plan.steps.findLastIndex(ofTool);
  if (at < 0 && tool.includes("::")) {
    at = plan.steps.findIndex((step) => toolOf(step) === "registryExecuteTool" && isOpen(step));
  }
  return change(plan, at, (step) => ({ ...step, calls: [...(step.calls ?? []), { toolRunId: call, status: "running" }] }));
}

/** A call has come to something. */
export function settle(plan: RunPlan, call: string, status: ToolRunStatus): RunPlan {
  if (OPEN.includes(status)) return plan;
  const outcome: StepStatus = status === "succeeded" ? "done" : "failed";
  return change(plan, stepOf(plan, call), (step) => ({
    ...step,
    calls: (step.calls ?? []).map((known) => (known.toolRunId === call ? { ...known, status: outcome } : known)),
  }));
}

/** A person chose another tool for a call: its step waits for that one. */
export function replace(plan: RunPlan, call: string, tool: string): RunPlan {
  const at = stepOf(plan, call);
  const step = plan.steps[at];
  return step ? { ...plan, steps: plan.steps.with(at, { ...step, replacedBy: tool }) } : plan;
}

/** The run has ended. */
export function end(plan: RunPlan): RunPlan {
  return { ...plan, steps: plan.steps.map((step) => (step.status === "pending" ? { ...step, status: "skipped" } : step)) };
}

const toolOf = (step: StepProgress) => step.replacedBy ?? step.toolId ?? step.toolName;

const isOpen = (step: StepProgress) => step.status === "pending" || step.status === "failed";

const stepOf = (plan: RunPlan, call: string) =>
  plan.steps.findIndex((step) => step.calls?.some((known) => known.toolRunId === call));

/** Changes the calls of a step, and what follows from them. */
function change(plan: RunPlan, at: number, to: (step: StepProgress) => StepProgress): RunPlan {
  const known = plan.steps[at];
  if (!known) return plan;
  const step = to(known);
  const has = (status: StepStatus) => step.calls?.some((call) => call.status === status);
  const status: StepStatus = has("running") ? "running" : has("done") ? "done" : "failed";
  return { ...plan, steps: plan.steps.with(at, { ...step, status }) };
}
