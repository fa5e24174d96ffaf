import { useState } from "preact/hooks";
import { ApiError } from "../api";

/** Sends an answer once: busy until the run goes on, and why not when it does not. */
export function useAnswer() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const answer = async (send: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await send();
      // The events take the question away; the keyboard goes on in the composer.
      document.getElementById("message")?.focus();
    } catch (cause) {
      // Somebody else was first: their answer is on its way here too.
      if (cause instanceof ApiError && cause.status === 409) return;
      setBusy(false);
      setError(cause instanceof Error ? cause.message : "It could not be sent. Try again");
    }
  };
  return { busy, error, answer };
}
