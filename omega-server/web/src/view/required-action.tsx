import type { View } from "../fold";
import type { Run, Whoami } from "../types";
import { AlternativesTable } from "./alternatives-table";
import { ApprovalCard } from "./approval-card";
import { CredentialsForm } from "./credentials-form";
import { PlanChoice } from "./plan-choice";

interface Props {
  run: Run;
  view: View;
  me: Whoami;
  /** The conversation. */
  id: string;
}

/** What a paused run waits for, and the answers to it. Who may not answer sees who is asked. */
export function RequiredAction({ run, view, me, id }: Props) {
  const action = run.requiresAction;
  if (run.status !== "paused" || !action) return null;
  const owner = view.participants.find((person) => person.role === "owner");
  const isOwner = owner?.userId === me.userId;
  const ownerName = owner?.displayName ?? "the owner of this conversation";
  const isAsker = view.messages.find((message) => message.id === run.messageId)?.author?.userId === me.userId;
  if (!isOwner && !isAsker && (action.kind === "plan" || action.kind === "alternatives")) {
    return <section class="asks" aria-label="a choice"><p class="ask note">Waits until {ownerName}, or who asked, has chosen</p></section>;
  }
  switch (action.kind) {
    case "credentials":
      return <CredentialsForm key={action.requests.map((request) => request.id).join()} id={id} action={action} isOwner={isOwner} owner={ownerName} />;
    case "approval":
      return (
        <section class="asks" aria-label="calls that wait for a yes">
          {action.approvals.map((approval) => (
            <ApprovalCard key={approval.id} approval={approval} isOwner={isOwner} isAsker={isAsker} owner={ownerName} />
          ))}
        </section>
      );
    case "plan":
      return <PlanChoice key={action.planSetId} id={id} plans={action.plans} />;
    case "alternatives":
      return <AlternativesTable key={action.choices.map((choice) => choice.toolRunId).join()} id={id} choices={action.choices} />;
  }
}
