import { useEffect } from "preact/hooks";
import { ApiError, conversation } from "../api";
import { notify } from "../attention";
import { note, type Recent } from "../stored";

const EVERY_MS = 15_000;
/** Conversations that are looked after at once. */
const MOST = 5;

/** Looks after conversations that were left at work: the list says when one waits or has ended, and a notification does. */
export function useLeftAtWork(rows: Recent[], current: string, onRows: (rows: Recent[]) => void): void {
  const left = rows.filter((row) => row.state !== undefined && row.id !== current).slice(0, MOST);
  const key = left.map(({ id, state }) => `${id} ${state}`).join();
  useEffect(() => {
    if (left.length === 0) return;
    let stopped = false;
    const look = async () => {
      for (const row of left) {
        const state = await conversation(row.id, 1).then(
          (detail) => detail.executionState as string,
          (error) => (error instanceof ApiError && error.status === 404 ? "idle" : row.state),
        );
        if (stopped || state === row.state) continue;
        onRows(note(row.id, state));
        if (state === "paused") notify("Omega waits", row.title, `omega ${row.id}`);
        if (state === "idle") notify("Omega has ended its work", row.title, `omega ${row.id}`);
      }
    };
    const timer = setInterval(look, EVERY_MS);
    void look();
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, [key]);
}
