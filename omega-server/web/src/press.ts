// A press is meant for what lay under it when it began. While something is pressed nothing is drawn anew: it is not replaced,
// and what grows above it does not push it away, so that the click finds it where the finger or the key went down.

import { options } from "preact";

/** What answers to a press. */
const PRESSED = "a[href], button, summary, label, input:is([type=checkbox], [type=radio])";

/** Milliseconds after which it is no press any more, and what came in meanwhile is drawn. */
const LONGEST = 1000;

/** Milliseconds that a click comes after what it was pressed with is let go, at most. */
const BEHIND = 100;

/** Watches over presses below `root`, for as long as the page lives. */
export function holdStill(root: EventTarget): void {
  let waiting: (() => void) | null = null;
  let isPressed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  options.debounceRendering = (draw) => {
    if (isPressed) waiting = draw;
    else queueMicrotask(draw);
  };
  const end = () => {
    clearTimeout(timer);
    isPressed = false;
    const draw = waiting;
    waiting = null;
    draw?.();
  };
  const endIn = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(end, ms);
  };
  const begin = (event: Event) => {
    if (isPressed || !(event.target as Partial<Element> | null)?.closest?.(PRESSED)) return;
    isPressed = true;
    endIn(LONGEST);
  };
  const letGo = () => isPressed && endIn(BEHIND);
  // The first to hear of a press, and the last to hear of a click: what that changes is there when it is over.
  root.addEventListener("pointerdown", (event) => (event as PointerEvent).button === 0 && begin(event), true);
  root.addEventListener("keydown", (event) => (event as KeyboardEvent).key === " " && begin(event), true);
  for (const kind of ["pointerup", "keyup"]) root.addEventListener(kind, letGo, true);
  for (const kind of ["pointercancel", "click"]) root.addEventListener(kind, () => isPressed && end());
}
