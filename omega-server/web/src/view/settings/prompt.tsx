import { useEffect, useState } from "preact/hooks";
import { changeSettings, prompt } from "../../account";
import type { CustomPrompt } from "../../types";
import { Section } from "./section";
import { useList } from "./use-list";

/** The user's own part of the system prompt, and what runs get of it. */
export function Prompt() {
  const { items, busy, error, act } = useList(prompt);
  const [mode, setMode] = useState<CustomPrompt["mode"]>("extend");
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    if (!items) return;
    setMode(items.mode);
    setText(items.text);
  }, [items]);
  const save = (event: Event) => {
    event.preventDefault();
    void act(() =>
      changeSettings(({ prompt: _, ...rest }) => (text?.trim() ? { ...rest, prompt: { mode, text: text.trim() } } : rest)),
    );
  };
  const changed = items !== null && (text !== items.text || mode !== items.mode);
  return (
    <Section id="prompt" title="System Prompt" about="Your words to the model, in every conversation that you own. Put no secret here: the model reads it" error={error}>
      {text !== null && (
        <form class="settings-form" onSubmit={save}>
          <fieldset class="ask-save" disabled={busy}>
            <legend class="visually-hidden">what your text is to the default</legend>
            <label><input type="radio" name="mode" checked={mode === "extend"} onChange={() => setMode("extend")} /> added to the default</label>
            <label><input type="radio" name="mode" checked={mode === "override"} onChange={() => setMode("override")} /> in place of the default</label>
          </fieldset>
          <label class="visually-hidden" for="prompt-text">your text</label>
          <textarea id="prompt-text" rows={5} maxLength={16384} value={text} disabled={busy} placeholder="answer in British English..."
            onInput={(event) => setText(event.currentTarget.value)} />
          <div class="ask-buttons">
            <button type="submit" disabled={busy || !changed}>{busy ? "saving..." : "save"}</button>
          </div>
          {items && (
            <details class="reasoning">
              <summary>what runs get now ({items.effective.version})</summary>
              <pre tabIndex={0} aria-label="system prompt">{items.effective.body}</pre>
            </details>
          )}
        </form>
      )}
    </Section>
  );
}
