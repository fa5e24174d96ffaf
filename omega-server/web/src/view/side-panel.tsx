import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";
import { useOpener } from "./use-opener";

/** Whether it is a sheet: at the width at which style/panel.css makes one of it. */
export const isSheet = (): boolean => matchMedia("(max-width: 991px)").matches;

/**
 * What stands beside the conversation where there is room, and over it as a sheet where there is none. Escape closes it. A sheet also
 * goes when the keyboard leaves it or what is behind it is pressed: nothing that somebody needs stays covered, such as a question.
 */
export function SidePanel({ label, onClose, children }: { label: string; onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLElement>(null);
  useOpener(box);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const left = ({ target, relatedTarget: from }: FocusEvent) => {
      // What had it before was behind the sheet already: the focus is only being put in order there.
      if (!(from instanceof Node) || !box.current?.contains(from)) return;
      if (!isSheet() || !(target instanceof Element) || target.closest("dialog, .sidebar")) return;
      if (!box.current?.contains(target)) close.current();
    };
    document.addEventListener("focusin", left);
    return () => document.removeEventListener("focusin", left);
  }, []);
  return (
    <>
    <div class="scrim" onClick={onClose} />
    <aside ref={box} class="side" aria-label={label} tabIndex={-1} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <header class="side-head">
        <h2 class="label">{label}</h2>
        <button type="button" class="ghost small" onClick={onClose}>close <Icon of={X} size={14} /></button>
      </header>
      {children}
    </aside>
    </>
  );
}
