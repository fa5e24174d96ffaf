// The page's addresses: the front page, the settings, and a conversation's own (the one that is shared).

import { useEffect, useState } from "preact/hooks";
import { ROOT } from "./root";

export type Route = { page: "front" } | { page: "settings" } | { page: "conversation"; id: string } | { page: "none" };

/** What an address means; slashes at its end mean nothing (`is_address` in omega-server/src/http/page/mod.rs). */
export function parseRoute(address: string): Route {
  const path = address.replace(/\/+$/, "");
  if (path === FRONT || path === ROOT) return { page: "front" };
  if (path === SETTINGS) return { page: "settings" };
  const id = path.startsWith(CONVERSATIONS) ? path.slice(CONVERSATIONS.length) : "";
  if (!id || id.includes("/")) return { page: "none" };
  try {
    return { page: "conversation", id: decodeURIComponent(id) };
  } catch {
    return { page: "none" };
  }
}

export const FRONT = `${ROOT}/omega`;
export const SETTINGS = `${FRONT}/settings`;
const CONVERSATIONS = `${FRONT}/c/`;
export const conversationPath = (id: string) => CONVERSATIONS + encodeURIComponent(id);

/** The code of a one-time link, taken out of the address so that no history keeps it. */
export function takeSignInCode(): string | null {
  const code = /^#sign-in=(.+)$/.exec(location.hash)?.[1];
  if (!code) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** Whether another site led here: the server marks the document (`omega-server/src/http/page/mod.rs`). */
export const ledFromElsewhere = () => document.documentElement.dataset["from"] === "elsewhere";

const MOVED = "omega:moved";

/** Goes to another address without loading the page again. */
export function go(path: string): void {
  history.pushState(null, "", path);
  dispatchEvent(new Event(MOVED));
}

/** The current address, followed. */
export function useRoute(): Route {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const moved = () => setPath(location.pathname);
    addEventListener("popstate", moved);
    addEventListener(MOVED, moved);
    return () => {
      removeEventListener("popstate", moved);
      removeEventListener(MOVED, moved);
    };
  }, []);
  return parseRoute(path);
}

/** For links: a plain click stays in the page, a click with a modifier is the browser's. */
export function stay(path: string) {
  return (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(path);
  };
}
