import { useEffect, useRef, useState } from "preact/hooks";
import { follow, type Link } from "../follow";
import type { View } from "../fold";
import type { Envelope } from "../types";

const KEPT_EVENTS = 500;

export interface Followed {
  view: View | null;
  link: Link;
  /** The newest raw frames, oldest first; only kept while asked for. */
  events: Envelope[];
}

/** Follows a conversation, and draws at most once a frame however many events come. */
export function useConversation(id: string, keepEvents: boolean): Followed {
  const [view, setView] = useState<View | null>(null);
  const [link, setLink] = useState<Link>({ state: "loading" });
  const [events, setEvents] = useState<Envelope[]>([]);
  const keep = useRef(keepEvents);
  keep.current = keepEvents;
  useEffect(() => {
    const stop = new AbortController();
    const log: Envelope[] = [];
    let newest: View | null = null;
    let frame = 0;
    const draw = () => {
      frame = 0;
      if (newest) setView({ ...newest });
      if (keep.current) setEvents([...log]);
    };
    const soon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    void follow(
      id,
      {
        onView: (next) => {
          newest = next;
          soon();
        },
        onLink: setLink,
        onEvent: (event) => {
          log.push(event);
          if (log.length > KEPT_EVENTS) log.splice(0, log.length - KEPT_EVENTS);
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
  return { view, link, events };
}
