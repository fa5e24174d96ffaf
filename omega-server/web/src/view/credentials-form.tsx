import { useState } from "preact/hooks";
import { provideCredentials } from "../api";
import type { RequiredAction } from "../types";
import { visibleText } from "../visible";
import { Offers } from "./alternatives-table";
import { useAnswer } from "./use-answer";

interface Props {
  id: string;
  action: Extract<RequiredAction, { kind: "credentials" }>;
  isOwner: boolean;
  owner: string;
}

const PLACES = [
  ["once", "use once"],
  ["tool", "save for this tool"],
  ["global", "save for all tools"],
] as const;

/** Names of what may be looked at while it is typed: a region, a host, somebody's name. Anything else is hidden until it is asked for. */
const OPEN = /(?:^|_)(?:REGION|ZONE|HOST|HOSTNAME|PORT|DOMAIN|ENDPOINT|BASE|BUCKET|PROJECT|PROJECT_ID|ORG|ORGANIZATION|ACCOUNT_ID|TENANT|TENANT_ID|WORKSPACE|USER|USERNAME|EMAIL|NAME|MODEL|VERSION|LANG|LANGUAGE|LOCALE|TIMEZONE|COUNTRY|ENV|ENVIRONMENT|MODE|FORMAT|PATH|DIR)$/i;

const isOpen = (name: string) => OPEN.test(name) && !/KEY|TOKEN|SECRET|PASS|PRIVATE/i.test(name);

const PLACE_WORDS: Record<(typeof PLACES)[number][0], string> = {
  once: "The values go to this call and are not kept",
  tool: "The values are kept encrypted, and only this tool gets them",
  global: "The values are kept encrypted; a tool of a new publisher is asked about before it gets one",
};

/** Variables that tools lack, key by key. The values live in the fields alone, and go when they are sent. */
export function CredentialsForm({ id, action, isOwner, owner }: Props) {
  const { busy, error, answer } = useAnswer();
  const [save, setSave] = useState<(typeof PLACES)[number][0]>("once");
  const [looked, setLooked] = useState<ReadonlySet<string>>(new Set());
  const look = (name: string) => setLooked((known) => new Set(known.has(name) ? [...known].filter((one) => one !== name) : [...known, name]));
  const [lacks, setLacks] = useState<string | null>(null);
  const tools = [...new Set(action.requests.map((request) => request.toolId))];
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = action.missingVars.map(({ name }) => [name, form.elements.namedItem(`value-${name}`) as HTMLInputElement] as const);
    const empty = fields.find(([, field]) => !field.value.trim());
    if (empty) {
      setLacks(empty[0]);
      empty[1].focus();
      return;
    }
    setLacks(null);
    const env = Object.fromEntries(fields.map(([name, field]) => [name, field.value.trim()]));
    void answer(async () => {
      await provideCredentials(id, { env, save });
      form.reset();
    });
  };
  return (
    <section class="asks" aria-label="variables that are missing">
      <article class="ask">
        <header class="ask-head">
          <span class="badge warn">credentials</span>
          <h2><code>{visibleText(tools.join(", "))}</code></h2>
        </header>
        {!isOwner && (
          <p class="note">It needs <code>{action.missingVars.map((it) => it.name).join(", ")}</code>. Only {owner} can give that</p>
        )}
        {isOwner && (
          <form class="ask-form" autocomplete="off" noValidate onSubmit={submit}>
            {action.missingVars.map(({ name, description, rejected }) => (
              <div key={name} class="ask-field">
                <label for={`value-${name}`}><code>{name}</code></label>
                {description && <p class="note" id={`about-${name}`}>{visibleText(description)}</p>}
                <p class="error-text" id={`rejected-${name}`} role="alert">
                  {lacks === name ? "Give a value, or go on without" : rejected ? "The value that it had was rejected" : ""}
                </p>
                <div class="settings-line">
                  <input id={`value-${name}`} name={`value-${name}`} type={(isOpen(name) || looked.has(name) ? "text" : "password") as "text"} required autocomplete="off" spellcheck={false}
                    data-1p-ignore data-lpignore="true" disabled={busy}
                    aria-invalid={rejected || lacks === name ? true : undefined}
                    aria-describedby={description ? `about-${name} rejected-${name}` : `rejected-${name}`} />
                  {!isOpen(name) && <button type="button" class="outline" aria-label={`${looked.has(name) ? "hide" : "show"} ${name}`} onClick={() => look(name)}>{looked.has(name) ? "hide" : "show"}</button>}
                </div>
              </div>
            ))}
            <fieldset class="ask-save" disabled={busy}>
              <legend class="visually-hidden">where the values are kept</legend>
              {PLACES.map(([value, words]) => (
                <label key={value}>
                  <input type="radio" name="save" value={value} checked={save === value} onChange={() => setSave(value)} /> {words}
                </label>
              ))}
            </fieldset>
            <p class="note">{PLACE_WORDS[save]}. The model and guests never see them</p>
            <div class="ask-buttons">
              <button type="submit" disabled={busy}>{busy ? "sending..." : "give and go on"}</button>
              <button type="button" class="outline" disabled={busy}
                onClick={() => answer(() => provideCredentials(id, { decline: true }))}>go on without</button>
            </div>
          </form>
        )}
        {isOwner && action.alternatives?.map((choice) => (
          <details key={choice.toolRunId} class="reasoning">
            <summary>or another tool instead of {visibleText(choice.toolId)} ({choice.alternatives.length})</summary>
            <Offers id={id} choice={choice} busy={busy} answer={answer} />
          </details>
        ))}
        <p class="error-text" role="alert">{error}</p>
      </article>
    </section>
  );
}
