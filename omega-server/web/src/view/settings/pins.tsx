import { useState } from "preact/hooks";
import { changeSettings, findTool } from "../../account";
import type { Settings } from "../../types";
import { Section } from "./section";
import type { List } from "./use-list";

/** Tools that are always at hand, and preferred. */
export function Pins({ list }: { list: List<Settings> }) {
  const [tool, setTool] = useState("");
  const { items: settings, busy, error, act } = list;
  const pin = async (event: Event) => {
    event.preventDefault();
    const name = tool.trim();
    const done = await act(async () => {
      await findTool(name);
      await changeSettings((now) => ({ ...now, pins: now.pins.includes(name) ? now.pins : [...now.pins, name] }));
    });
    if (done) setTool("");
  };
  return (
    <Section id="pins" title="Pinned Tools" about="Always in the tool set and in plans, and preferred" error={error}>
      <ul class="rows">
        {settings?.pins.map((name) => (
          <li key={name}>
            <code>{name}</code>
            <button type="button" class="outline small" disabled={busy} aria-label={`unpin ${name}`}
              onClick={() => act(() => changeSettings((now) => ({ ...now, pins: now.pins.filter((it) => it !== name) })))}>unpin</button>
          </li>
        ))}
        {settings?.pins.length === 0 && <li class="note">No tool is pinned</li>}
      </ul>
      <form class="settings-line" onSubmit={pin}>
        <label class="visually-hidden" for="pin-tool">tool to pin</label>
        <input id="pin-tool" type="text" value={tool} required spellcheck={false} placeholder="package::export..."
          onInput={(event) => setTool(event.currentTarget.value)} />
        <button type="submit" disabled={busy || !tool.trim()}>pin tool</button>
      </form>
    </Section>
  );
}
