import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";
import { useOpener } from "./use-opener";

/** What stands beside the conversation where there is room, and over it as a sheet where there is none. Escape closes it. */
export function SidePanel({ label, onClose, children }: { label: string; onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLElement>(null);
  useOpener(box);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  return (
    <aside ref={box} class="side" aria-label={label} tabIndex={-1} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <header class="side-head">
        <h2 class="label">{label}</h2>
        <button type="button" class="ghost small" onClick={onClose}>close <Icon of={X} size={14} /></button>
      </header>
      {children}
    </aside>
  );
}
