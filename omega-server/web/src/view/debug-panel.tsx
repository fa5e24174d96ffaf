import { Download } from "lucide";
import { useEffect, useMemo, useState } from "preact/hooks";
import { eventsOf } from "../event-log";
import type { Envelope } from "../types";
import { visibleText } from "../visible";
import { count } from "../words";
import { save } from "../viewer/load-output";
import { CopyButton } from "./copy-button";
import { SidePanel } from "./side-panel";
import { Icon } from "./icon";

interface Props {
  id: string;
  lastSeq: number;
  /** The newest frames as they came, oldest first. */
  events: Envelope[];
  onClose: () => void;
}

/** Events in the list at once. */
const SHOWN = 200;

/** The event log from its beginning, newest first: committed events, and the deltas that came since the page was opened. */
export function DebugPanel({ id, lastSeq, events, onClose }: Props) {
  const [stored, setStored] = useState<Envelope[]>([]);
  const [error, setError] = useState<string | null>(null);
  const [loading, setLoading] = useState(true);
  const [words, setWords] = useState("");
  const [deltas, setDeltas] = useState(false);
  const [shown, setShown] = useState(SHOWN);
  useEffect(() => {
    const stop = new AbortController();
    eventsOf(id, lastSeq, setStored, stop.signal)
      .catch((cause: Error) => !stop.signal.aborted && setError(cause.message))
      .finally(() => setLoading(false));
    return () => stop.abort();
  }, [id]);
  const all = useMemo(() => merged(stored, events), [stored, events]);
  const wanted = words.trim().toLowerCase();
  const fitting = all.filter((event) => (deltas || event.seq !== undefined) && (!wanted || textOf(event).includes(wanted)));
  const lines = () => fitting.map((event) => JSON.stringify(event)).join("\n");
  return (
    <SidePanel label={`events · ${all.length.toLocaleString("en")}`} onClose={onClose}>
      <form class="find-line" onSubmit={(event) => event.preventDefault()}>
        <input type="search" aria-label="find in events" placeholder="type or words..." value={words} onInput={(event) => { setWords(event.currentTarget.value); setShown(SHOWN); }} />
        <label class="find-date"><input type="checkbox" checked={deltas} onChange={(event) => setDeltas(event.currentTarget.checked)} /> deltas</label>
        <button type="button" class="ghost small" onClick={() => save(new Blob([lines()], { type: "application/x-ndjson" }), `${id}.ndjson`)}>download <Icon of={Download} size={14} /></button>
      </form>
      <p class="meta" role="status">{loading ? "loading from the beginning..." : `${count(fitting.length, "event")}, newest first`}</p>
      <p class="error-text" role="alert">{error}</p>
      <ol class="events">
        {fitting.slice(-shown).reverse().map((event, at) => <EventLine key={event.seq ?? `d${fitting.length - at}`} event={event} />)}
      </ol>
      {fitting.length > shown && <button type="button" class="ghost small" onClick={() => setShown(shown + SHOWN)}>show older</button>}
    </SidePanel>
  );
}

function EventLine({ event }: { event: Envelope }) {
  const [open, setOpen] = useState(false);
  const text = open ? JSON.stringify(event, null, 2) : "";
  return (
    <li>
      <details onToggle={(toggled) => setOpen(toggled.currentTarget.open)}>
        <summary><span class="seq">{event.seq ?? "–"}</span> {event.type}</summary>
        {open && <><CopyButton text={text} what={`event ${event.seq ?? ""}`} /><pre tabIndex={0}>{visibleText(text)}</pre></>}
      </details>
    </li>
  );
}

const texts = new WeakMap<Envelope, string>();

/** An event as it is searched; made once for each. */
function textOf(event: Envelope): string {
  const text = texts.get(event) ?? JSON.stringify(event).toLowerCase();
  texts.set(event, text);
  return text;
}

/** What is stored, and behind it what came since; each committed event once. */
function merged(stored: Envelope[], live: Envelope[]): Envelope[] {
  const last = stored.reduce((most, { seq }) => Math.max(most, seq ?? 0), 0);
  const from = live.findIndex((event) => (event.seq ?? 0) > last);
  const known = new Set<number>();
  const newer = (from < 0 ? live.filter((event) => event.seq === undefined) : live).filter(({ seq }) => {
    if (seq === undefined) return true;
    if (seq <= last || known.has(seq)) return false;
    known.add(seq);
    return true;
  });
  return [...stored, ...newer];
}
