import { useRef, useState } from "preact/hooks";
import type { Turn } from "../turns";

/**
 * Which earlier versions are open. They are closed, but for those that stood open when their newer version came while somebody
 * was reading: what is being read does not go away.
 */
export function useFolds(turns: readonly Turn[], folds: Map<Turn, { key: string }>, isFollowing: boolean) {
  const [state, setState] = useState<Record<string, boolean>>({});
  const current = useRef(new Set<string>());
  const kept = useRef(new Set<string>());
  for (const turn of turns) {
    const fold = folds.get(turn);
    if (!fold) current.current.add(turn.key);
    else if (current.current.delete(turn.key) && !isFollowing) kept.current.add(fold.key);
  }
  return {
    state,
    isOpen: (key: string) => state[key] ?? kept.current.has(key),
    set: (key: string, isOpen: boolean) => setState((before) => ({ ...before, [key]: isOpen })),
  };
}
