import { X } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { rotateLink, setBlocked, updateConversation } from "../../account";
import { ApiError } from "../../api";
import type { View } from "../../state";
import { address } from "../../root";
import type { GuestCredentials, Visibility, Whoami } from "../../types";
import { visibleText } from "../../visible";
import { Avatar } from "../avatar";
import { CopyButton } from "../copy-button";
import { Sure } from "../settings/section";
import { Icon } from "../icon";
import { useOpener } from "../use-opener";

interface Props {
  id: string;
  view: View;
  me: Whoami;
  onClose: () => void;
}

const VISIBILITY: Record<Visibility, string> = {
  link: "whoever is signed in and has the link",
  private: "only you",
};

const POLICY: Record<GuestCredentials, string> = {
  approve: "each call waits for your approval",
  allow: "calls use them",
  deny: "no call gets any",
};

/** The link, who may open it, what guests may do, and who takes part. The owner changes it; guests see it. */
export function ShareDialog({ id, view, me, onClose }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useOpener(box, true);
  useEffect(() => {
    // A modal dialog keeps the focus.
    if (!box.current?.open) box.current?.showModal();
  }, []);
  const conversation = view.conversation;
  const isOwner = view.participants.some((person) => person.role === "owner" && person.userId === me.userId);
  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (cause) {
      setError(cause instanceof ApiError ? cause.message : "It did not work. Try again");
    } finally {
      setBusy(false);
    }
  };
  const link = conversation ? address(conversation.url) : location.href;
  return (
    <dialog ref={box} class="dialog" aria-labelledby="share-title" onClose={onClose}>
      <header class="dialog-head">
        <h2 id="share-title">Share</h2>
        <button type="button" class="ghost small" onClick={() => box.current?.close()}>close <Icon of={X} size={14} /></button>
      </header>
      <div class="field">
        <label for="share-link">link</label>
        <div class="settings-line">
          <input id="share-link" type="text" readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
          <CopyButton text={link} what="the link" />
        </div>
      </div>
      {isOwner && (
        <>
          <div class="field">
            <label for="share-visibility">who may open it</label>
            <select id="share-visibility" value={conversation?.visibility ?? "link"} disabled={busy}
              onChange={(event) => act(() => updateConversation(id, { visibility: event.currentTarget.value as Visibility }))}>
              {Object.entries(VISIBILITY).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
            </select>
          </div>
          <div class="field">
            <label for="share-policy">your credentials in guests' messages</label>
            <select id="share-policy" value={conversation?.guestCredentials ?? "approve"} disabled={busy}
              onChange={(event) => act(() => updateConversation(id, { guestCredentials: event.currentTarget.value as GuestCredentials }))}>
              {Object.entries(POLICY).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
            </select>
          </div>
          <div class="dialog-row">
            <p class="note">A new link ends the one before, and whoever came by it is out</p>
            <Sure label="replace link" what="of this conversation" disabled={busy} onSure={() => void act(() => rotateLink(id))} />
          </div>
        </>
      )}
      <h3 class="label" id="share-people">participants</h3>
      <ul class="rows" aria-labelledby="share-people">
        {view.participants.map((person) => (
          <li key={person.userId}>
            <span class="person">
              <Avatar name={person.displayName} hash={person.gravatarHash} />
              <span>{visibleText(person.displayName)}</span>
              <span class="meta">
                {person.role}{person.userId === me.userId && " · you"}{person.blocked && " · blocked"}
              </span>
            </span>
            {isOwner && person.role !== "owner" && (person.blocked
              ? <button type="button" class="outline small" disabled={busy} aria-label={`unblock ${visibleText(person.displayName)}`}
                  onClick={() => act(() => setBlocked(id, person.userId, false))}>unblock</button>
              : <Sure label="block" what={visibleText(person.displayName)} disabled={busy} onSure={() => void act(() => setBlocked(id, person.userId, true))} />)}
          </li>
        ))}
      </ul>
      <p class="error-text" role="alert">{error}</p>
    </dialog>
  );
}
