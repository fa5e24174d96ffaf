import { X } from "lucide";
import { Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { KEYS } from "../shortcuts";
import { Icon } from "./icon";
import { useOpener } from "./use-opener";

/** What the keyboard does. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  useOpener(box, true);
  useEffect(() => {
    if (!box.current?.open) box.current?.showModal();
  }, []);
  return (
    <dialog ref={box} class="dialog" aria-labelledby="keys-title" onClose={onClose}>
      <header class="dialog-head">
        <h2 id="keys-title">Keyboard</h2>
        <button type="button" class="ghost small" onClick={() => box.current?.close()}>close <Icon of={X} size={14} /></button>
      </header>
      <dl class="facts keys">
        {KEYS.map(([keys, words]) => <Fragment key={keys}><dt><kbd>{keys}</kbd></dt><dd>{words}</dd></Fragment>)}
      </dl>
    </dialog>
  );
}
