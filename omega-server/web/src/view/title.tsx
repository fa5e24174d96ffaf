import { Pencil } from "lucide";
import { useState } from "preact/hooks";
import { updateConversation } from "../account";
import { takeFocus } from "../focus";
import { visibleText } from "../visible";
import { Icon } from "./icon";

interface Props {
  id: string;
  title: string | null;
  /** The owner may rename it. */
  isOwner: boolean;
}

/** The conversation's name; its owner changes it in its place. */
export function Title({ id, title, isOwner }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [left, setLeft] = useState(false);
  const close = () => {
    setDraft(null);
    setError(null);
    setLeft(true);
  };
  const rename = async (event: Event) => {
    event.preventDefault();
    const name = draft?.trim() ?? "";
    if (!name || name === title) return close();
    setBusy(true);
    try {
      await updateConversation(id, { title: name });
      close();
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : "It was not renamed. Try again");
    }
    setBusy(false);
  };
  if (draft === null) {
    return (
      <div class="title-line">
        <h1 title={title === null ? undefined : visibleText(title)}>{title === null ? "loading..." : visibleText(title)}</h1>
        {isOwner && title && <button type="button" class="ghost small rename" ref={left ? takeFocus : null} onClick={() => setDraft(title)}>rename <Icon of={Pencil} size={14} /></button>}
      </div>
    );
  }
  return (
    <form class="title-form" onSubmit={rename} onKeyDown={(event) => event.key === "Escape" && close()}>
      <label class="visually-hidden" for="conversation-title">title of the conversation</label>
      <input id="conversation-title" type="text" maxLength={200} value={draft} ref={takeFocus} readOnly={busy}
        aria-invalid={error !== null} onInput={(event) => setDraft(event.currentTarget.value)} />
      <button type="submit" class="small">{busy ? "renaming..." : "rename"}</button>
      <button type="button" class="ghost small" onClick={close}>keep</button>
      <p class="error-text" role="alert">{error}</p>
    </form>
  );
}
