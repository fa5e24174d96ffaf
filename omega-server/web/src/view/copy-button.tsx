import { Check, Copy } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icon";

/** Copies a text, or what is made one when it is asked for; says whether it worked. `isBare` shows the icon alone, among other icons. */
export function CopyButton({ text, what, label = "copy", isBare = false }: { text: string | (() => string); what: string; label?: string; isBare?: boolean }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(""), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => setSaid((await copied(typeof text === "string" ? text : text())) ? "copied" : "select and copy by hand");
  return (
    <button type="button" class="ghost small copy" onClick={copy} aria-label={`${label} ${what}`} title={isBare ? `${label} ${what}` : undefined}>
      <span aria-live="polite" class={isBare && (!said || said === "copied") ? "visually-hidden" : undefined}>{said || label}</span> <Icon of={said === "copied" ? Check : Copy} size={14} />
    </button>
  );
}

/** On a plain address of the network browsers have no clipboard for pages; there the old way by a selection works. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

function copiedBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "visually-hidden";
  // Beside an open dialog nothing can be selected.
  (before?.closest("dialog") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return done;
}
