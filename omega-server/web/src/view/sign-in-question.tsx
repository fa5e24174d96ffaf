import { useState } from "preact/hooks";
import { visibleText } from "../visible";
import { Settled } from "./settled";

interface Props {
  /** Who the browser is signed in as; null for nobody. */
  present: string | null;
  /** Whom the link signs in; null where that was not asked. */
  wanted: string | null;
  onGoOn: () => Promise<void>;
  onStay: () => void;
}

/** A sign-in link may come from anybody: before it makes somebody another user, or when another site led to it, it asks. */
export function SignInQuestion({ present: from, wanted: to, onGoOn, onStay }: Props) {
  // Two names that look the same would be a question about nothing.
  const [present, wanted] = [from && visibleText(from), to && visibleText(to)];
  const [busy, setBusy] = useState(false);
  const goOn = async () => {
    setBusy(true);
    await onGoOn();
    setBusy(false);
  };
  return (
    <main class="sign-in">
      <Settled of={`${present} ${wanted}`}>
        <div class="panel">
          <p class="brand"><span class="mark" aria-hidden="true">Ω</span> omega</p>
          <h1>{wanted ? `Continue as ${wanted}?` : "Sign In by This Link?"}</h1>
          <p class="quiet">
            {present
              ? `You are signed in as ${present}. This link ends that, and signs this browser in as ${wanted ?? "somebody else"}: what you write and store then is theirs`
              : "Another site led you here, with a link that signs this browser in. What you write and store then belongs to whoever made it"}
          </p>
          <p class="note">Go on only if the link is your own, from <code>omega open</code></p>
          <div class="ask-buttons">
            <button type="button" disabled={busy} onClick={onStay}>{present ? `stay ${present}` : "don't sign in"}</button>
            <button type="button" class="outline" disabled={busy} onClick={goOn}>
              {busy ? "signing in..." : wanted ? `continue as ${wanted}` : "sign in"}
            </button>
          </div>
        </div>
      </Settled>
    </main>
  );
}
