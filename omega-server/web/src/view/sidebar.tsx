import { Keyboard, LogOut, Plus, Settings as SettingsIcon, X } from "lucide";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { giveBack } from "../focus";
import { FRONT, SETTINGS, conversationPath, stay } from "../route";
import { chooseTheme, forget, theme, type Recent, type Theme } from "../stored";
import type { Whoami } from "../types";
import { count, when } from "../words";
import { visibleText } from "../visible";
import type { Health } from "./status-banner";
import { Icon } from "./icon";

/** So many conversations want a search. */
const MANY = 8;

interface Props {
  rows: Recent[];
  current: string;
  who: Whoami;
  open: boolean;
  status: Health;
  onClose: () => void;
  onRows: (rows: Recent[]) => void;
  onKeys: () => void;
  onSignOut: () => void;
}

/** Recent conversations of this browser, the account, the theme; a drawer on narrow screens. */
export function Sidebar({ rows, current, who, open, status, onClose, onRows, onKeys, onSignOut }: Props) {
  const box = useRef<HTMLElement>(null);
  const [words, setWords] = useState("");
  const wanted = rows.length > MANY ? words.trim().toLowerCase() : "";
  const fitting = wanted ? rows.filter((row) => row.title.toLowerCase().includes(wanted)) : rows;
  // Before the browser takes the focus from what is inert now.
  useLayoutEffect(() => {
    if (!open) return;
    const before = document.activeElement;
    box.current?.querySelector<HTMLElement>("a, button")?.focus();
    const close = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    addEventListener("keydown", close);
    return () => {
      removeEventListener("keydown", close);
      requestAnimationFrame(() => giveBack(before));
    };
  }, [open]);
  return (
    <>
      {open && <div class="backdrop" onClick={onClose} />}
      <nav ref={box} class={`sidebar${open ? " open" : ""}`} aria-label="conversations">
        <div class="sidebar-head">
          <a class="brand" href={FRONT} onClick={stay(FRONT)}><span class="mark" aria-hidden="true">Ω</span> omega</a>
          <button type="button" class="ghost small only-narrow" onClick={onClose}>close <Icon of={X} size={14} /></button>
        </div>
        <a class="button outline wide" href={FRONT} onClick={stay(FRONT)} aria-current={current === "front" ? "page" : undefined}>
          new conversation <Icon of={Plus} />
        </a>
        <h2 class="label">recent</h2>
        {rows.length > MANY && (
          <input type="search" class="recent-search" aria-label="find a conversation by its title" placeholder="find a title..." value={words}
            onInput={(event) => setWords(event.currentTarget.value)} />
        )}
        <ul class="recent">
          {fitting.map((row) => (
            <li key={row.id}>
              <a href={conversationPath(row.id)} onClick={stay(conversationPath(row.id))}
                aria-current={row.id === current ? "page" : undefined} title={visibleText(row.title)}>
                <span class="recent-title">{visibleText(row.title)}</span>
                {row.yours
                  ? <span class="meta waits">● waiting for you</span>
                  : <span class="meta">{row.state === "paused" ? "waiting" : row.state === "running" ? "at work" : when(row.at, Date.now())}</span>}
              </a>
              <button type="button" class="ghost small forget" aria-label={`remove ${visibleText(row.title)} from this list`}
                onClick={() => onRows(forget(row.id))}><Icon of={X} size={14} /></button>
            </li>
          ))}
          {rows.length > 0 && fitting.length === 0 && <li class="note">No title has these words</li>}
          {rows.length === 0 && <li class="note">Conversations that you open here are listed in this browser</li>}
        </ul>
        <footer class="sidebar-foot">
          <HealthLine status={status} />
          <div class="account">
            <span class="who" title={visibleText(who.displayName)}>{visibleText(who.displayName)}</span>
            <ThemeChoice />
          </div>
          <div class="account">
            <a class="button ghost small" href={SETTINGS} onClick={stay(SETTINGS)} aria-current={current === "settings" ? "page" : undefined}>settings <Icon of={SettingsIcon} size={14} /></a>
            <button type="button" class="ghost small keys-button" data-key="keys" aria-label="keyboard" title="what the keyboard does" onClick={onKeys}><Icon of={Keyboard} size={14} /></button>
            <button type="button" class="ghost small" onClick={onSignOut}>sign out <Icon of={LogOut} size={14} /></button>
          </div>
        </footer>
      </nav>
    </>
  );
}

function HealthLine({ status }: { status: Health }) {
  if (status === null) return <p class="meta">asking the server...</p>;
  if (status === "unreachable") return <p class="meta bad">server unreachable</p>;
  // Who has just been signed out is told one word.
  if (!("registry" in status)) return <p class="meta">server {status.status}</p>;
  return (
    <p class="meta health">
      <span class={`dot ${status.registry.status}`} aria-hidden="true" />
      registry {status.registry.status === "ok" ? count(status.registry.tools, "tool") : status.registry.status}
      <br />
      <span class={`dot ${status.executor.status}`} aria-hidden="true" />
      executor {status.executor.status === "ok" ? status.executor.detail : status.executor.status}
    </p>
  );
}

const THEMES: readonly Theme[] = ["system", "light", "dark"];

function ThemeChoice() {
  const [shown, setShown] = useState(theme);
  const choose = (next: Theme) => {
    chooseTheme(next);
    setShown(next);
  };
  return (
    <select class="theme" aria-label="theme" value={shown} onChange={(event) => choose(event.currentTarget.value as Theme)}>
      {THEMES.map((name) => <option key={name} value={name}>{name}</option>)}
    </select>
  );
}
