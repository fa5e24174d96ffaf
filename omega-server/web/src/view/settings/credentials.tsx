import { credentials, deleteCredential, putCredential } from "../../account";
import type { StoredCredential } from "../../types";
import { when } from "../../words";
import { Section, Sure } from "./section";
import { useList } from "./use-list";

const whose = ({ scope, toolId }: StoredCredential) =>
  scope === "model" ? "models, in place of the server's key" : (toolId ?? "all tools");

/** Stored credentials: names and last characters. A value is typed, sent once, and shown nowhere. */
export function Credentials() {
  const { items, busy, error, saved, act } = useList(credentials);
  const store = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const field = (name: string) => (form.elements.namedItem(name) as HTMLInputElement).value.trim();
    const [name, value, tool] = [field("credential-name"), field("credential-value"), field("credential-tool")];
    if (await act(() => putCredential(name, value, tool || undefined))) form.reset();
  };
  return (
    <Section id="credentials" title="Credentials" about="Encrypted on the server, or in your keyring where it is your own machine: no answer, no model and no guest ever sees a value. A model provider's key (OPENAI_API_KEY) pays for your runs, and no tool gets it; everything else is for tools" error={error} saved={saved}>
      <ul class="rows">
        {items?.map((item) => {
          const { name, scope, toolId, last4, keptIn, lastUsedAt } = item;
          return <li key={`${name} ${scope} ${toolId ?? ""}`}>
            <span class="row-words">
              <code>{name}</code> {last4 && <span class="meta">…{last4}</span>}
              <span class="meta"> {whose(item)}{keptIn === "keyring" && ", in your keyring"} · {lastUsedAt ? `used ${when(Date.parse(lastUsedAt), Date.now())}` : "never used"}</span>
            </span>
            <Sure label="delete" what={`${name} of ${whose(item)}`} disabled={busy} onSure={() => void act(() => deleteCredential(item))} />
          </li>;
        })}
        {items?.length === 0 && <li class="note">Nothing is stored yet</li>}
      </ul>
      <form class="settings-form" autocomplete="off" onSubmit={store}>
        <div class="field">
          <label for="credential-name">name</label>
          <input id="credential-name" name="credential-name" type="text" required spellcheck={false} placeholder="GITHUB_TOKEN" />
        </div>
        <div class="field">
          <label for="credential-value">value</label>
          <input id="credential-value" name="credential-value" type="password" required autocomplete="off" spellcheck={false}
            data-1p-ignore data-lpignore="true" />
        </div>
        <div class="field">
          <label for="credential-tool">only for this tool</label>
          <input id="credential-tool" name="credential-tool" type="text" spellcheck={false} placeholder="all tools" />
        </div>
        <div class="ask-buttons"><button type="submit" disabled={busy}>{busy ? "storing..." : "store or replace"}</button></div>
      </form>
    </Section>
  );
}
