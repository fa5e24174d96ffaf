// Follows a conversation: one snapshot, then its events, resumed on the same cursor after every cut.
//
// The promise: what is shown is always what the fold made of the events up to `lastSeq`; a cut shows no gap and no double.

import { ApiError, conversation, request } from "./api";
import { apply } from "./fold";
import { viewOf, type View } from "./state";
import { PAGE } from "./history";
import { FrameParser } from "./sse";
import type { ConversationDetail, Envelope } from "./types";

/** How the stream stands. */
export type Link =
  | { state: "loading" }
  | { state: "live" }
  | { state: "reconnecting"; attempt: number }
  | { state: "offline" }
  | { state: "failed"; error: ApiError };

export interface Follower {
  /** The first state, and how much of the conversation it holds. */
  onSnapshot(page: ConversationDetail): void;
  onView(view: View): void;
  onLink(link: Link): void;
  /** Every frame as it came, for the debug panel. */
  onEvent(event: Envelope): void;
}

/** Without a byte for this long the connection counts as dead: the server's heartbeat comes every 15 s. */
const SILENCE_MS = 40_000;

/** A tab that nobody looks at gives its connection back after this long: browsers open six per host, and a seventh tab
 * would wait for ever. It takes up the events it missed when it is looked at again. */
const HIDDEN_MS = 10_000;

/** How long to wait before attempt `n` (from 1): 0.25 s doubling to 10 s, with a quarter of jitter. */
export function backoff(attempt: number, random: number): number {
  return Math.min(10_000, 250 * 2 ** (attempt - 1)) * (1 + random / 4);
}

/** Whether trying again can help: not when the server refused for good. */
export function isFinal(error: ApiError): boolean {
  return error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;
}

/** Follows until the signal is aborted. */
export async function follow(id: string, follower: Follower, signal: AbortSignal): Promise<void> {
  let view: View | null = null;
  let failures = 0;
  const alive = () => {
    failures = 0;
    follower.onLink({ state: "live" });
  };
  follower.onLink({ state: "loading" });
  while (!signal.aborted) {
    try {
      if (!view) {
        const page = await conversation(id, PAGE);
        follower.onSnapshot(page);
        view = viewOf(page);
        follower.onView(view);
      }
      if ((await stream(id, view, follower, signal, alive)) === "rested") {
        await seen(signal);
        continue;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && isFinal(error)) {
        follower.onLink({ state: "failed", error });
        return;
      }
    }
    if (signal.aborted) return;
    failures += 1;
    follower.onLink(navigator.onLine ? { state: "reconnecting", attempt: failures } : { state: "offline" });
    await pause(backoff(failures, Math.random()), signal);
  }
}

/** One connection: until it ends, the fold meets a gap, or nobody looks any more. */
async function stream(
  id: string,
  view: View,
  follower: Follower,
  signal: AbortSignal,
  alive: () => void,
): Promise<"ended" | "rested"> {
  const connection = new AbortController();
  const stop = () => connection.abort();
  signal.addEventListener("abort", stop);
  let rested = false;
  let resting: ReturnType<typeof setTimeout> | undefined;
  const looked = () => {
    clearTimeout(resting);
    if (!document.hidden) return;
    resting = setTimeout(() => {
      rested = true;
      stop();
    }, HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", looked);
  looked();
  let watchdog = setTimeout(stop, SILENCE_MS);
  try {
    const response = await request(`/conversations/${encodeURIComponent(id)}/events?after=${view.lastSeq}`, {
      headers: { Accept: "text/event-stream" },
      cache: "no-store",
      signal: connection.signal,
    });
    if (!response.body) return "ended";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const frames = new FrameParser();
    alive();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "ended";
      clearTimeout(watchdog);
      watchdog = setTimeout(stop, SILENCE_MS);
      let changed = false;
      let gap = false;
      for (const frame of frames.push(value)) {
        const event = parse(frame.data);
        if (!event) continue;
        follower.onEvent(event);
        const applied = apply(view, event);
        changed ||= applied === "changed";
        gap ||= applied === "gap" || event.type === "draining";
        if (gap) break;
      }
      if (changed) follower.onView(view);
      if (gap) return "ended";
    }
  } catch (error) {
    if (rested) return "rested";
    throw error;
  } finally {
    clearTimeout(watchdog);
    clearTimeout(resting);
    document.removeEventListener("visibilitychange", looked);
    signal.removeEventListener("abort", stop);
    connection.abort();
  }
}

function parse(data: string): Envelope | null {
  try {
    const event = JSON.parse(data);
    return typeof event?.type === "string" ? event : null;
  } catch {
    return null;
  }
}

/** Waits until the page is looked at. */
function seen(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}

/** Waits; back at once when the browser is online again or the page is looked at again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      document.removeEventListener("visibilitychange", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    document.addEventListener("visibilitychange", done);
    signal.addEventListener("abort", done);
  });
}
