// Where the server lies: the path in front of `/omega` and `/api`, which is empty unless a proxy put it somewhere else. The
// page's own script knows, by the address that it came from.

export const ROOT = rootOf(import.meta.url);

/** The path in front of `/omega/assets/` in a script's address. */
export function rootOf(script: string): string {
  return /^(.*)\/omega\/assets\/[^/]*$/.exec(new URL(script).pathname)?.[1] ?? "";
}

/** An address of the server, as the API gives it, as one of this origin. */
export const address = (path: string) => new URL(path.startsWith("/") ? ROOT + path : path, location.origin).href;
