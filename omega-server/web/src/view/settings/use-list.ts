import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api";

export interface List<T> {
  /** Nothing until the server said it. */
  items: T | null;
  busy: boolean;
  error: string | null;
  /** Does something and loads what there is then; says whether it worked. */
  act: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** What the server has of something, and what is done with it. `load` must be the same function at each drawing. */
export function useList<T>(load: () => Promise<T>): List<T> {
  const [items, setItems] = useState<T | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const act = useCallback(
    async (work: () => Promise<unknown>) => {
      setBusy(true);
      setError(null);
      try {
        await work();
        setItems(await load());
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
  useEffect(() => void act(async () => undefined), [act]);
  return { items, busy, error, act };
}
