import { useState } from "preact/hooks";
import { takeFocus } from "../focus";

interface Props {
  id: string;
  input: unknown;
  busy: boolean;
  /** What is asked for. */
  asked: string;
  /** What its button says. */
  label: string;
  onDone: (input: unknown) => void;
  onBack: () => void;
}

/** Another input in place of the model's, as JSON. */
export function InputEditor({ id, input, busy, asked, label, onDone, onBack }: Props) {
  const [text, setText] = useState(() => JSON.stringify(input, null, 2));
  const [error, setError] = useState<string | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    try {
      const value = JSON.parse(text) as unknown;
      if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("An input is a JSON object, {...}");
      onDone(value);
    } catch (cause) {
      setError(cause instanceof SyntaxError ? `That is no JSON: ${cause.message}` : (cause as Error).message);
    }
  };
  return (
    <form class="ask-form" onSubmit={submit}>
      <label for={`input-${id}`}>{asked}</label>
      <textarea id={`input-${id}`} class="wide-text" rows={8} spellcheck={false} ref={takeFocus} value={text} disabled={busy}
        aria-invalid={error !== null} aria-describedby={`problem-${id}`}
        onInput={(event) => { setText(event.currentTarget.value); setError(null); }} />
      <p id={`problem-${id}`} class="error-text" role="alert">{error}</p>
      <div class="ask-buttons">
        <button type="submit" disabled={busy}>{label}</button>
        <button type="button" class="outline" disabled={busy} onClick={onBack}>back</button>
      </div>
    </form>
  );
}
