// The server's clock, by what it says with its answers: the reader's own may be hours off, and what has been at work for two
// seconds is not to be told as two hours.

/** Milliseconds below which the difference is the way of an answer and no other clock. */
const WAY = 2_000;

let ahead = 0;

/** An answer said when it was made. */
export function heard(timestamp: unknown): void {
  const difference = typeof timestamp === "string" ? Date.parse(timestamp) - Date.now() : Number.NaN;
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) > WAY ? difference : 0;
}

/** Now, as the server tells it. */
export const serverNow = (): number => Date.now() + ahead;
