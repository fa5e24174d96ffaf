import { useCallback, useRef, useState } from "preact/hooks";
import { conversation, messagesAfter } from "../api";
import { viewOf, type View } from "../state";
import { PAGE, hasOlder, prepend } from "../history";
import { append, pageFrom } from "../past";

export interface GoneTo {
  seq: number;
  /** What had the keyboard when it was asked for. */
  from: Element | null;
}

export interface Past {
  /** The part that is read; nothing while the newest is. */
  view: View | null;
  loadOlder: (() => Promise<void>) | null;
  loadNewer: (() => Promise<void>) | null;
  /** Changes each time that a message is gone to. */
  goneTo: GoneTo | null;
  /** Goes to a message; `from` had the keyboard when it was asked for, where that was before now. */
  goTo: (seq: number, from?: Element | null) => Promise<void>;
  leave: () => void;
}

/** A part of the past beside the living end. `meet` takes it in where it has come up to that. */
export function usePast(id: string, live: View | null, meet: (past: View) => void): Past {
  const [view, setView] = useState<View | null>(null);
  const [older, setOlder] = useState(false);
  const [goneTo, setGoneTo] = useState<Past["goneTo"]>(null);
  const shown = useRef<View | null>(null);
  const newest = useRef(live);
  newest.current = live;
  const show = (next: View | null) => {
    shown.current = next;
    setView(next && { ...next });
  };
  const goTo = useCallback(async (seq: number, from = document.activeElement) => {
    const isHere = (part: View | null) => part?.messages.some((message) => message.seq === seq);
    if (!isHere(shown.current)) {
      if (isHere(newest.current)) {
        show(null);
      } else {
        const page = await pageFrom(id, seq);
        setOlder(hasOlder(page) || (page.messages[0]?.seq ?? 0) > 1);
        show(viewOf(page));
      }
    }
    setGoneTo({ seq, from });
  }, [id]);
  const loadOlder = useCallback(async () => {
    const part = shown.current;
    const first = part?.messages[0];
    if (!part || !first) return;
    const page = await conversation(id, PAGE, first.seq);
    setOlder(hasOlder(page));
    prepend(part, page);
    show(part);
  }, [id]);
  const loadNewer = useCallback(async () => {
    const part = shown.current;
    const last = part?.messages.at(-1);
    if (!part || !last) return;
    const messages = await messagesAfter(id, last.seq, PAGE);
    const end = messages.at(-1);
    if (end) append(part, await conversation(id, PAGE, end.seq + 1));
    const living = newest.current?.messages[0];
    if (!end || (living && end.seq >= living.seq)) {
      meet(part);
      return show(null);
    }
    show(part);
  }, [id]);
  return { view, loadOlder: view && older ? loadOlder : null, loadNewer: view ? loadNewer : null, goneTo, goTo, leave: () => show(null) };
}
