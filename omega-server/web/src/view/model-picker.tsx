import { useState } from "preact/hooks";
import { takeFocus } from "../focus";
import { SETTINGS, stay } from "../route";
import type { Models } from "../types";

const OTHER = " other";

/** Which model answers: those that can, or any other of their providers by its name. The one in use is always listed. */
export function ModelPicker({ models, value, onPick }: {
  models: Models | null;
  value: string | undefined;
  onPick: (model: string) => void;
}) {
  const [naming, setNaming] = useState<string | null>(null);
  const [left, setLeft] = useState(false);
  if (!value) return null;
  const names = modelNames(models);
  const missing = models?.providers.filter((provider) => !provider.available) ?? [];
  const close = () => {
    setLeft(true);
    setNaming(null);
  };
  // Not a form: it stands within the composer's.
  if (naming !== null) {
    const done = () => {
      if (naming.includes("/")) onPick(naming.trim());
      close();
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === "Escape") close();
      if (event.key !== "Enter") return;
      event.preventDefault();
      done();
    };
    return (
      <span class="model">
        <input type="text" aria-label="model" placeholder="provider/model" value={naming} ref={takeFocus} spellcheck={false} onKeyDown={key}
          onInput={(event) => setNaming(event.currentTarget.value)} />
        <button type="button" class="ghost small" onClick={done}>{naming.includes("/") ? "use" : "keep"}</button>
      </span>
    );
  }
  return (
    <span class="model">
      <label>
        <span class="visually-hidden">model</span>
        <select value={value} ref={left ? takeFocus : null}
          onChange={(event) => (event.currentTarget.value === OTHER ? setNaming("") : onPick(event.currentTarget.value))}>
          {!names.includes(value) && <option value={value}>{value}</option>}
          {names.map((name) => <option key={name} value={name}>{name}</option>)}
          <option value={OTHER}>another model...</option>
          {missing.length > 0 && (
            <optgroup label="need a key or an address">
              {missing.map((provider) => <option key={provider.name} disabled>{provider.name}</option>)}
            </optgroup>
          )}
        </select>
      </label>
      {missing.length > 0 && <a class="button ghost small key-link" href={`${SETTINGS}#providers`} onClick={stay(`${SETTINGS}#providers`)} aria-label="keys of model providers">keys</a>}
    </span>
  );
}

/** The models that can be used; one that a provider offers by two protocols is named once. */
export function modelNames(models: Models | null): string[] {
  const usable = models?.providers.filter((provider) => provider.available) ?? [];
  const twice = new Set(usable.filter(({ name }) => usable.some((other) => other.name === `${name}-responses`)).map(({ name }) => `${name}-responses`));
  const known = new Set(usable.flatMap((provider) => provider.models.map((name) => `${provider.name}/${name}`)));
  return [...known].filter((name) => {
    const at = name.indexOf("/");
    const provider = name.slice(0, at);
    return !twice.has(provider) || !known.has(`${provider.replace(/-responses$/, "")}/${name.slice(at + 1)}`);
  });
}
