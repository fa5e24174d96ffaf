import { useState } from "preact/hooks";
import { ApiError, signIn } from "../api";

/** Takes an API key once; the server answers with a cookie that scripts can't read, and the key is not kept here. */
export function SignIn({ onSignedIn, reason }: { onSignedIn: () => void; reason: string | null }) {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(reason);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!key.trim()) {
      setError("Paste an API key first");
      return;
    }
    setBusy(true);
    setError(null);
    try {
      // Who types a key in wishes to be whose it is.
      await signIn({ apiKey: key.trim(), replace: true });
      setKey("");
      onSignedIn();
    } catch (cause) {
      setError(
        cause instanceof ApiError && cause.status === 401
          ? "This server does not know that key. Check that it is complete and not revoked"
          : cause instanceof Error
            ? cause.message
            : "Signing in failed. Try again",
      );
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <div class="panel">
        <p class="brand"><span class="mark" aria-hidden="true">Ω</span> omega</p>
        <h1>Sign In</h1>
        <p class="quiet">One agent with the whole TPMJS tool registry at hand</p>
        <form onSubmit={submit}>
          <label for="api-key">TPMJS API key</label>
          <input
            id="api-key"
            name="api-key"
            type="password"
            autocomplete="current-password"
            spellcheck={false}
            placeholder="tpmjs_sk_..."
            value={key}
            aria-invalid={error !== null}
            aria-describedby="sign-in-note sign-in-error"
            onInput={(event) => setKey(event.currentTarget.value)}
          />
          <p id="sign-in-error" class="error-text" role="alert">{error}</p>
          <button type="submit" disabled={busy}>{busy ? "signing in..." : "sign in"}</button>
          <p id="sign-in-note" class="note">
            <code>omega open</code> signs a browser in without a key, from the machine that the server runs on; the first start
            of <code>omega serve</code> prints one. A key is sent once and not kept in the browser
          </p>
        </form>
      </div>
    </main>
  );
}
