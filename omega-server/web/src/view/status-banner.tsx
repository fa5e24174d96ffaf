import { TriangleAlert, X } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { UNANSWERED, status as fetchStatus } from "../api";
import type { ServerStatus } from "../types";
import { Icon } from "./icon";

const EVERY_MS = 30_000;
/** How often while the server does not answer. */
const DOWN_MS = 5_000;

/** How the server's parts are; `null` until the first answer, `"unreachable"` while there is none. */
export type Health = ServerStatus | "unreachable" | null;

export function useServerStatus(): Health {
  const [health, setHealth] = useState<Health>(null);
  useEffect(() => {
    let timer = 0;
    let stopped = false;
    let isDown = false;
    let isLooking = false;
    const look = async () => {
      clearTimeout(timer);
      const next = await fetchStatus().catch(() => "unreachable" as const);
      if (stopped) return;
      setHealth(next);
      isDown = next === "unreachable";
      timer = window.setTimeout(look, isDown ? DOWN_MS : EVERY_MS);
    };
    // Another request got no answer: whether it is the server is looked at now and not in half a minute.
    const doubted = () => {
      if (isDown || isLooking) return;
      isLooking = true;
      void look().finally(() => {
        isLooking = false;
      });
    };
    const seen = () => document.visibilityState === "visible" && void look();
    void look();
    document.addEventListener("visibilitychange", seen);
    addEventListener("online", look);
    addEventListener(UNANSWERED, doubted);
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("online", look);
      removeEventListener(UNANSWERED, doubted);
    };
  }, []);
  return health;
}

/** What is off: in a few words, and with what still works. */
export interface Trouble {
  short: string;
  about: string;
}

/** What is off on this server; nothing when all is well. A tool that is left alone is said where it is called. */
export function troubles(health: Health): Trouble[] {
  if (health === null) return [];
  if (health === "unreachable") {
    return [{ short: "The server does not answer", about: "What is on screen stays readable; runs go on without this page" }];
  }
  const list: Trouble[] = [];
  // Whoever is not signed in is told one word.
  if (!("registry" in health)) {
    if (health.status !== "ok") list.push({ short: `The server is ${health.status}`, about: "Sign in to see what is off" });
    return list;
  }
  const { registry, executor } = health;
  if (registry.status !== "ok") {
    list.push({ short: `Registry ${registry.status}`, about: `Tools that were found before still run. ${plain(registry.detail ?? "")}` });
  }
  if (executor.status !== "ok") {
    const tools = executor.status === "down" ? "tools do not run" : "tools may be slow or fail";
    list.push({ short: `Executor ${executor.status}: ${tools}`, about: `Conversations and search work. ${plain(executor.detail)}` });
  }
  return list;
}

/** Words for people: addresses of the server's own surroundings say nothing to them, and the same is said once. */
const plain = (detail: string): string =>
  [...new Set(detail.split(/;\s*/))].join("; ").replace(/\s*(?:for url )?\(?https?:\/\/[^\s)]*\)?/g, "").trim();

/** One line; more of it on a click, and out of the way on another until something else is off. */
export function StatusBanner({ status }: { status: Health }) {
  const list = troubles(status);
  const what = list.map(({ short }) => short).join(" · ");
  const [closed, setClosed] = useState("");
  const isShown = what !== "" && what !== closed;
  return (
    <div role="status" class={isShown ? "banner" : "hidden"}>
      {isShown && (
        <>
          <details>
            <summary><Icon of={TriangleAlert} size={14} /> {what}</summary>
            {list.map(({ short, about }) => <p key={short}>{about}</p>)}
          </details>
          <button type="button" class="ghost small" aria-label={`close: ${what}`} onClick={() => setClosed(what)}>close <Icon of={X} size={14} /></button>
        </>
      )}
    </div>
  );
}
