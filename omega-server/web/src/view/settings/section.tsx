import { Check } from "lucide";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { takeFocus } from "../../focus";
import { Icon } from "../icon";

interface Props {
  id: string;
  title: string;
  about: string;
  error: string | null;
  /** Whether something was just stored. */
  saved?: boolean;
  children: ComponentChildren;
}

/** A part of the settings: its name, a sentence, and what can be done. */
export function Section({ id, title, about, error, saved, children }: Props) {
  return (
    <section class="settings-section" aria-labelledby={id}>
      <h2 id={id} tabIndex={-1}>{title} <span class="meta saved" role="status">{saved && <><Icon of={Check} size={14} /> saved</>}</span></h2>
      <p class="note">{about}</p>
      {children}
      <p class="error-text" role="alert">{error}</p>
    </section>
  );
}

/** A button that asks once more before it does something that can't be taken back. */
export function Sure({ label, what, disabled, onSure }: { label: string; what: string; disabled: boolean; onSure: () => void }) {
  const [asked, setAsked] = useState(false);
  const [kept, setKept] = useState(false);
  if (!asked) {
    return (
      <button type="button" class="outline small" disabled={disabled} aria-label={`${label} ${what}`} ref={kept ? takeFocus : null} onClick={() => setAsked(true)}>
        {label}
      </button>
    );
  }
  return (
    <span class="sure">
      <button type="button" class="small danger" disabled={disabled} ref={takeFocus} aria-label={`${label} now: ${what}`}
        onClick={() => { setAsked(false); onSure(); }}>{label} now</button>
      <button type="button" class="ghost small" onClick={() => { setKept(true); setAsked(false); }}>keep</button>
    </span>
  );
}
