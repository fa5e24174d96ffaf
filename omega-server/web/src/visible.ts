// Foreign text made safe to look at: what reorders or does not show stands there as its escape.

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;
/** Only what overrides the direction of other text; marks and isolates are part of honest right-to-left writing. */
const OVERRIDES = /[\u202a-\u202e]/g;

const escaped = (hidden: string): string =>
  Array.from({ length: hidden.length }, (_, at) => `\\u${hidden.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");

/** For names, inputs, outputs and code: nothing hides. Joiners stay, which letters and emoji need. */
export const visibleText = (text: string): string => text.replace(HIDDEN, escaped);

/** For prose: nothing turns the words around it. */
export const readableText = (text: string): string => text.replace(OVERRIDES, escaped);

/** The host that an address really leads to, when the words of its link look like another one; else nothing. */
export function hostBeside(words: string, href: string): string | null {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return null;
  }
  if (url.protocol === "mailto:") {
    const to = url.pathname;
    return words.includes("@") && words.trim().toLowerCase() !== to.toLowerCase() ? to : null;
  }
  const host = url.host;
  // Of an address its host: what comes behind may look like one (`/index.html`).
  const places = words.normalize("NFKC").toLowerCase().split(/\s+/).map((word) => word.replace(/^[a-z]+:\/\//, "").replace(/[/?#].*$/, ""));
  const named = places.flatMap((place) => place.match(/[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu) ?? []);
  const honest = named.every((name) => isOf(host, name));
  return honest && !url.username ? null : host;
}

/** Words name a host when they are it, or the end of it, or not a host at all (`e.g.`, `v1.2`). */
function isOf(host: string, name: string): boolean {
  const looksLikeOne = /\.\p{L}{2,}$/u.test(name);
  return !looksLikeOne || host === name || host.endsWith(`.${name}`) || host === `www.${name}`;
}
