import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { TypeAhead } from "../type-ahead";

/**
 * A question whose buttons do nothing until it was there for a moment: a click that was meant for what lay there before, the
 * second half of a double click, or a key typed ahead answers nothing. `of` is what it asks; it begins anew when that changes.
 */
export function Settled({ of, children }: { of: string; children: ComponentChildren }) {
  const keys = useRef(new TypeAhead());
  useLayoutEffect(() => {
    keys.current.asked();
    keys.current.seen(performance.now());
  }, [of]);
  useEffect(() => {
    const noted = () => void keys.current.key(performance.now());
    document.addEventListener("keydown", noted, true);
    return () => document.removeEventListener("keydown", noted, true);
  }, []);
  const hold = (event: Event) => {
    if (keys.current.hears(performance.now())) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return <div class="settled" onClickCapture={hold} onSubmitCapture={hold}>{children}</div>;
}
