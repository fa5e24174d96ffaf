import { useEffect, useState } from "preact/hooks";
import { status as fetchStatus } from "../api";
import type { ServerStatus } from "../types";

const EVERY_MS = 30_000;

/** How the server's parts are; `null` until the first answer, `"unreachable"` while there is none. */
export type Health = ServerStatus | "unreachable" | null;

export function useServerStatus(): Health {
  const [health, setHealth] = useState<Health>(null);
  useEffect(() => {
    let timer = 0;
    let stopped = false;
    const look = async () => {
      clearTimeout(timer);
      const next = await fetchStatus().catch(() => "unreachable" as const);
      if (stopped) return;
      setHealth(next);
      timer = window.setTimeout(look, EVERY_MS);
    };
    const seen = () => document.visibilityState === "visible" && void look();
    void look();
    document.addEventListener("visibilitychange", seen);
    addEventListener("online", look);
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("online", look);
    };
  }, []);
  return health;
}

/** What is off, each with what still works; nothing when all is well. */
export function troubles(health: Health): string[] {
  if (health === null) return [];
  if (health === "unreachable") {
    return ["The server does not answer. What is on screen stays readable; runs go on without this page"];
  }
  const list: string[] = [];
  const { registry, executor } = health;
  if (registry.status !== "ok") {
    list.push(`Registry ${registry.status}${registry.detail ? `: ${registry.detail}` : ""}. Tools that were found before still run`);
  }
  if (executor.status !== "ok") {
    const tools = executor.status === "down" ? "tools do not run" : "tools may be slow or fail";
    list.push(`Executor ${executor.status}: ${executor.detail}. Conversations and search work; ${tools}`);
  }
  const resting = (health.breakers ?? []).filter((open) => open.kind === "tool").map((open) => open.subject);
  if (resting.length > 0) {
    const more = resting.length > 3 ? ` and ${resting.length - 3} more` : "";
    list.push(`Left alone for a while, because it kept failing: ${resting.slice(0, 3).join(", ")}${more}. Other tools run`);
  }
  return list;
}

export function StatusBanner({ status }: { status: Health }) {
  const list = troubles(status);
  return (
    <div role="status" class={list.length > 0 ? "banner" : "hidden"}>
      {list.map((text) => <p key={text}>{text}</p>)}
    </div>
  );
}
