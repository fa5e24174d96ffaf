// Questions of paused runs: what one asks, in words, and who may answer it.

import type { View } from "./state";
import type { Approval, RequiredAction, Run, Whoami } from "./types";
import { visibleText } from "./visible";

/** Reasons that are the owner's to decide, whoever asked. */
const OWNERS: Approval["reason"][] = ["guest_credentials", "first_use", "exfil_guard"];

export const isOwnersAlone = (approval: Approval): boolean => approval.ownerOnly === true || OWNERS.includes(approval.reason);

/** What a reader is to a run. */
export interface Standing {
  isOwner: boolean;
  /** Whether the message that led here is the reader's. */
  isAsker: boolean;
  /** The owner's name. */
  owner: string;
}

export function standing(run: Run, view: View, me: Whoami): Standing {
  const owner = view.participants.find((person) => person.role === "owner");
  return {
    isOwner: owner?.userId === me.userId,
    isAsker: view.messages.find((message) => message.id === run.messageId)?.author?.userId === me.userId,
    owner: owner ? visibleText(owner.displayName) : "the owner of this conversation",
  };
}

export const mayDecide = (approval: Approval, { isOwner, isAsker }: Standing): boolean =>
  isOwner || (isAsker && !isOwnersAlone(approval));

/** Whether the reader is one of those whom the run waits for. */
export function mayAnswer(action: RequiredAction, who: Standing): boolean {
  switch (action.kind) {
    case "credentials":
      return who.isOwner;
    case "approval":
      return action.approvals.some((approval) => mayDecide(approval, who));
    case "plan":
    case "alternatives":
      return who.isOwner || who.isAsker;
  }
}

/** What is asked, by the ids of its parts. */
export function subject(action: RequiredAction): string {
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

/** What is asked, in a sentence. */
export function question(action: RequiredAction): string {
  switch (action.kind) {
    case "credentials":
      return `${action.missingVars.map((missing) => missing.name).join(", ")} is missing`;
    case "approval": {
      const [first, ...others] = action.approvals;
      const more = others.length > 0 ? ` and ${others.length} more` : "";
      return first ? `May ${visibleText(first.toolName)}${more} run` : "An answer is on its way";
    }
    case "plan":
      return action.plans.length === 1 ? "A plan is proposed" : `${action.plans.length} plans are proposed`;
    case "alternatives":
      return `${action.choices.map((choice) => visibleText(choice.toolName)).join(", ")} did not work. Another tool is to be chosen`;
  }
}
