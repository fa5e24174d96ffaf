import { useEffect, useRef } from "preact/hooks";
import { mayAnswer, question, standing, subject } from "../asks";
import { markTab, notify } from "../attention";
import { activeRun, type View } from "../state";
import type { Whoami } from "../types";

/** Says in the tab, and by a notification where they are allowed, that a run waits for the reader or has ended. True while it waits for them. */
export function useAttention(id: string, title: string | null, view: View | null, me: Whoami): boolean {
  const run = view ? activeRun(view) : undefined;
  const action = run?.status === "paused" ? run.requiresAction : undefined;
  const yours = Boolean(view && run && action && mayAnswer(action, standing(run, view, me)));
  const asked = action && yours ? subject(action) : null;
  useEffect(() => {
    if (!title) return;
    markTab(`${title} · Omega`, yours);
    return () => markTab("Omega", false);
  }, [title, yours]);
  useEffect(() => {
    if (asked !== null && action) notify("Omega waits for you", `${question(action)} · ${title ?? ""}`, `omega ${id}`);
  }, [asked]);
  // A run that was seen at work has ended.
  const working = useRef<string | null>(null);
  useEffect(() => {
    const before = working.current;
    working.current = run?.id ?? null;
    const ended = before !== null && before !== run?.id && view?.runs.find((known) => known.id === before);
    if (ended && ended.status === "completed") notify("Omega has answered", title ?? "", `omega ${id}`);
    if (ended && ended.status === "failed") notify("A run failed", `${ended.error?.error ?? ""} · ${title ?? ""}`, `omega ${id}`);
  }, [run?.id]);
  return yours;
}
