import { useState } from "preact/hooks";
import { decide } from "../api";
import type { Approval } from "../types";
import { visibleJson } from "../words";
import { InputEditor } from "./input-editor";
import type { Lasting } from "./lasting-notice";
import { REASONS } from "./reasons";
import { Settled } from "./settled";
import { useAnswer } from "./use-answer";

/** Reasons that are the owner's to decide, whoever asked. */
const OWNERS: Approval["reason"][] = ["guest_credentials", "first_use", "exfil_guard"];
/** Reasons that are looked at each time, or kept as a grant. */
const ONCE: Approval["reason"][] = ["unknown_outcome", "first_use"];

interface Props {
  approval: Approval;
  isOwner: boolean;
  /** Whether the message that led here is the reader's. */
  isAsker: boolean;
  owner: string;
  /** A standing approval was given. */
  onLasting: (lasting: Lasting) => void;
}

/** A call that waits for approval: what would run, with which input and credentials, and the answers. */
export function ApprovalCard({ approval, isOwner, isAsker, owner, onLasting }: Props) {
  const [denying, setDenying] = useState(false);
  const [reason, setReason] = useState("");
  const { busy, error, answer } = useAnswer();
  const [editing, setEditing] = useState(false);
  // What lasts is said twice.
  const [lasting, setLasting] = useState<Lasting["remember"] | null>(null);
  const owners = approval.ownerOnly === true || OWNERS.includes(approval.reason);
  const mayLast = isOwner && !ONCE.includes(approval.reason);
  const mayDecide = isOwner || (isAsker && !owners);
  const allow = (remember: "once" | Lasting["remember"]) =>
    answer(async () => {
      await decide(approval, { decision: "approve", remember });
      if (remember !== "once") onLasting({ toolId: approval.toolId, remember });
    });
  const deny = (event: Event) => {
    event.preventDefault();
    void answer(() => decide(approval, { decision: "deny", ...(reason.trim() && { reason: reason.trim() }) }));
  };
  return (
    <article class="ask" aria-label={`approval of ${approval.toolName}`}>
      <header class="ask-head">
        <span class="badge warn">approval</span>
        <h2><code>{approval.toolId}</code> <span class="meta">{approval.version}</span></h2>
      </header>
      <p class="note">{REASONS[approval.reason]}</p>
      {approval.because && <p class="note wrap">{approval.because}</p>}
      <pre tabIndex={0} aria-label="input">{visibleJson(approval.input)}</pre>
      {(approval.credentials?.length ?? 0) > 0 && <p class="note">It gets <code>{approval.credentials?.join(", ")}</code></p>}
      {!mayDecide && <p class="note">Waits for {owners || !isAsker ? owner : "an answer"}</p>}
      {mayDecide && editing && (
        <InputEditor id={approval.id} input={approval.input} busy={busy} onBack={() => setEditing(false)}
          onAllow={(input) => void answer(() => decide(approval, { decision: "approve", remember: "once", input }))} />
      )}
      {mayDecide && lasting && (
        <Settled of={lasting}>
          <p class="note">
            Then <code>{approval.toolId}</code> runs {lasting === "always" ? "in all your conversations" : "in this conversation"} without being asked about
          </p>
          <div class="ask-buttons">
            <button type="button" class="outline" disabled={busy} onClick={() => setLasting(null)}>back</button>
            <button type="button" disabled={busy} onClick={() => allow(lasting)}>
              {lasting === "always" ? "yes, always" : "yes, in this conversation"}
            </button>
          </div>
        </Settled>
      )}
      {mayDecide && !denying && !editing && !lasting && (
        <div class="ask-buttons">
          <button type="button" disabled={busy} onClick={() => allow("once")}>allow once</button>
          {mayLast && (
            <>
              <button type="button" class="outline" disabled={busy} onClick={() => setLasting("conversation")}>for this conversation...</button>
              <button type="button" class="outline" disabled={busy} onClick={() => setLasting("always")}>always...</button>
            </>
          )}
          <button type="button" class="outline" disabled={busy} onClick={() => setEditing(true)}>edit input...</button>
          <button type="button" class="outline" disabled={busy} onClick={() => setDenying(true)}>deny...</button>
        </div>
      )}
      {mayDecide && denying && (
        <form class="ask-form" onSubmit={deny}>
          <label for={`why-${approval.id}`}>Why not? The model is told</label>
          <input id={`why-${approval.id}`} type="text" maxLength={250} value={reason} autofocus
            placeholder="no reason" onInput={(event) => setReason(event.currentTarget.value)} />
          <div class="ask-buttons">
            <button type="submit" disabled={busy}>deny</button>
            <button type="button" class="outline" disabled={busy} onClick={() => setDenying(false)}>back</button>
          </div>
        </form>
      )}
      <p class="error-text" role="alert">{error}</p>
    </article>
  );
}
