import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { giveBack } from "../focus";

/** For what opens and closes: when it goes with the focus in it, as a modal dialog always does, whatever had it before gets it back. */
export function useOpener(box: RefObject<HTMLElement | null>, isModal = false): void {
  // As it is drawn first: later something in it may have taken the focus.
  const opener = useRef(globalThis.document?.activeElement ?? null).current;
  useLayoutEffect(
    () => () => {
      const at = document.activeElement;
      const isInside = isModal || !at || at === document.body || box.current?.contains(at) === true;
      // What opened it may have had no room beside it, and is there again with the next frame.
      if (isInside) requestAnimationFrame(() => giveBack(opener));
    },
    [],
  );
}
