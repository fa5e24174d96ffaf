import { useState } from "preact/hooks";
import { selectPlan } from "../api";
import { takeFocus } from "../focus";
import type { Plan } from "../types";
import { visibleText } from "../visible";
import { useAnswer } from "./use-answer";

/** Plans side by side: steps, confidence, reasoning; one is chosen, or other ones are asked for. */
export function PlanChoice({ id, plans }: { id: string; plans: Plan[] }) {
  const [other, setOther] = useState(false);
  const [left, setLeft] = useState(false);
  const [note, setNote] = useState("");
  const { busy, error, answer } = useAnswer();
  const first = plans[0];
  const another = (event: Event) => {
    event.preventDefault();
    if (first) void answer(() => selectPlan(id, first.id, { another: true, ...(note.trim() && { note: note.trim() }) }));
  };
  return (
    <section class="asks" aria-label="plans to choose from">
      {plans.map((plan, at) => (
        <article key={plan.id} class="ask" aria-label={`plan ${at + 1}`}>
          <header class="ask-head">
            <span class="badge warn">plan {at + 1}</span>
            <span class="meta">confidence {Math.round(plan.confidence * 100)} %</span>
          </header>
          <p class="quiet">{visibleText(plan.reasoning)}</p>
          <ol class="ask-steps">
            {plan.steps.map((step) => (
              <li key={step.stepNumber}>
                <code>{visibleText(step.toolName)}</code> {visibleText(step.purpose)}
                {step.expectedOutput && <span class="meta"> → {visibleText(step.expectedOutput)}</span>}
                {(step.missingEnv?.length ?? 0) > 0 && <span class="badge warn">needs {step.missingEnv?.join(", ")}</span>}
              </li>
            ))}
          </ol>
          {(plan.missingVars?.length ?? 0) > 0 && (
            <p class="note">Asked for before step 1: <code>{plan.missingVars?.map((it) => it.name).join(", ")}</code></p>
          )}
          {(plan.pins?.length ?? 0) > 0 && <p class="note">Pinned: <code>{plan.pins?.join(", ")}</code></p>}
          <div class="ask-buttons">
            <button type="button" class={at === 0 ? undefined : "outline"} disabled={busy}
              onClick={() => answer(() => selectPlan(id, plan.id, {}))}>run this plan</button>
          </div>
        </article>
      ))}
      {!other && <p><button type="button" class="ghost small" disabled={busy} ref={left ? takeFocus : null} onClick={() => setOther(true)}>propose another</button></p>}
      {other && (
        <form class="ask ask-form" onSubmit={another}>
          <label for="plan-note">What should be different?</label>
          <input id="plan-note" type="text" maxLength={2000} value={note} ref={takeFocus} placeholder="anything else"
            onInput={(event) => setNote(event.currentTarget.value)} />
          <div class="ask-buttons">
            <button type="submit" disabled={busy}>propose another</button>
            <button type="button" class="outline" disabled={busy} onClick={() => { setLeft(true); setOther(false); }}>back</button>
          </div>
        </form>
      )}
      <p class="error-text" role="alert">{error}</p>
    </section>
  );
}
