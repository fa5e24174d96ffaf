import { useLayoutEffect, useRef } from "preact/hooks";
import { mayAnswer, question, standing, subject, type Standing } from "../asks";
import type { View } from "../state";
import type { RequiredAction as Action, Run, Whoami } from "../types";
import { AlternativesTable } from "./alternatives-table";
import { Approvals } from "./approvals";
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

/** What a paused run waits for, and the answers to it, once it was there for a moment. */
export function RequiredAction({ run, view, me, id, onLasting }: Props) {
  const action = run.requiresAction;
  if (run.status !== "paused" || !action) return null;
  const who = standing(run, view, me);
  const of = `${action.kind} ${subject(action)}`;
  return (
    <Settled of={of}>
      <Called key={of} action={action} who={who}>
        <Asked id={id} run={run} action={action} who={who} onLasting={onLasting} />
      </Called>
    </Settled>
  );
}

/** Says aloud that somebody is waited for, and takes the keyboard there unless it is in use. */
function Called({ action, who, children }: { action: Action; who: Standing; children: preact.ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const yours = mayAnswer(action, who);
  useLayoutEffect(() => {
    const composer = document.getElementById("message");
    const active = document.activeElement;
    // A message that is on its way is no text that somebody types.
    const isEmpty = composer instanceof HTMLTextAreaElement && (composer.value === "" || composer.ariaBusy === "true");
    const isFree = !active || active === document.body || (active === composer && isEmpty);
    if (yours && isFree) box.current?.focus();
  }, []);
  // What is typed here is meant for the message.
  const typed = (event: KeyboardEvent) => {
    if (event.target !== box.current || event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    document.getElementById("message")?.focus();
  };
  const words = yours ? `Omega waits for you: ${question(action)}` : `Omega waits for ${who.owner}: ${question(action)}`;
  return (
    <div ref={box} class="called" tabIndex={-1} role="group" aria-label={words} onKeyDown={typed}>
      <p role="alert" class="visually-hidden">{words}</p>
      {children}
    </div>
  );
}

interface AskedProps {
  id: string;
  run: Run;
  action: Action;
  who: Standing;
  onLasting: (lasting: Lasting) => void;
}

/** Who may not answer sees who is asked. */
function Asked({ id, run, action, who, onLasting }: AskedProps) {
  if (!mayAnswer(action, who) && (action.kind === "plan" || action.kind === "alternatives")) {
    return <section class="asks" aria-label="a choice"><p class="ask note">Waits until {who.owner}, or who asked, has chosen</p></section>;
  }
  switch (action.kind) {
    case "credentials":
      return <CredentialsForm id={id} action={action} isOwner={who.isOwner} owner={who.owner} />;
    case "approval":
      return <Approvals approvals={action.approvals} plan={run.plan} who={who} onLasting={onLasting} />;
    case "plan":
      return <PlanChoice id={id} plans={action.plans} />;
    case "alternatives":
      return <AlternativesTable id={id} choices={action.choices} />;
  }
}
