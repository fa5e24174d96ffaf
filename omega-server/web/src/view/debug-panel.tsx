import type { Envelope } from "../types";

/** The frames as they came, newest first. */
export function DebugPanel({ events, onClose }: { events: Envelope[]; onClose: () => void }) {
  return (
    <aside class="debug" aria-label="raw events">
      <header>
        <h2 class="label">raw events · {events.length}</h2>
        <button type="button" class="ghost small" onClick={onClose}>close</button>
      </header>
      {events.length === 0 && <p class="note">Events appear here as they come</p>}
      <ol>
        {[...events].reverse().map((event, at) => (
          <li key={event.seq ?? `d${events.length - at}`}>
            <details>
              <summary><span class="seq">{event.seq ?? "–"}</span> {event.type}</summary>
              <pre tabIndex={0}>{JSON.stringify(event, null, 2)}</pre>
            </details>
          </li>
        ))}
      </ol>
    </aside>
  );
}
