import { useState } from "preact/hooks";
import { decide } from "../api";
import { isOwnersAlone, mayDecide, type Standing } from "../asks";
import { takeFocus } from "../focus";
import type { Approval, RunPlan } from "../types";
import { visibleJson } from "../words";
import { readableText, visibleText } from "../visible";
import { InputEditor } from "./input-editor";
import type { Lasting } from "./lasting-notice";
import { REASONS } from "./reasons";
import { Settled } from "./settled";
import { PackageAbout } from "./package-about";
import { ToolFacts } from "./tool-about";
import { useAnswer } from "./use-answer";

/** Reasons that are looked at each time, or kept as a grant. */
const ONCE: Approval["reason"][] = ["unknown_outcome", "first_use", "add_package"];

/** What is open in the card: the answers, or one that takes a second step. */
type Step = "answers" | "edit" | "deny" | "plan" | Lasting["remember"];

interface Props {
  approval: Approval;
  plan: RunPlan | undefined;
  who: Standing;
  /** A standing approval was given. */
  onLasting: (lasting: Lasting) => void;
}

/** A call that waits for approval: what would run, with which input and credentials, and the answers. */
export function ApprovalCard({ approval, plan, who, onLasting }: Props) {
  const [step, setStep] = useState<Step>("answers");
  /** The step that was gone back from: its button has the keyboard again. */
  const [left, setLeft] = useState<Step | null>(null);
  const { busy, error, answer } = useAnswer();
  const owners = isOwnersAlone(approval);
  const may = mayDecide(approval, who);
  const planned = toolsOf(plan);
  const isPlanned = who.isOwner && approval.reason === "safe_mode" && !approval.own && planned.includes(approval.toolId) && planned.length > 1;
  const back = () => {
    setLeft(step);
    setStep("answers");
  };
  const opens = (next: Step, words: string) => (
    <button key={next} type="button" class="outline" disabled={busy} ref={left === next ? takeFocus : null} onClick={() => setStep(next)}>{words}</button>
  );
  const allow = (remember: "once" | "plan" | Lasting["remember"]) =>
    answer(async () => {
      await decide(approval, { decision: "approve", remember });
      if (remember === "conversation" || remember === "always") onLasting({ toolId: approval.toolId, remember });
    });
  return (
    <article class="ask" aria-label={`approval of ${approval.toolName}`}>
      <header class="ask-head">
        <span class="badge warn">approval</span>
        <h2><code>{visibleText(approval.package?.name ?? approval.toolId)}</code> <span class="meta">{visibleText(approval.version)}</span></h2>
      </header>
      <p class="note">{REASONS[approval.reason]}</p>
      {approval.because && <p class="note wrap">{readableText(approval.because)}</p>}
      {approval.package ? <PackageAbout facts={approval.package} /> : <ToolFacts toolId={approval.toolId} />}
      <h3 class="label">{approval.package ? "what the agent wrote" : "what it gets"}</h3>
      <pre tabIndex={0} aria-label="input">{visibleJson(approval.input)}</pre>
      <dl class="facts">
        <dt>credentials</dt>
        <dd>{approval.credentials?.length ? <code>{approval.credentials.map(visibleText).join(", ")}</code> : who.isOwner ? "none" : "the owner's alone to know"}</dd>
        <dt>code</dt>
        <dd class="wrap">{visibleText(approval.package?.name ?? approval.toolId)}@{visibleText(approval.version)}{approval.own && !approval.package && ", added by the owner"}{approval.integrity ? <> · <span title={approval.integrity}>contents {approval.integrity.slice(0, 22)}…</span></> : " · the hash of its contents is not known"}</dd>
      </dl>
      {!may && <p class="note">Waits for {owners || !who.isAsker ? who.owner : "an answer"}</p>}
      {may && step === "answers" && (
        <div class="ask-buttons">
          <button type="button" disabled={busy} onClick={() => allow("once")}>{approval.package ? "add it" : "allow once"}</button>
          {opens("deny", "deny...")}
          {!approval.package && opens("edit", "edit input...")}
          {isPlanned && opens("plan", "the plan's tools...")}
          {who.isOwner && !ONCE.includes(approval.reason) && [opens("conversation", "for this conversation..."), opens("always", "always...")]}
        </div>
      )}
      {may && step === "edit" && (
        <InputEditor id={approval.id} input={approval.input} busy={busy} asked="The input instead" label="allow with this input" onBack={back}
          onDone={(input) => void answer(() => decide(approval, { decision: "approve", remember: "once", input }))} />
      )}
      {may && step === "deny" && (
        <Denial id={approval.id} busy={busy} onBack={back}
          onDeny={(reason) => void answer(() => decide(approval, { decision: "deny", ...(reason && { reason }) }))} />
      )}
      {may && (step === "conversation" || step === "always") && (
        <Settled of={step}>
          <p class="note">
            Then <code>{approval.toolId}</code> runs {step === "always" ? "in all your conversations" : "in this conversation"} without being asked about
          </p>
          <div class="ask-buttons">
            <button type="button" class="outline" disabled={busy} ref={takeFocus} onClick={back}>back</button>
            <button type="button" disabled={busy} onClick={() => allow(step)}>
              {step === "always" ? "yes, always" : "yes, in this conversation"}
            </button>
          </div>
        </Settled>
      )}
      {may && step === "plan" && (
        <Settled of="plan">
          <p class="note">Then these run without being asked about until this run ends, unless they would delete something or get a credential for the first time</p>
          <ul class="ask-tools">{planned.map((tool) => <li key={tool}><code>{visibleText(tool)}</code></li>)}</ul>
          <div class="ask-buttons">
            <button type="button" class="outline" disabled={busy} ref={takeFocus} onClick={back}>back</button>
            <button type="button" disabled={busy} onClick={() => allow("plan")}>yes, the plan's tools</button>
          </div>
        </Settled>
      )}
      <p class="error-text" role="alert">{error}</p>
    </article>
  );
}

/** The registry's tools of a plan, each once. */
const toolsOf = (plan: RunPlan | undefined): string[] => [...new Set(plan?.steps.flatMap((step) => step.replacedBy ?? step.toolId ?? []) ?? [])];

function Denial({ id, busy, onDeny, onBack }: { id: string; busy: boolean; onDeny: (reason: string) => void; onBack: () => void }) {
  const [reason, setReason] = useState("");
  const deny = (event: Event) => {
    event.preventDefault();
    onDeny(reason.trim());
  };
  return (
    <form class="ask-form" onSubmit={deny}>
      <label for={`why-${id}`}>Why not? The model is told</label>
      <input id={`why-${id}`} type="text" maxLength={250} value={reason} ref={takeFocus}
        placeholder="no reason" onInput={(event) => setReason(event.currentTarget.value)} />
      <div class="ask-buttons">
        <button type="submit" disabled={busy}>deny</button>
        <button type="button" class="outline" disabled={busy} onClick={onBack}>back</button>
      </div>
    </form>
  );
}
