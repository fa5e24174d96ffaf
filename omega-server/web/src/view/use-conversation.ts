import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { conversation } from "../api";
import { follow, type Link } from "../follow";
import type { View } from "../state";
import { PAGE, hasOlder, prepend } from "../history";
import type { Envelope } from "../types";

const KEPT_EVENTS = 2000;

export interface Followed {
  view: View | null;
  link: Link;
  /** The newest raw frames, oldest first; only handed out while asked for. */
  events: Envelope[];
  /** Changes each time that the answer was begun again, because the server was. */
  restarts: number;
  /** Loads the page before the oldest message; missing when that is the first one. */
  loadOlder: (() => Promise<void>) | null;
  /** Takes in a part of the past that came up to the oldest message. */
  meet: (past: View) => void;
}

/** Follows a conversation, and draws at most once a frame however many events come. */
export function useConversation(id: string, keepEvents: boolean): Followed {
  const [view, setView] = useState<View | null>(null);
  const [link, setLink] = useState<Link>({ state: "loading" });
  const [events, setEvents] = useState<Envelope[]>([]);
  const [older, setOlder] = useState(false);
  const [restarts, setRestarts] = useState(0);
  const live = useRef<{ view: View; draw: () => void } | null>(null);
  const log = useRef<Envelope[]>([]);
  const keep = useRef(keepEvents);
  keep.current = keepEvents;
  // What came before somebody looked is there at once.
  useEffect(() => {
    if (keepEvents) setEvents([...log.current]);
  }, [keepEvents]);
  useEffect(() => {
    const stop = new AbortController();
    log.current = [];
    let newest: View | null = null;
    let frame = 0;
    const draw = () => {
      frame = 0;
      if (newest) setView({ ...newest });
      if (keep.current) setEvents([...log.current]);
    };
    const soon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    void follow(
      id,
      {
        onSnapshot: (page) => setOlder(hasOlder(page)),
        onView: (next) => {
          newest = next;
          live.current = { view: next, draw };
          soon();
        },
        onLink: setLink,
        onEvent: (event) => {
          log.current.push(event);
          if (event.type === "message.reset") setRestarts((count) => count + 1);
          if (log.current.length > KEPT_EVENTS) log.current.splice(0, log.current.length - KEPT_EVENTS);
          if (keep.current) soon();
        },
      },
      stop.signal,
    );
    return () => {
      stop.abort();
      cancelAnimationFrame(frame);
    };
  }, [id]);
  const loadOlder = useCallback(async () => {
    const first = live.current?.view.messages[0];
    if (!first) return;
    const page = await conversation(id, PAGE, first.seq);
    setOlder(hasOlder(page));
    if (!live.current) return;
    prepend(live.current.view, page);
    live.current.draw();
  }, [id]);
  const meet = useCallback((past: View) => {
    if (!live.current) return;
    prepend(live.current.view, past);
    setOlder((past.messages[0]?.seq ?? 0) > 1);
    live.current.draw();
  }, []);
  return { view, link, events, restarts, loadOlder: older ? loadOlder : null, meet };
}
