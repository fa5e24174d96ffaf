import { useState } from "preact/hooks";
import { updateConversation } from "../account";

interface Props {
  id: string;
  on: boolean;
  /** The owner decides; guests see it. */
  isOwner: boolean;
}

/** Whether each tool call of this conversation waits for approval: a switch for its owner, a badge for everybody else. */
export function SafeMode({ id, on, isOwner }: Props) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  if (!isOwner) return on ? <span class="badge warn">safe mode</span> : null;
  const change = async () => {
    setBusy(true);
    setError(null);
    // What it is then comes with the events.
    await updateConversation(id, { safeMode: !on }).catch((cause: Error) => setError(cause.message));
    setBusy(false);
  };
  return (
    <button type="button" role="switch" aria-checked={on} class={`ghost small safe${on ? " on" : ""}`} aria-busy={busy} onClick={change}
      title={error ?? (on ? "Each tool call waits for your approval" : "Tools run without being asked about")}>
      safe mode <span class="switch-mark" aria-hidden="true" />
      <span class="visually-hidden" role="alert">{error}</span>
    </button>
  );
}
