import { useEffect, useRef, useState } from "preact/hooks";
import { announcements } from "../announcements";
import type { View } from "../state";

/** What a screen reader is told as the conversation goes on; nothing about what was there when it was opened. */
export function useAnnouncements(view: View | null): string {
  const known = useRef<Set<string> | null>(null);
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!view) return;
    const all = announcements(view);
    const fresh = known.current ? all.filter(({ key }) => !known.current?.has(key)) : [];
    known.current = new Set(all.map(({ key }) => key));
    if (fresh.length > 0) setSaid(fresh.map(({ text }) => text).join(". "));
  }, [view?.messages, view?.runs]);
  return said;
}
