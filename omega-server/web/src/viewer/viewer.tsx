import { Download, Table2 } from "lucide";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ToolRun } from "../types";
import { visibleText } from "../visible";
import { bytes } from "../words";
import { Coloured } from "../markdown/code";
import { CopyButton } from "../view/copy-button";
import { Held } from "./held";
import { laidOut, layoutOf, type Layout } from "./json-layout";
import { Lines } from "./lines";
import { download, loadOutput, save, type Loaded } from "./load-output";
import { Rows } from "./rows";
import { ValueTable, rowsOf } from "./value-table";
import { Icon } from "../view/icon";

/** Characters up to which a value is drawn as a whole. */
const SHORT = 20_000;

/** A value that is here: a table where all of it is one, text as text, anything else as JSON; a table within it where it is asked for. */
export function ValueView({ label, value, name }: { label: string; value: unknown; name: string }) {
  const text = () => (typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? ""));
  const shown = useMemo(() => laidOut(value), [value]);
  const table = useMemo(() => rowsOf(value), [value]);
  const [asTable, setAsTable] = useState(Array.isArray(value));
  const file = typeof value === "string" ? `${name}.txt` : `${name}.json`;
  return (
    <div class="tool-part">
      <p class="part-head">
        <span class="label">{label}</span>
        <CopyButton text={text} what={label} />
        {shown.length > 200 && <button type="button" class="ghost small" onClick={() => save(new Blob([text()]), file)}>download <Icon of={Download} size={14} /></button>}
        {table && <button type="button" class="ghost small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>table <Icon of={Table2} size={14} /></button>}
      </p>
      {table && asTable ? <ValueTable rows={table} label={label} /> : <TextView text={shown} label={label} isJson={typeof value !== "string"} />}
    </div>
  );
}

function TextView({ text, label, isJson }: { text: string; label: string; isJson: boolean }) {
  if (text.length > SHORT) return <LongText text={text} label={label} />;
  return <pre tabIndex={0} role="group" aria-label={label}>{isJson ? <Coloured text={visibleText(text)} language="json" /> : visibleText(text)}</pre>;
}

/** A text that is here and is long: taken in part by part. */
function LongText({ text, label }: { text: string; label: string }) {
  const [taken, setTaken] = useState<{ held: Held; version: number } | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const held = new Held(new Lines(PLAIN));
    void held.take(text, () => setTaken({ held, version: held.pieces }), stop.signal);
    return () => stop.abort();
  }, [text]);
  return taken && <Rows held={taken.held} version={taken.version} label={label} />;
}

/** What is laid out already. */
const PLAIN: Layout = { push: (piece) => piece, end: () => "", copy: () => PLAIN };

/** An output that is too large to come with the conversation: read by ranges, drawn where it is looked at. */
export function LargeOutput({ toolRun }: { toolRun: ToolRun }) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setError(null);
    loadOutput(toolRun.id, (now) => setLoaded({ ...now }), stop.signal).catch((cause: Error) => !stop.signal.aborted && setError(cause.message));
    return () => stop.abort();
  }, [toolRun.id, tries]);
  const lines = useLines(loaded);
  const keep = async () => {
    setSaving(true);
    await download(toolRun.id).catch((cause: Error) => setError(cause.message));
    setSaving(false);
  };
  return (
    <div class="tool-part">
      <p class="part-head">
        <span class="label">output{toolRun.truncated && " · cut"}</span>
        <span class="meta">{bytes(toolRun.outputBytes)}</span>
        <button type="button" class="ghost small" aria-busy={saving} onClick={keep}>{saving ? "loading..." : "download"} <Icon of={Download} size={14} /></button>
        {lines.can && <button type="button" class="ghost small" aria-pressed={!lines.wanted} onClick={lines.toggle}>table <Icon of={Table2} size={14} /></button>}
        <span class="meta" role="status">{words(loaded)}</span>
      </p>
      <p class="error-text" role="alert">{error} {error && <button type="button" class="outline small" onClick={() => setTries(tries + 1)}>try again</button>}</p>
      {lines.held
        ? <Rows key="lines" held={lines.held} version={0} label="output" />
        : loaded && <Rows key="rows" held={loaded.held} version={loaded.bytes} label="output" grid={loaded.grid ?? undefined} />}
    </div>
  );
}

/** The lines of an output that stands as a table, once all of it is there. */
function useLines(loaded: Loaded | null) {
  const [wanted, setWanted] = useState(false);
  const [held, setHeld] = useState<Held | null>(null);
  const can = loaded?.done === true && loaded.grid !== null;
  useEffect(() => {
    setHeld(null);
    if (!can || !wanted) return;
    const stop = new AbortController();
    void loaded.held.split(new Lines(layoutOf("[")), stop.signal).then((lines) => !stop.signal.aborted && setHeld(lines));
    return () => stop.abort();
  }, [loaded?.held, can, wanted]);
  return { can, wanted, held: wanted ? held : null, toggle: () => setWanted(!wanted) };
}

function words(loaded: Loaded | null): string {
  if (!loaded) return "loading...";
  return loaded.done ? "" : `${bytes(loaded.bytes)} of ${bytes(loaded.total)}...`;
}
