import { useState } from "preact/hooks";
import { apiKeys, createApiKey, revokeApiKey } from "../../account";
import { when } from "../../words";
import { CopyButton } from "../copy-button";
import { visibleText } from "../../visible";
import { Section, Sure } from "./section";
import { useList } from "./use-list";

/** The user's API keys. A new one is shown once, until the page is left. */
export function ApiKeys() {
  const { items, busy, error, act } = useList(apiKeys);
  const [name, setName] = useState("");
  const [made, setMade] = useState<string | null>(null);
  const create = (event: Event) => {
    event.preventDefault();
    void act(async () => {
      setMade((await createApiKey(name.trim())).key);
      setName("");
    });
  };
  return (
    <Section id="api-keys" title="API Keys" about="For programs, other machines, and signing in" error={error}>
      <ul class="rows">
        {items?.map((key) => (
          <li key={key.id}>
            <span class="row-words">
              {visibleText(key.name)} <code>{key.prefix}…</code>
              <span class="meta"> {key.lastUsedAt ? `used ${when(Date.parse(key.lastUsedAt), Date.now())}` : "never used"}</span>
            </span>
            <Sure label="revoke" what={key.name} disabled={busy} onSure={() => void act(() => revokeApiKey(key.id))} />
          </li>
        ))}
      </ul>
      {made && (
        <div class="made" role="status">
          <p>This is the only time that the key is shown</p>
          <p><code class="wrap">{made}</code> <CopyButton text={made} what="the new key" /></p>
        </div>
      )}
      <form class="settings-line" onSubmit={create}>
        <label class="visually-hidden" for="key-name">what the key is for</label>
        <input id="key-name" type="text" required maxLength={100} value={name} placeholder="what it is for..."
          onInput={(event) => setName(event.currentTarget.value)} />
        <button type="submit" disabled={busy || !name.trim()}>create key</button>
      </form>
    </Section>
  );
}
