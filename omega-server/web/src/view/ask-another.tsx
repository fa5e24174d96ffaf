import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** The models that can be asked. */
export const ModelNames = createContext<readonly string[]>([]);

/** Asks a question once more by another model; the conversation keeps its own. */
export function AskAnother({ model, onAsk }: { model: string; onAsk: (model: string) => void }) {
  const names = useContext(ModelNames).filter((name) => name !== model);
  if (names.length === 0) return null;
  // What was chosen is asked at once, so the list always shows what it is for.
  const ask = (list: HTMLSelectElement) => {
    const chosen = list.value;
    list.value = "";
    if (chosen) onAsk(chosen);
  };
  return (
    <select class="ask-another" aria-label="ask another model" value="" onChange={(event) => ask(event.currentTarget)}>
      <option value="">ask another...</option>
      {names.map((name) => <option key={name} value={name}>{name}</option>)}
    </select>
  );
}
