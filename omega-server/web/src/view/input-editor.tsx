import { useState } from "preact/hooks";

interface Props {
  id: string;
  input: unknown;
  busy: boolean;
  onAllow: (input: unknown) => void;
  onBack: () => void;
}

/** Another input in place of the model's, as JSON. */
export function InputEditor({ id, input, busy, onAllow, onBack }: Props) {
  const [text, setText] = useState(() => JSON.stringify(input, null, 2));
  const [error, setError] = useState<string | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    try {
      const value = JSON.parse(text) as unknown;
      if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("An input is a JSON object, {...}");
      onAllow(value);
    } catch (cause) {
      setError(cause instanceof SyntaxError ? `That is no JSON: ${cause.message}` : (cause as Error).message);
    }
  };
  return (
    <form class="ask-form" onSubmit={submit}>
      <label for={`input-${id}`}>The input instead</label>
      <textarea id={`input-${id}`} class="wide-text" rows={8} spellcheck={false} autofocus value={text} disabled={busy}
        aria-invalid={error !== null} aria-describedby={`problem-${id}`}
        onInput={(event) => { setText(event.currentTarget.value); setError(null); }} />
      <p id={`problem-${id}`} class="error-text" role="alert">{error}</p>
      <div class="ask-buttons">
        <button type="submit" disabled={busy}>allow with this input</button>
        <button type="button" class="outline" disabled={busy} onClick={onBack}>back</button>
      </div>
    </form>
  );
}
