import { Check, Circle, LoaderCircle, Minus, X, type IconNode } from "lucide";
import type { RunPlan, StepStatus } from "../types";
import { visibleText } from "../visible";
import { Icon } from "./icon";

const MARKS: Record<StepStatus, IconNode> = { pending: Circle, running: LoaderCircle, done: Check, failed: X, skipped: Minus };

/** The plan that a run follows, and how far it is. */
export function PlanProgress({ plan, isOver = false }: { plan: RunPlan; isOver?: boolean }) {
  const done = plan.steps.filter((step) => step.status === "done").length;
  return (
    <details class={isOver ? "plan-record" : "plan-progress"} open={!isOver}>
      <summary>plan · {done} of {plan.steps.length} steps done</summary>
      <ol>
        {plan.steps.map((step) => (
          <li key={step.stepNumber} class={step.status} aria-current={step.status === "running" ? "step" : undefined}>
            <span class="plan-mark"><Icon of={MARKS[step.status]} size={14} /></span>
            <span class="visually-hidden">{step.status}: </span>
            <code>{visibleText(step.replacedBy ?? step.toolName)}</code> {step.replacedBy && <span class="meta">instead of {step.toolName} </span>}{visibleText(step.purpose)}
            {(step.missingEnv?.length ?? 0) > 0 && step.status === "pending" && (
              <span class="badge warn">needs {step.missingEnv?.join(", ")}</span>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}
