import type { Run } from "../types";
import { PlanProgress } from "./plan-progress";

/** The plan that a run followed, which stays in the transcript: its steps, and what came of each. */
export function RunRecord({ run }: { run: Run }) {
  const isOver = run.status === "completed" || run.status === "failed" || run.status === "cancelled";
  return run.plan && isOver ? <PlanProgress plan={run.plan} isOver /> : null;
}
