import type { Link } from "../follow";

/** How the stream stands, in words, with what still works; nothing when all is well. */
export function linkWords(link: Link): string | null {
  switch (link.state) {
    case "live":
    case "loading":
      return null;
    case "offline":
      return "You are offline. What is here stays readable and what you type is kept; runs go on at the server";
    case "reconnecting":
      // A first cut is mended in a quarter of a second: words for it would only flicker.
      if (link.attempt === 1) return null;
      return link.attempt < 4
        ? "Reconnecting..."
        : "The server does not answer; trying again. What is here stays readable and what you type is kept";
    case "failed":
      return link.error.message;
  }
}
