import { decide } from "../api";
import { mayDecide, type Standing } from "../asks";
import type { Approval, RunPlan } from "../types";
import { ApprovalCard } from "./approval-card";
import type { Lasting } from "./lasting-notice";
import { useAnswer } from "./use-answer";

interface Props {
  approvals: Approval[];
  /** The plan that the run follows. */
  plan: RunPlan | undefined;
  who: Standing;
  onLasting: (lasting: Lasting) => void;
}

/** The calls that wait for approval, one by one, and all of them in one answer. */
export function Approvals({ approvals, plan, who, onLasting }: Props) {
  const { busy, error, answer } = useAnswer();
  const open = approvals.filter((approval) => mayDecide(approval, who));
  const allowAll = () =>
    answer(async () => {
      for (const approval of open) await decide(approval, { decision: "approve", remember: "once" });
    });
  return (
    <section class="asks" aria-label="calls that wait for approval">
      {open.length > 1 && (
        <div class="ask-all">
          <button type="button" class="outline" disabled={busy} onClick={allowAll}>allow all {open.length} once</button>
          <p class="error-text" role="alert">{error}</p>
        </div>
      )}
      {approvals.map((approval) => <ApprovalCard key={approval.id} approval={approval} plan={plan} who={who} onLasting={onLasting} />)}
    </section>
  );
}
