import type { ComponentChildren } from "preact";

/** A text of the server's own, in which commands and names stand between backticks: those as code, everything else as it is. */
export function withCode(text: string): ComponentChildren {
  return text.split("`").map((piece, at, all) => {
    const isClosed = at % 2 === 1 && at < all.length - 1;
    if (isClosed) return <code key={at}>{piece}</code>;
    return at % 2 === 1 ? `\`${piece}` : piece;
  });
}
