import { ArrowUpToLine, CalendarDays, Search as SearchIcon, X } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { takeFocus } from "../focus";
import { search, seqOfDay, type Search } from "../past";
import type { Message } from "../types";
import { clock, count, dayOf } from "../words";
import { readableText, visibleText } from "../visible";
import { Icon } from "./icon";
import { useOpener } from "./use-opener";
import type { Past } from "./use-past";

interface Props {
  id: string;
  lastSeq: number;
  goTo: Past["goTo"];
  onClose: () => void;
}

/** Finds a place in the conversation: by words, by a date, or its beginning. */
export function FindBar({ id, lastSeq, goTo, onClose }: Props) {
  const [found, setFound] = useState<Search | null>(null);
  const [words, setWords] = useState("");
  const [looked, setLooked] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);
  const box = useRef<HTMLElement>(null);
  useOpener(box);
  const isGone = useRef(false);
  useEffect(() => () => {
    isGone.current = true;
    running.current?.abort();
  }, []);
  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    await work().catch((cause: Error) => cause.name !== "AbortError" && setError(cause.message));
    setBusy(false);
  };
  const look = (event: Event) => {
    event.preventDefault();
    const wanted = words.trim();
    if (!wanted) return;
    running.current?.abort();
    const stop = (running.current = new AbortController());
    setFound(null);
    setLooked(wanted);
    void act(() => search(id, wanted, lastSeq, setFound, stop.signal));
  };
  const toDay = (value: string) =>
    value &&
    act(async () => {
      const from = document.activeElement;
      // The reader's own midnight.
      const seq = await seqOfDay(id, new Date(`${value}T00:00`), lastSeq);
      if (isGone.current) return;
      if (seq === null) throw new Error("Nothing was said on that day or later");
      await goTo(seq, from);
    });
  return (
    <section ref={box} class="find" aria-label="find in this conversation" onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <form class="find-line" onSubmit={look}>
        <label class="visually-hidden" for="find-words">words</label>
        <input id="find-words" type="search" placeholder="find words..." value={words} ref={takeFocus} onInput={(event) => setWords(event.currentTarget.value)} />
        <button type="submit" class="outline small" aria-label="find"><span class="find-label">find</span> <Icon of={SearchIcon} size={14} /></button>
        <label class="find-date" title="go to a day">
          <span class="meta find-label">go to</span>
          <Icon of={CalendarDays} size={16} />
          <input type="date" aria-label="day" onClick={pick} onBlur={(event) => event.currentTarget.classList.remove("picking")} onChange={(event) => toDay(event.currentTarget.value)} />
        </label>
        <button type="button" class="ghost small" aria-label="beginning" title="beginning" onClick={() => act(() => goTo(1))}><span class="find-label">beginning</span> <Icon of={ArrowUpToLine} size={14} /></button>
        <button type="button" class="ghost small" aria-label="close" title="close" onClick={onClose}><span class="find-label">close</span> <Icon of={X} size={14} /></button>
      </form>
      <p class="meta" role="status">
        {busy && !found && "looking..."}
        {found && `${count(found.hits.length, "message")} in ${count(found.looked, "message")}${found.done ? "" : ", looking on..."}`}
      </p>
      <p class="error-text" role="alert">{error}</p>
      {found && found.hits.length > 0 && (
        <ol class="hits">
          {found.hits.map((message) => (
            <li key={message.id}>
              <button type="button" class="hit" onClick={() => act(() => goTo(message.seq))}>
                <span class="meta">{message.role === "user" ? visibleText(message.author?.displayName ?? "participant") : "omega"} · {dayOf(message.createdAt)} {clock(message.createdAt)}</span>
                <Snippet message={message} words={looked} />
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** Where the field is but a picture, a press anywhere on it opens the calendar. */
function pick({ currentTarget: field }: Event & { currentTarget: HTMLInputElement }) {
  if (getComputedStyle(field).opacity === "1") return;
  field.classList.add("picking");
  try {
    field.showPicker();
  } catch {
    // A browser without one shows the field to write in.
    field.classList.remove("picking");
  }
}

const AROUND = 60;

function Snippet({ message, words }: { message: Message; words: string }) {
  const text = readableText(message.content.replace(/\s+/g, " "));
  const at = Math.max(0, text.toLowerCase().indexOf(words.toLowerCase()));
  const [from, to] = [Math.max(0, at - AROUND), at + words.length + AROUND];
  return (
    <span class="hit-text">
      {from > 0 && "…"}{text.slice(from, at)}<mark>{text.slice(at, at + words.length)}</mark>{text.slice(at + words.length, to)}{to < text.length && "…"}
    </span>
  );
}
