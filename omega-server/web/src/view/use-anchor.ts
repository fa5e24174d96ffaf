import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** What of a conversation a reader's eye can rest on, from the outside in. */
const PLACES = ".prose > *, .plain, .tool, .answer, .turn-head, .day, .older";

/**
 * Keeps what is being read where it is: whatever grows, comes or goes above it, the first thing in sight stays. `scrolled` is
 * to be called when the reader scrolls; it says what is in sight then.
 */
export function useAnchor(box: RefObject<HTMLElement | null>, isReading: boolean) {
  const anchor = useRef<{ element: Element; top: number } | null>(null);
  const scrolled = () => {
    const frame = box.current;
    const element = frame && firstInSight(frame);
    anchor.current = element ? { element, top: element.getBoundingClientRect().top } : null;
  };
  useLayoutEffect(() => {
    const frame = box.current;
    if (!frame || !isReading) return;
    scrolled();
    const hold = () => {
      const held = anchor.current;
      if (!held?.element.isConnected) return scrolled();
      const moved = held.element.getBoundingClientRect().top - held.top;
      if (Math.abs(moved) < 0.5) return;
      frame.scrollTop += moved;
      held.top = held.element.getBoundingClientRect().top;
    };
    // Before the next paint, so that no frame shows it elsewhere.
    const observer = new ResizeObserver(hold);
    observer.observe(frame);
    if (frame.firstElementChild) observer.observe(frame.firstElementChild);
    return () => observer.disconnect();
  }, [isReading]);
  return scrolled;
}

function firstInSight(frame: HTMLElement): Element | undefined {
  const top = frame.getBoundingClientRect().top;
  const isBelow = (element: Element) => element.getBoundingClientRect().bottom > top + 1;
  // Turns stand one below the other: the first in sight is found by halves, however many there are.
  const turns = frame.firstElementChild?.children ?? [];
  let [low, high] = [0, turns.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBelow(turns[middle] as Element)) high = middle;
    else low = middle + 1;
  }
  const turn = turns[low];
  return (turn && [...turn.querySelectorAll(PLACES)].find(isBelow)) ?? turn;
}
