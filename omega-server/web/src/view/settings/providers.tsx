import { useState } from "preact/hooks";
import { credentials, deleteCredential, putCredential } from "../../account";
import { takeFocus } from "../../focus";
import type { Models } from "../../types";
import { count } from "../../words";
import { Section, Sure } from "./section";
import { useList } from "./use-list";

type Provider = Models["providers"][number];

/** The variable that holds a provider's key, by the server's own words for what is missing, or by the provider's name. */
export function keyName(provider: Provider): string | null {
  const named = /\b([A-Z][A-Z0-9_]*_API_KEY)\b/.exec(provider.reason ?? "")?.[1];
  if (named) return named;
  const own: Record<string, string> = { openai: "OPENAI_API_KEY", anthropic: "ANTHROPIC_API_KEY", google: "GOOGLE_API_KEY", groq: "GROQ_API_KEY", mistral: "MISTRAL_API_KEY", openrouter: "OPENROUTER_API_KEY", azure: "AZURE_OPENAI_API_KEY" };
  return own[provider.name] ?? null;
}

/** Who has models, who pays for them, and the user's own keys. */
export function Providers({ models, onChange }: { models: Models | null; onChange: () => void }) {
  const list = useList(credentials);
  const [open, setOpen] = useState<string | null>(null);
  const [left, setLeft] = useState<string | null>(null);
  const own = new Map(list.items?.filter((item) => item.scope === "model").map((item) => [item.name, item]));
  // A second protocol of the same provider has the same key.
  const providers = models?.providers.filter(({ name }) => !name.endsWith("-responses")) ?? [];
  const change = async (work: () => Promise<unknown>) => {
    const done = await list.act(work);
    if (done) onChange();
    return done;
  };
  const close = (name: string) => {
    setOpen(null);
    setLeft(name);
  };
  return (
    <Section id="providers" title="Model Providers" about="A key of your own pays for your runs, in place of the server's. It is kept encrypted, and no tool gets it" error={list.error} saved={list.saved}>
      {!models && <p class="note" role="status">loading...</p>}
      <ul class="rows">
        {providers.map((provider) => {
          const name = keyName(provider);
          const mine = name ? own.get(name) : undefined;
          return (
            <li key={provider.name}>
              <span class="row-words">
                <b>{provider.name}</b> <span class="meta">{state(provider)}{mine && ` · your key …${mine.last4 ?? ""}`}</span>
                {!provider.available && !name && provider.reason && <span class="note wrap"> {provider.reason}</span>}
              </span>
              {name && open !== provider.name && (
                <button type="button" class="outline small" aria-label={`${mine ? "replace" : "add"} key of ${provider.name}`}
                  ref={left === provider.name ? takeFocus : null} onClick={() => setOpen(provider.name)}>{mine ? "replace key" : "add key"}</button>
              )}
              {mine && open !== provider.name && (
                <Sure label="delete" what={`your key of ${provider.name}`} disabled={list.busy} onSure={() => void change(() => deleteCredential(mine))} />
              )}
              {name && open === provider.name && (
                <KeyForm name={name} busy={list.busy} onClose={() => close(provider.name)}
                  onStore={async (value) => (await change(() => putCredential(name, value))) && close(provider.name)} />
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function KeyForm({ name, busy, onStore, onClose }: { name: string; busy: boolean; onStore: (value: string) => void; onClose: () => void }) {
  const store = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("provider-key") as HTMLInputElement;
    if (field.value.trim()) onStore(field.value.trim());
    else field.focus();
  };
  return (
    <form class="settings-line provider-key" autocomplete="off" onSubmit={store} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <input name="provider-key" type="password" aria-label={name} placeholder={name} autocomplete="off" spellcheck={false} data-1p-ignore data-lpignore="true" ref={takeFocus} />
      <button type="submit" class="small" aria-busy={busy}>{busy ? "storing..." : "store"}</button>
      <button type="button" class="ghost small" onClick={onClose}>back</button>
    </form>
  );
}

function state({ available, models, paidBy, reason }: Provider): string {
  if (!available) return reason?.includes("_API_KEY") ? "needs a key" : "not reached from this server";
  const who = paidBy === "owner" ? ", on your key" : paidBy === "server" ? ", on the server's key" : "";
  return count(models.length, "model") + who;
}
