// What this browser keeps for the reader: recent conversations, unsent text, the theme. A browser that forbids storage works
// without; but the server lists no conversations, so what is not in the list is found by its address alone.

export interface Recent {
  id: string;
  title: string;
  at: number;
  /** How it was when it was last looked at; missing when it rested. */
  state?: "running" | "paused";
  /** Whether it waited for the reader. */
  yours?: boolean;
}

const RECENT = "omega.recent";
const THEME = "omega.theme";
/** As many as a list may show at once; what falls off its end can't be found again here. */
const LIMIT = 500;

function read<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden.
  }
}

const isRecent = (row: unknown): row is Recent =>
  typeof row === "object" && row !== null && typeof (row as Recent).id === "string" && typeof (row as Recent).title === "string";

/** The conversations opened here, newest first. */
export function recent(): Recent[] {
  const rows = read<unknown>(RECENT, []);
  return Array.isArray(rows) ? rows.filter(isRecent) : [];
}

/** Puts a conversation at the top of the list. */
export function remember(id: string, title: string, state?: string, yours?: boolean): Recent[] {
  const row: Recent = { id, title, at: Date.now(), ...((state === "running" || state === "paused") && { state }), ...(yours && { yours }) };
  const rows = [row, ...recent().filter((row) => row.id !== id)].slice(0, LIMIT);
  write(RECENT, rows);
  return rows;
}

/** Notes how a conversation is that nobody has open; it stays where it is in the list. */
export function note(id: string, state: string | undefined): Recent[] {
  const rows = recent().map((row) => {
    if (row.id !== id) return row;
    const { state: _, yours: __, ...rest } = row;
    return { ...rest, ...((state === "running" || state === "paused") && { state }) } as Recent;
  });
  write(RECENT, rows);
  return rows;
}

/** Takes a conversation off the list. */
export function forget(id: string): Recent[] {
  const rows = recent().filter((row) => row.id !== id);
  write(RECENT, rows);
  return rows;
}

/** Forgets everything that names a conversation: for signing out of a shared browser. */
export function forgetAll(): void {
  try {
    localStorage.removeItem(RECENT);
    sessionStorage.clear();
  } catch {
    // Forbidden: then nothing was kept either.
  }
}

const draftKey = (place: string) => `omega.draft.${place}`;

/** The unsent text of a conversation (or of the front page), kept per tab. */
export function draft(place: string): string {
  try {
    return sessionStorage.getItem(draftKey(place)) ?? "";
  } catch {
    return "";
  }
}

/** Keeps the unsent text over a reload. */
export function keepDraft(place: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(draftKey(place), text);
    else sessionStorage.removeItem(draftKey(place));
  } catch {
    // Full or forbidden.
  }
}

export type Theme = "system" | "light" | "dark";

/** The theme that was chosen. */
export function theme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** Chooses a theme; `theme.ts` reads it before the first paint of the next load. */
export function chooseTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // It holds for this page then.
  }
}
