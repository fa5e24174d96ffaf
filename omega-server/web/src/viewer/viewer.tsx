import { Download, Table2 } from "lucide";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ToolRun } from "../types";
import { visibleText } from "../visible";
import { bytes } from "../words";
import { Coloured } from "../markdown/code";
import { CopyButton } from "../view/copy-button";
import { Lines } from "./lines";
import { SHOWN, download, loadOutput, save, type Loaded } from "./load-output";
import { Rows } from "./rows";
import { ValueTable, rowsOf } from "./value-table";
import { Icon } from "../view/icon";

/** Characters up to which a value is drawn as a whole. */
const SHORT = 20_000;

/** A value that is here: a table where it is one, text as text, anything else as JSON. */
export function ValueView({ label, value, name }: { label: string; value: unknown; name: string }) {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  const table = useMemo(() => rowsOf(value), [value]);
  const [asTable, setAsTable] = useState(true);
  const file = typeof value === "string" ? `${name}.txt` : `${name}.json`;
  return (
    <div class="tool-part">
      <p class="part-head">
        <span class="label">{label}</span>
        <CopyButton text={text} what={label} />
        {text.length > 200 && <button type="button" class="ghost small" onClick={() => save(new Blob([text]), file)}>download <Icon of={Download} size={14} /></button>}
        {table && <button type="button" class="ghost small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>table <Icon of={Table2} size={14} /></button>}
      </p>
      {table && asTable ? <ValueTable rows={table} label={label} /> : <TextView text={text} label={label} isJson={typeof value !== "string"} />}
    </div>
  );
}

function TextView({ text, label, isJson }: { text: string; label: string; isJson: boolean }) {
  const lines = useMemo(() => {
    const made = new Lines();
    if (text.length > SHORT) made.push(text);
    made.end();
    return made;
  }, [text]);
  if (text.length > SHORT) return <Rows rows={lines.rows} version={0} label={label} />;
  return <pre tabIndex={0} role="group" aria-label={label}>{isJson ? <Coloured text={visibleText(text)} language="json" /> : visibleText(text)}</pre>;
}

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
        <span class="meta" role="status">{words(loaded)}</span>
      </p>
      <p class="error-text" role="alert">{error} {error && <button type="button" class="outline small" onClick={() => setTries(tries + 1)}>try again</button>}</p>
      {loaded && <Rows rows={loaded.lines.rows} version={loaded.bytes} label="output" />}
    </div>
  );
}

function words(loaded: Loaded | null): string {
  if (!loaded) return "loading...";
  if (!loaded.done) return `${bytes(loaded.bytes)} of ${bytes(loaded.total)}...`;
  return loaded.bytes < loaded.total ? `the first ${bytes(SHOWN)}; the download has all of it` : "";
}
