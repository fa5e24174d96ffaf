import { Pencil, X } from "lucide";
import { useState } from "preact/hooks";
import { cancelRun } from "../api";
import type { View } from "../state";
import { written } from "../message-data";
import type { Message, Run } from "../types";
import { oneLine } from "../words";
import { readableText, visibleText } from "../visible";
import { Icon } from "./icon";

interface Props {
  view: View;
  /** The run that is at work or first in line: not one of those that wait. */
  active: Run;
  /** Whose messages the reader may take back. */
  mayStop: (run: Run) => boolean;
  /** Takes a text into the composer. */
  onEdit: (text: string, message: string) => void;
}

/** Messages that wait for their turn: each may be taken back, or taken up again to change it. */
export function Queue({ view, active, mayStop, onEdit }: Props) {
  const waiting = queued(view, active);
  const [error, setError] = useState<string | null>(null);
  if (waiting.length === 0) return null;
  const take = async (run: Run, text: string | null = null) => {
    setError(null);
    try {
      await cancelRun(run.id);
      if (text !== null) onEdit(text, run.messageId);
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : "It could not be taken back. Try again");
    }
  };
  return (
    <section class="queue column" aria-label="messages that wait">
      <ol>
        {waiting.map(({ run, message }) => (
          <li key={run.id}>
            <span class="meta">next</span>
            <span class="queue-text">{readableText(oneLine(written(message.content).words, 200))}</span>
            {mayStop(run) && (
              <>
                <button type="button" class="ghost small" onClick={() => take(run, message.content)}>edit <Icon of={Pencil} size={14} /></button>
                <button type="button" class="ghost small" aria-label={`remove ${visibleText(oneLine(message.content, 40))}`} onClick={() => take(run)}>remove <Icon of={X} size={14} /></button>
              </>
            )}
          </li>
        ))}
      </ol>
      <p class="error-text" role="alert">{error}</p>
    </section>
  );
}

/** The runs behind the active one, in the order in which they will begin. */
export function queued(view: View, active: Run): { run: Run; message: Message }[] {
  return view.runs.flatMap((run) => {
    if (run.status !== "queued" || run.id === active.id) return [];
    const message = view.messages.find((known) => known.id === run.messageId);
    return message ? [{ run, message }] : [];
  });
}
