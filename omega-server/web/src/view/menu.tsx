import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "./icon";

/** A button that opens a short list; closes when the reader goes elsewhere, or by Escape. */
export function Menu({ label, icon, extra = "", children }: { label: string; icon: IconNode; extra?: string; children: ComponentChildren }) {
  const box = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (box.current) box.current.open = false;
  };
  const left = (event: FocusEvent) => {
    if (!(event.relatedTarget instanceof Node && box.current?.contains(event.relatedTarget))) close();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    close();
    box.current?.querySelector("summary")?.focus();
  };
  return (
    <details class={`menu ${extra}`} ref={box} onFocusOut={left} onKeyDown={key}>
      <summary class="button ghost small">{label} <Icon of={icon} size={14} /></summary>
      <div class="menu-list">{children}</div>
    </details>
  );
}
