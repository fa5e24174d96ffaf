import { Square } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { retryRun } from "../api";
import { serverNow } from "../server-clock";
import type { View } from "../state";
import type { Run } from "../types";
import { duration } from "../words";
import { Icon } from "./icon";

/** What the active run does, since when, and the button that stops it for those who may. */
export function RunState({ run, view, yours, onCancel }: {
  run: Run;
  view: View;
  /** Whether it waits for the reader. */
  yours: boolean;
  onCancel: (() => Promise<void>) | null;
}) {
  const [now, setNow] = useState(serverNow);
  const [stopping, setStopping] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 1000);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => setStopping(false), [run.id]);
  const again = secondsUntil(view.againAt, now);
  const since = run.startedAt ? Math.max(0, now - Date.parse(run.startedAt)) : 0;
  const stop = async () => {
    setStopping(true);
    await onCancel?.();
    // The button goes with the run: the keyboard goes on in the composer.
    document.getElementById("message")?.focus();
  };
  return (
    <span class="run-state">
      <span class="pulse" aria-hidden="true" />
      <span class="meta"><span class="doing">{again > 0 && !stopping ? `asking again in ${again} s: ${view.status ?? ""}` : doing(run, view, yours)}</span>{since >= 1000 && <span class="tabular"> · {duration(Math.floor(since / 1000) * 1000).replace(".0", "")}</span>}</span>
      {onCancel && again > 0 && (
        <button type="button" class="outline small" onClick={() => void retryRun(run.id).catch(() => undefined)}>try now</button>
      )}
      {onCancel && <button type="button" class="outline small" onClick={stop} disabled={stopping}>{stopping ? "cancelling..." : "cancel"} <Icon of={Square} size={14} /></button>}
    </span>
  );
}

/** Whole seconds until a time, the one that runs included; 0 once it is there. */
export const secondsUntil = (time: string | null, now: number): number =>
  time === null ? 0 : Math.max(0, Math.ceil((Date.parse(time) - now) / 1000));

/** The run's state in a few words. */
export function doing(run: Run, view: View, yours: boolean): string {
  if (run.status === "queued") return "queued";
  if (run.status === "paused") return yours ? "waiting for you" : "waiting for a person";
  const tools = view.toolRuns.filter((tool) => tool.runId === run.id && tool.status === "started");
  if (tools.length === 1) return `running ${tools[0]?.toolName}`;
  if (tools.length > 1) return `running ${tools.length} tools`;
  return view.status ?? "working";
}
