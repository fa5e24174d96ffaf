import { useEffect, useState } from "preact/hooks";
import { serverNow } from "../server-clock";
import type { ToolRun } from "../types";
import { duration } from "../words";

/** How long a call took, or has been at work. */
export function Elapsed({ toolRun }: { toolRun: ToolRun }) {
  const [now, setNow] = useState(serverNow);
  const running = toolRun.status === "started";
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(serverNow()), 200);
    return () => clearInterval(timer);
  }, [running]);
  if (toolRun.durationMs !== undefined) return <span class="tabular">{duration(toolRun.durationMs)}</span>;
  if (!running) return null;
  return <span class="tabular">{(Math.max(0, now - Date.parse(toolRun.startedAt ?? toolRun.createdAt)) / 1000).toFixed(1)} s</span>;
}
