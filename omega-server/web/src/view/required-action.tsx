import type { View } from "../fold";
import type { RequiredAction as Action, Run, Whoami } from "../types";
import { AlternativesTable } from "./alternatives-table";
import { ApprovalCard } from "./approval-card";
import { CredentialsForm } from "./credentials-form";
import type { Lasting } from "./lasting-notice";
import { PlanChoice } from "./plan-choice";
import { Settled } from "./settled";

interface Props {
  run: Run;
  view: View;
  me: Whoami;
  /** The conversation. */
  id: string;
  /** A standing approval was given. */
  onLasting: (lasting: Lasting) => void;
}

/** What is asked, by the ids of its parts. */
function subject(action: Action): string {
  switch (action.kind) {
    case "credentials":
      return action.requests.map((request) => request.id).join();
    case "approval":
      return action.approvals.map((approval) => approval.id).join();
    case "plan":
      return action.planSetId;
    case "alternatives":
      return action.choices.map((choice) => choice.toolRunId).join();
  }
}

/** What a paused run waits for, and the answers to it, once it was there for a moment. */
export function RequiredAction(props: Props) {
  const action = props.run.requiresAction;
  if (props.run.status !== "paused" || !action) return null;
  return <Settled of={`${action.kind} ${subject(action)}`}><Asked {...props} action={action} /></Settled>;
}

/** Who may not answer sees who is asked. */
function Asked({ run, view, me, id, action, onLasting }: Props & { action: Action }) {
  const owner = view.participants.find((person) => person.role === "owner");
  const isOwner = owner?.userId === me.userId;
  const ownerName = owner?.displayName ?? "the owner of this conversation";
  const isAsker = view.messages.find((message) => message.id === run.messageId)?.author?.userId === me.userId;
  if (!isOwner && !isAsker && (action.kind === "plan" || action.kind === "alternatives")) {
    return <section class="asks" aria-label="a choice"><p class="ask note">Waits until {ownerName}, or who asked, has chosen</p></section>;
  }
  switch (action.kind) {
    case "credentials":
      return <CredentialsForm key={subject(action)} id={id} action={action} isOwner={isOwner} owner={ownerName} />;
    case "approval":
      return (
        <section class="asks" aria-label="calls that wait for approval">
          {action.approvals.map((approval) => (
            <ApprovalCard key={approval.id} approval={approval} isOwner={isOwner} isAsker={isAsker} owner={ownerName} onLasting={onLasting} />
          ))}
        </section>
      );
    case "plan":
      return <PlanChoice key={action.planSetId} id={id} plans={action.plans} />;
    case "alternatives":
      return <AlternativesTable key={subject(action)} id={id} choices={action.choices} />;
  }
}
