import { ArrowUp, Paperclip, X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { LONG_PASTE, attached, pasted, type Attachment } from "../attachment";
import { draft, keepDraft } from "../stored";
import { bytes } from "../words";
import { Icon } from "./icon";

interface Props {
  /** Where an unsent text belongs: the conversation's id, or empty for the front page. */
  place: string;
  placeholder: string;
  /** A text to put in, by a click elsewhere. */
  fill?: { text: string } | null;
  /** Rejects with a sentence when the text was not sent; it is still here then. */
  onSend: (text: string, data?: string) => Promise<void>;
  /** What Escape stops, when there is nothing typed. */
  onEscape?: (() => void) | null;
  /** Whether what is sent takes the place of an earlier message. */
  replaces?: boolean;
  /** It does not after all. */
  onAnew?: () => void;
  /** Why nothing can be sent right now, in words. */
  blocked?: string | null;
  children?: ComponentChildren;
}

/** Enter sends, Shift+Enter breaks the line. A text leaves only when the server has it. */
export function Composer({ place, placeholder, fill, onSend, onEscape, replaces, onAnew, blocked, children }: Props) {
  const [text, setText] = useState(() => draft(place));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const lastSent = useRef("");
  const [attachment, setAttachment] = useState<Attachment | null>(null);
  const file = useRef<HTMLInputElement>(null);

  const change = (next: string) => {
    setText(next);
    setError(null);
    keepDraft(place, next);
    if (!next.trim()) onAnew?.();
  };
  // Before anybody can type again: a text that came later would be put before what is typed by then.
  useLayoutEffect(() => {
    if (!fill) return;
    // What was typed stays below it.
    change(text.trim() && text !== fill.text ? `${fill.text}\n\n${text}` : fill.text);
    box.current?.focus();
  }, [fill]);
  useEffect(() => {
    // On a touch screen focus would open the keyboard over the page.
    if (matchMedia("(pointer: fine)").matches) box.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [text]);

  const hasContent = text.trim() !== "" || attachment !== null;
  const attach = async (make: () => Attachment | Promise<Attachment>) => {
    setError(null);
    try {
      setAttachment(await make());
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : "It could not be attached. Try again");
    }
    box.current?.focus();
  };
  const drop = (event: DragEvent) => {
    const dropped = event.dataTransfer?.files[0];
    if (!dropped) return;
    event.preventDefault();
    void attach(() => attached(dropped));
  };
  const paste = (event: ClipboardEvent) => {
    const long = event.clipboardData?.getData("text/plain") ?? "";
    if (long.length < LONG_PASTE) return;
    event.preventDefault();
    void attach(() => pasted(long));
  };
  const send = async () => {
    if (busy || blocked || !hasContent) return;
    const sent = text;
    setBusy(true);
    setError(null);
    try {
      await onSend(sent, attachment?.text);
      setAttachment(null);
      lastSent.current = sent;
      // What was typed meanwhile stays.
      setText((now) => {
        const rest = now.startsWith(sent) ? now.slice(sent.length) : now;
        keepDraft(place, rest);
        return rest;
      });
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : "The message was not sent. Try again");
    } finally {
      setBusy(false);
      // A question may have come up meanwhile and have taken the keyboard.
      if (document.activeElement === document.body || box.current?.form?.contains(document.activeElement)) box.current?.focus();
    }
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.isComposing && !text && onEscape) {
      event.preventDefault();
      return onEscape();
    }
    // The last text that was sent from here, as in a shell; what is typed stays.
    if (event.key === "ArrowUp" && !text && lastSent.current) {
      event.preventDefault();
      return change(lastSent.current);
    }
    // While an input method composes, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  };
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); void send(); }}
      onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <div class="column">
        <p class="error-text" role="alert">{error}</p>
        {replaces && (
          <p class="attachment">
            <span class="meta">edits an earlier message; that version stays above</span>
            <button type="button" class="ghost small" onClick={() => { onAnew?.(); box.current?.focus(); }}>send as a new one <Icon of={X} size={14} /></button>
          </p>
        )}
        {attachment && (
          <p class="attachment">
            <span class="meta">goes along: {attachment.name} · {bytes(attachment.bytes)}</span>
            <button type="button" class="ghost small" aria-label={`remove ${attachment.name}`} onClick={() => setAttachment(null)}>remove <Icon of={X} size={14} /></button>
          </p>
        )}
        <div class="composer-box">
          <label class="visually-hidden" for="message">message</label>
          <textarea id="message" ref={box} rows={1} placeholder={placeholder} value={text} aria-busy={busy} aria-describedby="composer-hint"
            onInput={(event) => change(event.currentTarget.value)} onKeyDown={key} onPaste={paste} />
          <input ref={file} type="file" class="hidden" aria-label="file to attach" onChange={(event) => {
            const chosen = event.currentTarget.files?.[0];
            event.currentTarget.value = "";
            if (chosen) void attach(() => attached(chosen));
          }} />
          <button type="submit" disabled={busy || Boolean(blocked) || !hasContent}>{busy ? "sending..." : "send"} <Icon of={ArrowUp} /></button>
        </div>
        <div class="composer-foot">
          <span id="composer-hint" class="meta hint">{blocked ?? `enter sends · shift+enter breaks the line${onEscape ? " · esc cancels the run" : ""}`}</span>
          <span class="composer-tools">
            <button type="button" class="ghost small attach" onClick={() => file.current?.click()} aria-label="attach a file of text">attach <Icon of={Paperclip} size={14} /></button>
            {children}
          </span>
        </div>
      </div>
    </form>
  );
}
