// Keys for what is done often. One table makes the bindings, the list of them and what assistive technology is told; each has a
// modifier, so that nothing which is typed or said is taken for one.

import { FRONT, go } from "./route";

export interface Shortcut {
  /** As a person reads it. */
  keys: string;
  words: string;
  isPressed: (event: KeyboardEvent) => boolean;
  /** Does it; false where there is nothing to do it with. */
  act: () => boolean;
}

const withControl = (key: string, shift: boolean) => (event: KeyboardEvent) =>
  (event.ctrlKey || event.metaKey) && !event.altKey && event.shiftKey === shift && event.key.toLowerCase() === key;

/** Presses the first of the page's own buttons of this name that can be pressed. */
const press = (name: string) => () => {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>(`[data-key="${name}"]`)];
  const button = buttons.find((one) => !one.disabled && !one.closest("[inert]"));
  button?.click();
  return button !== undefined;
};

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: "ctrl+shift+o", words: "new conversation", isPressed: withControl("o", true), act: () => (go(FRONT), true) },
  {
    keys: "shift+esc",
    words: "to the message",
    isPressed: (event) => event.shiftKey && event.key === "Escape",
    act: () => {
      const box = document.getElementById("message");
      box?.focus();
      return box !== null;
    },
  },
  { keys: "ctrl+shift+f", words: "find in the conversation", isPressed: withControl("f", true), act: press("find") },
  { keys: "ctrl+shift+e", words: "tool calls", isPressed: withControl("e", true), act: press("tools") },
  { keys: "ctrl+shift+d", words: "events", isPressed: withControl("d", true), act: press("debug") },
  { keys: "ctrl+/", words: "this list", isPressed: withControl("/", false), act: press("keys") },
];

/** What else the keyboard does, where it is said. */
export const KEYS: readonly (readonly [keys: string, words: string])[] = [
  ...SHORTCUTS.map(({ keys, words }) => [keys, words] as const),
  ["enter", "send the message"],
  ["shift+enter", "break its line"],
  ["↑", "in an empty message: the last one that was sent"],
  ["esc", "in an empty message: cancel the run; elsewhere: close"],
];

/** Listens for as long as the page lives, before what has the keyboard. While a dialog is open its own keys are all there are. */
export function listenToShortcuts(): void {
  addEventListener("keydown", (event) => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    const pressed = SHORTCUTS.find(({ isPressed }) => isPressed(event));
    if (!pressed?.act()) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
}
