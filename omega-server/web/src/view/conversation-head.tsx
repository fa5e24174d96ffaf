import { useRef } from "preact/hooks";
import { exportUrl } from "../api";
import type { View } from "../fold";
import { conversationPath } from "../route";
import { count } from "../words";
import { CopyButton } from "./copy-button";

interface Props {
  id: string;
  title: string | null;
  view: View | null;
  debug: boolean;
  onDebug: () => void;
  onMenu: () => void;
}

/** Title, participants, and what can be done with the conversation as a whole. */
export function ConversationHead({ id, title, view, debug, onDebug, onMenu }: Props) {
  const people = view?.participants ?? [];
  const names = people.map((person) => person.displayName).join(", ");
  return (
    <header class="conversation-head">
      <button type="button" class="ghost small only-narrow" onClick={onMenu}>menu</button>
      <div class="title">
        <h1 title={title ?? undefined}>{title ?? "loading..."}</h1>
        <p class="meta">
          {view?.conversation?.model}
          {people.length > 1 && <span title={names}> · {count(people.length, "participant")}</span>}
        </p>
      </div>
      <div class="actions">
        <CopyButton text={location.origin + conversationPath(id)} what="the address of this conversation" label="share" />
        <ExportMenu id={id} />
        <button type="button" class="ghost small" aria-pressed={debug} onClick={onDebug}>debug</button>
      </div>
    </header>
  );
}

/** The two formats; closes when the reader goes elsewhere, or by Escape. */
function ExportMenu({ id }: { id: string }) {
  const box = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (box.current) box.current.open = false;
  };
  const left = (event: FocusEvent) => {
    if (!(event.relatedTarget instanceof Node && box.current?.contains(event.relatedTarget))) close();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    close();
    box.current?.querySelector("summary")?.focus();
  };
  return (
    <details class="menu" ref={box} onFocusOut={left} onKeyDown={key}>
      <summary class="button ghost small">export</summary>
      <div class="menu-list" onClick={close}>
        <a href={exportUrl(id, "markdown")} download={`omega-${id}.md`}>markdown</a>
        <a href={exportUrl(id, "json")} download={`omega-${id}.json`}>json</a>
      </div>
    </details>
  );
}
