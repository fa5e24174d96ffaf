import { useEffect, useState } from "preact/hooks";
import { changeSettings, searchTools, toolOf } from "../../account";
import type { Settings, Tool } from "../../types";
import { visibleText } from "../../visible";
import { Section } from "./section";
import type { List } from "./use-list";

/** Tools that a search shows. */
const FOUND = 6;
/** How long nobody types before it is looked for. */
const STILL_MS = 250;

/** Tools that are always at hand, and preferred. */
export function Pins({ list }: { list: List<Settings> }) {
  const [words, setWords] = useState("");
  const [error, setError] = useState<string | null>(null);
  const { items: settings, busy, act } = list;
  const { found, isLooking } = useFound(words);
  const pin = async (name: string) => {
    setError(null);
    const isKnown = await toolOf(name).then(() => true, () => false);
    if (!isKnown) {
      setError(`No tool is called ${name}. Type words of what it does, and choose one of those found`);
      return;
    }
    if (await act(() => changeSettings((now) => ({ ...now, pins: now.pins.includes(name) ? now.pins : [...now.pins, name] })))) setWords("");
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void pin(words.trim());
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
        {settings?.pins.length === 0 && <li class="note">No tool is pinned. Look for one below</li>}
      </ul>
      <form class="settings-line" role="search" onSubmit={submit}>
        <label class="visually-hidden" for="pin-tool">tool to pin</label>
        <input id="pin-tool" type="text" value={words} spellcheck={false} autocomplete="off" placeholder="search tools..."
          onInput={(event) => { setWords(event.currentTarget.value); setError(null); }} />
        <button type="submit" disabled={busy || !words.trim()}>pin tool</button>
      </form>
      <p class="meta" role="status">{words.trim() && (isLooking ? "looking..." : found.length === 0 ? "nothing fits" : "")}</p>
      <ul class="rows">
        {found.map((tool) => (
          <li key={tool.toolId}>
            <span class="row-words"><code>{visibleText(tool.toolId)}</code> <span class="note">{visibleText(tool.description)}</span></span>
            {settings?.pins.includes(tool.toolId)
              ? <span class="meta">pinned</span>
              : <button type="button" class="outline small" disabled={busy} aria-label={`pin ${tool.toolId}`} onClick={() => pin(tool.toolId)}>pin</button>}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The tools that words find, once they stand still. */
function useFound(words: string): { found: Tool[]; isLooking: boolean } {
  const [found, setFound] = useState<{ words: string; tools: Tool[] }>({ words: "", tools: [] });
  const wanted = words.trim();
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(async () => {
      const tools = wanted ? await searchTools(wanted, FOUND).catch(() => []) : [];
      if (!gone) setFound({ words: wanted, tools });
    }, STILL_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [wanted]);
  return { found: wanted ? found.tools : [], isLooking: found.words !== wanted };
}
