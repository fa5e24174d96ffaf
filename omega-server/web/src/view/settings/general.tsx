import { useState } from "preact/hooks";
import { changeSettings } from "../../account";
import type { Models, Settings } from "../../types";
import { Section } from "./section";
import type { List } from "./use-list";

interface Choice {
  key: keyof Settings;
  label: string;
  about: string;
  options: readonly (readonly [value: string, words: string])[];
}

/** Settings with few values. The first one is what holds when nothing was chosen. */
const CHOICES: readonly Choice[] = [
  {
    key: "credentialFirstUse",
    label: "first use of a credential",
    about: "When a tool of a new publisher first wants a credential that is stored for all tools",
    options: [["ask", "ask"], ["allow", "give it"]],
  },
  {
    key: "guestCredentials",
    label: "guests and your credentials",
    about: "What messages of guests may do with them, in new conversations",
    options: [["approve", "each call waits for your approval"], ["allow", "calls use them"], ["deny", "no call gets any"]],
  },
  {
    key: "plan",
    label: "plans",
    about: "Whether plans are proposed before anything runs",
    options: [["auto", "for complex tasks"], ["always", "always"], ["never", "never"]],
  },
  {
    key: "alternatives",
    label: "when a tool fails",
    about: "What happens when another one could do the same",
    options: [["ask", "ask which one"], ["auto", "go on by itself"]],
  },
];

const SWITCHES = [
  ["safeMode", "Safe Mode", "Each tool call waits for approval"],
  ["exfilGuard", "exfiltration guard", "A call that would take a credential to an address that nobody wrote waits for approval"],
  ["confirmDestructive", "confirm destructive tools", "A tool that says that it deletes or spends something waits for approval"],
] as const;

/** Model, Safe Mode and the policies. Each one is stored when it is changed. */
export function General({ list, models }: { list: List<Settings>; models: Models | null }) {
  const { items, busy, error, saved, act } = list;
  // What was chosen is seen as chosen while it is stored.
  const [chosen, setChosen] = useState<Partial<Settings>>({});
  const settings = items && { ...items, ...chosen };
  const set = async (key: keyof Settings, value: string | boolean | string[] | undefined) => {
    setChosen({ [key]: value });
    await act(() => changeSettings((now) => ({ ...now, [key]: value }) as Settings));
    setChosen({});
  };
  const names = models?.providers.filter((it) => it.available).flatMap((it) => it.models.map((name) => `${it.name}/${name}`)) ?? [];
  const model = settings?.model ?? "";
  return (
    <Section id="general" title="General" about="They hold wherever you are signed in" error={error} saved={saved}>
      {!settings && !error && <p class="note" role="status">loading...</p>}
      {settings && (
        <div class="settings-fields">
          <label class="field">
            <span>model of new conversations</span>
            <select value={model} disabled={busy} onChange={(event) => set("model", event.currentTarget.value || undefined)}>
              <option value="">the server's choice{models ? ` (${models.default})` : ""}</option>
              {model && !names.includes(model) && <option value={model}>{model}</option>}
              {names.map((name) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
          {SWITCHES.map(([key, label, about]) => (
            <div key={key} class="field switch">
              <input id={`set-${key}`} type="checkbox" checked={settings[key] === true} disabled={busy} aria-describedby={`about-${key}`}
                onChange={(event) => set(key, event.currentTarget.checked)} />
              <label for={`set-${key}`}>{label}</label>
              <p id={`about-${key}`} class="note">{about}</p>
            </div>
          ))}
          {CHOICES.map(({ key, label, about, options }) => (
            <div key={key} class="field">
              <label for={`set-${key}`}>{label}</label>
              <select id={`set-${key}`} value={String(settings[key] ?? options[0]?.[0])} disabled={busy} aria-describedby={`about-${key}`}
                onChange={(event) => set(key, event.currentTarget.value)}>
                {options.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
              </select>
              <p id={`about-${key}`} class="note">{about}</p>
            </div>
          ))}
          <div class="field">
            <label for="set-guestModels">models that guests may choose</label>
            <input id="set-guestModels" type="text" spellcheck={false} disabled={busy} placeholder="the conversation's own"
              value={(settings.guestModels ?? []).join(" ")} aria-describedby="about-guestModels"
              onChange={(event) => set("guestModels", event.currentTarget.value.split(/[\s,]+/).filter(Boolean))} />
            <p id="about-guestModels" class="note">Besides the conversation's own, at your cost: provider/model, provider/* or *, with spaces between</p>
          </div>
        </div>
      )}
    </Section>
  );
}
