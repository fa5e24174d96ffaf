// How a page that nobody looks at says that it waits for somebody: in the tab's title and icon, and by a notification where
// the reader allowed one in this browser.

import { visibleText } from "./visible";

const WISH = "omega.notify";

const icon = globalThis.document?.querySelector<HTMLLinkElement>('link[rel="icon"]');
/** The addresses of the icons, which are written as seen from where the page was opened: from elsewhere they would lead astray. */
const icons = icon && { calm: icon.href, waiting: new URL(icon.dataset["waiting"] ?? icon.href, document.baseURI).href };
if (icon && icons) icon.href = icons.calm;

/** Title and icon of the tab. */
export function markTab(title: string, isWaiting: boolean): void {
  document.title = `${isWaiting ? "● waiting for you · " : ""}${visibleText(title)}`;
  if (icon && icons) icon.href = isWaiting ? icons.waiting : icons.calm;
}

/** `off` where the reader did not ask for them, `refused` or `impossible` where the browser says no. */
export type Notifying = "on" | "off" | "refused" | "impossible";

export function notifying(): Notifying {
  // Only in a secure context: not on a plain address of the network.
  if (!("Notification" in window) || !window.isSecureContext) return "impossible";
  if (Notification.permission === "denied") return "refused";
  try {
    return localStorage.getItem(WISH) === "on" && Notification.permission === "granted" ? "on" : "off";
  } catch {
    return "off";
  }
}

/** Turns notifications on, which the browser asks about, or off. */
export async function wishNotifications(wished: boolean): Promise<Notifying> {
  const now = notifying();
  if (now === "impossible" || now === "refused") return now;
  if (wished && (await Notification.requestPermission()) !== "granted") return notifying();
  try {
    localStorage.setItem(WISH, wished ? "on" : "off");
  } catch {
    // Forbidden: then it stays off.
  }
  return notifying();
}

/** Tells somebody who looks elsewhere; one of a kind replaces the one before. */
export function notify(title: string, body: string, tag: string): void {
  if (!document.hidden && document.hasFocus()) return;
  if (notifying() !== "on") return;
  const shown = new Notification(title, { body, tag });
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
}
