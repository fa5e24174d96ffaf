import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api";

/** How long it is said that something was saved. */
const SHOWN_MS = 3000;

export interface List<T> {
  /** Nothing until the server said it. */
  items: T | null;
  busy: boolean;
  error: string | null;
  /** For a moment after something was done. */
  saved: boolean;
  /** Does something and loads what there is then; says whether it worked. */
  act: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** What the server has of something, and what is done with it. `load` must be the same function at each drawing. */
export function useList<T>(load: () => Promise<T>): List<T> {
  const [items, setItems] = useState<T | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [saved, setSaved] = useState(0);
  useEffect(() => {
    if (saved === 0) return;
    const timer = setTimeout(() => setSaved(0), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [saved]);
  const act = useCallback(
    async (work: () => Promise<unknown>, isChange = true) => {
      setBusy(true);
      setError(null);
      try {
        await work();
        setItems(await load());
        if (isChange) setSaved((count) => count + 1);
        return true;
      } catch (cause) {
        setError(cause instanceof ApiError || cause instanceof Error ? cause.message : "It did not work. Try again");
        return false;
      } finally {
        setBusy(false);
      }
    },
    [load],
  );
  useEffect(() => void act(async () => undefined, false), [act]);
  return { items, busy, error, saved: saved > 0, act };
}
