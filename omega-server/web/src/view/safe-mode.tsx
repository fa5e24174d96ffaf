import { useEffect, useState } from "preact/hooks";
import { settings, updateConversation } from "../account";

interface Props {
  id: string;
  /** What holds now. */
  on: boolean;
  /** The owner decides; guests see it. */
  isOwner: boolean;
}

/** Whether each tool call waits for approval, from the next one on: a switch for its owner, a badge for everybody else. */
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
      title={error ?? (on ? "Each tool call waits for your approval. Off holds for what is sent afterwards" : "Have each tool call wait for your approval, from the next one on")}>
      safe mode <span class="switch-mark" aria-hidden="true" />
      <span class="visually-hidden" role="alert">{error}</span>
    </button>
  );
}

/** What holds: the conversation's own choice, or else the owner's setting, which only the owner may read. */
export function useSafeMode(chosen: boolean | undefined, isOwner: boolean): boolean {
  const [setting, setSetting] = useState(false);
  const isAsked = chosen === undefined && isOwner;
  useEffect(() => {
    if (!isAsked) return;
    let gone = false;
    settings().then(({ settings: now }) => !gone && setSetting(now.safeMode === true), () => undefined);
    return () => {
      gone = true;
    };
  }, [isAsked]);
  return chosen ?? setting;
}
