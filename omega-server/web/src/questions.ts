// What events ask people, and what people answered by them: the parts of the fold that know questions.

import type { Answer, Envelope, MissingVar, RequiredAction } from "./types";

/** The question of an event, without the envelope around it. */
export function actionOf(event: RequiredAction): RequiredAction {
  switch (event.kind) {
    case "credentials": {
      const { kind, missingVars, requests, hint, alternatives, expiresAt } = event;
      return { kind, missingVars, requests, hint, ...(alternatives && { alternatives }), expiresAt };
    }
    case "approval": {
      const { kind, approvals, expiresAt } = event;
      return { kind, approvals, expiresAt };
    }
    case "plan": {
      const { kind, planSetId, plans, expiresAt } = event;
      return { kind, planSetId, plans, expiresAt };
    }
    case "alternatives": {
      const { kind, choices, expiresAt } = event;
      return { kind, choices, expiresAt };
    }
  }
}

/** The tool runs that wait for it. */
export function awaiting(action: RequiredAction): string[] {
  switch (action.kind) {
    case "credentials":
      return action.requests.flatMap((request) => request.toolRunId ?? []);
    case "approval":
      return action.approvals.map((approval) => approval.toolRunId);
    case "plan":
    case "alternatives":
      return [];
  }
}

/** What is left of the question when a person has chosen another tool for a call, or none. */
export function withoutCall(action: RequiredAction, call: string): RequiredAction | undefined {
  switch (action.kind) {
    case "credentials": {
      const requests = action.requests.filter((request) => request.toolRunId !== call);
      if (requests.length === 0) return undefined;
      const missing = new Map<string, MissingVar>();
      for (const item of requests.flatMap((request) => request.missingKeys)) {
        if (!missing.has(item.name)) missing.set(item.name, item);
      }
      const { alternatives: offered, ...kept } = action;
      const alternatives = offered?.filter((choice) => choice.toolRunId !== call) ?? [];
      return {
        ...kept,
        requests,
        missingVars: [...missing.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
        ...(alternatives.length > 0 && { alternatives }),
      };
    }
    case "alternatives": {
      const choices = action.choices.filter((choice) => choice.toolRunId !== call);
      return choices.length > 0 ? { ...action, choices } : undefined;
    }
    default:
      return action;
  }
}

/** What a person answered by an event (`Envelope::answer` in omega-core/src/event/answer.rs). */
export function answerOf(event: Envelope): Answer | null {
  const { at } = event;
  switch (event.type) {
    case "plan.selected":
      return { kind: "plan", at, by: event.by, ...(event.planId !== undefined && { planId: event.planId }) };
    case "approval.decided": {
      const { by, toolRunId, decision, remember, reason, input } = event;
      return { kind: "approval", at, by, toolRunId, decision, remember, ...(reason !== undefined && { reason }), ...(input !== undefined && { edited: true }) };
    }
    case "credentials.provided": {
      const { by, names, save, declined } = event;
      return { kind: "credentials", at, by, names, save, ...(declined && { declined }) };
    }
    case "alternatives.selected":
      return { kind: "alternative", at, by: event.by, toolRunId: event.toolRunId, ...(event.toolId !== undefined && { toolId: event.toolId }) };
    default:
      return null;
  }
}
