import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** How long before a reader comes to it a page is loaded. */
const AHEAD = "800px 0px";

/** Loads a page of messages when a reader comes near it, or presses it. */
export function PageButton({ label, load, box }: { label: string; load: () => Promise<void>; box: RefObject<HTMLElement | null> }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const line = useRef<HTMLParagraphElement>(null);
  const now = async () => {
    setBusy(true);
    setError(null);
    await load().catch((cause: Error) => setError(cause.message));
    setBusy(false);
  };
  useEffect(() => {
    // After a failure it is for the reader to try again.
    if (!line.current || busy || error) return;
    let scrolled = false;
    const moved = () => {
      scrolled = true;
    };
    const frame = box.current;
    frame?.addEventListener("wheel", moved, { passive: true });
    frame?.addEventListener("touchmove", moved, { passive: true });
    frame?.addEventListener("keydown", moved);
    frame?.addEventListener("scroll", moved);
    const observer = new IntersectionObserver(
      (entries) => {
        // Nobody who only opened a conversation has asked for more of it.
        if (scrolled && entries.some((entry) => entry.isIntersecting)) void now();
      },
      { root: frame, rootMargin: AHEAD },
    );
    observer.observe(line.current);
    return () => {
      observer.disconnect();
      for (const kind of ["wheel", "touchmove", "keydown", "scroll"]) frame?.removeEventListener(kind, moved);
    };
  }, [busy, error, load]);
  return (
    <p class="older" ref={line}>
      <button type="button" class="outline small" disabled={busy} onClick={now}>{busy ? "loading..." : label}</button>
      <span class="error-text" role="alert">{error}</span>
    </p>
  );
}
