import { memo } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { cancelTool, output } from "../api";
import type { ToolRun, ToolRunStatus } from "../types";
import { bytes, duration, oneLine } from "../words";
import { CopyButton } from "./copy-button";
import { FoundTools, foundTools } from "./found-tools";

const WORDS: Record<ToolRunStatus, { mark: string; word: string; tone: string }> = {
  proposed: { mark: "○", word: "waiting", tone: "quiet" },
  awaiting_credentials: { mark: "‖", word: "waits for variables", tone: "warn" },
  awaiting_approval: { mark: "‖", word: "waits for approval", tone: "warn" },
  started: { mark: "●", word: "running", tone: "info" },
  succeeded: { mark: "✓", word: "done", tone: "ok" },
  failed: { mark: "✗", word: "failed", tone: "bad" },
  timed_out: { mark: "✗", word: "timed out", tone: "bad" },
  cancelled: { mark: "–", word: "cancelled", tone: "quiet" },
  skipped: { mark: "–", word: "skipped", tone: "quiet" },
  denied: { mark: "–", word: "refused", tone: "quiet" },
  unknown: { mark: "?", word: "outcome unknown", tone: "warn" },
};

/** Omega's own tools: what they do, and which part of the input says it all. */
const META_TOOLS: Record<string, { does: string; by: string }> = {
  registrySearchTool: { does: "search the registry", by: "query" },
  registryExecuteTool: { does: "run a tool", by: "toolId" },
};

/** One tool call: a line that opens to input and output, and again to the raw record. */
export const ToolCard = memo(function ToolCard({ toolRun, partial }: { toolRun: ToolRun; partial: unknown }) {
  const [open, setOpen] = useState(false);
  const [raw, setRaw] = useState(false);
  const { mark, word, tone } = WORDS[toolRun.status] ?? WORDS.unknown;
  const body = `tool-${toolRun.id}`;
  const outcome = toolRun.outputSummary || (partial === undefined ? "" : JSON.stringify(partial));
  return (
    <section class={`tool ${tone}`} aria-label={`tool call ${toolRun.toolName}, ${word}`}>
      <button type="button" class="tool-head" aria-expanded={open} aria-controls={body} onClick={() => setOpen(!open)}>
        <span class="tool-mark" aria-hidden="true">{mark}</span>
        <span class="tool-name"><Name toolRun={toolRun} /></span>
        <span class="tool-state"><span class="tool-word">{word}</span> <Elapsed toolRun={toolRun} /></span>
        <span class="chevron" aria-hidden="true">{open ? "−" : "+"}</span>
      </button>
      {!open && (
        <div class="tool-line">
          {!META_TOOLS[toolRun.toolId] && <p>{oneLine(inputLine(toolRun.input), 240)}</p>}
          {outcome && !toolRun.error && <p class="tool-outcome"><span aria-hidden="true">→ </span>{oneLine(outcome, 240)}</p>}
          {toolRun.error && <p class={tone === "bad" ? "error-text" : undefined}>{oneLine(toolRun.error.message, 400)}</p>}
        </div>
      )}
      {toolRun.status === "started" && <CancelCall id={toolRun.id} />}
      {open && (
        <div class="tool-body" id={body}>
          <div class="tool-tools">
            <button type="button" class="ghost small" aria-pressed={raw} onClick={() => setRaw(!raw)}>view raw</button>
          </div>
          {raw ? <Data label="raw" value={toolRun} /> : <Details toolRun={toolRun} partial={partial} />}
        </div>
      )}
    </section>
  );
});

function Name({ toolRun }: { toolRun: ToolRun }) {
  const meta = META_TOOLS[toolRun.toolId];
  if (meta) {
    const { input } = toolRun;
    const said = typeof input === "object" && input !== null && !Array.isArray(input) ? (input as Record<string, unknown>)[meta.by] : undefined;
    return <><b>{meta.does}</b> <span class="quiet-text">{typeof said === "string" ? said : inputLine(input)}</span></>;
  }
  const at = toolRun.toolId.lastIndexOf("::");
  if (at < 0) return <b>{toolRun.toolName}</b>;
  const version = toolRun.version && `@${toolRun.version}`;
  const [from, name] = [toolRun.toolId.slice(0, at), toolRun.toolId.slice(at + 2)];
  // A package with one export goes by its own name.
  if (name === "default") return <><b>{from}</b> <span class="quiet-text">{toolRun.version}</span></>;
  return <><b>{name}</b> <span class="quiet-text">{from}{version}</span></>;
}

function CancelCall({ id }: { id: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const stop = async () => {
    setSaid("cancelling...");
    await cancelTool(id).catch((error: Error) => setSaid(error.message));
  };
  return (
    <p class="tool-cancel">
      {said ? <span class="meta" role="status">{said}</span> : <button type="button" class="ghost small" onClick={stop}>cancel this call</button>}
    </p>
  );
}

function Details({ toolRun, partial }: { toolRun: ToolRun; partial: unknown }) {
  const found = foundTools(toolRun);
  return (
    <>
      <Data label="input" value={toolRun.input} />
      {toolRun.error && (
        <div class="tool-part">
          <p class="label">error · {toolRun.error.code}</p>
          <p class="wrap">{toolRun.error.message}</p>
          {toolRun.error.details !== undefined && <Data label="details" value={toolRun.error.details} />}
        </div>
      )}
      {found
        ? <FoundTools tools={found} />
        : toolRun.output !== undefined
          ? <Data label={`output${toolRun.truncated ? " · cut" : ""}`} value={toolRun.output} />
          : partial !== undefined && <Data label="output so far" value={partial} />}
      {toolRun.output === undefined && toolRun.outputBytes > 0 && <LargeOutput toolRun={toolRun} />}
    </>
  );
}

/** An output that is too large to come with the conversation: read piece by piece. */
function LargeOutput({ toolRun }: { toolRun: ToolRun }) {
  const [text, setText] = useState("");
  const [next, setNext] = useState<number | null>(0);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const more = async () => {
    setBusy(true);
    setError(null);
    try {
      const page = await output(toolRun.id, next ?? 0);
      setText(text + page.content);
      setNext(page.nextOffset ?? null);
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : "It could not be read. Try again");
    }
    setBusy(false);
  };
  return (
    <div class="tool-part">
      <p class="label part-head">output · {bytes(toolRun.outputBytes)}{toolRun.truncated && " · cut"}</p>
      {text && <pre tabIndex={0}>{text}</pre>}
      <p class="error-text" role="alert">{error}</p>
      {next !== null && (
        <button type="button" class="outline small" disabled={busy} onClick={more}>
          {busy ? "loading..." : text ? "load more" : "load the output"}
        </button>
      )}
    </div>
  );
}

const SHOWN = 20_000;

function Data({ label, value }: { label: string; value: unknown }) {
  const [all, setAll] = useState(false);
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "";
  return (
    <div class="tool-part">
      <p class="label part-head">{label} <CopyButton text={text} what={label} /></p>
      <pre tabIndex={0}>{all ? text : text.slice(0, SHOWN)}</pre>
      {!all && text.length > SHOWN && (
        <button type="button" class="ghost small" onClick={() => setAll(true)}>show all {bytes(text.length)}</button>
      )}
    </div>
  );
}

function Elapsed({ toolRun }: { toolRun: ToolRun }) {
  const [began] = useState(Date.now);
  const [now, setNow] = useState(began);
  const running = toolRun.status === "started";
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, [running]);
  if (toolRun.durationMs !== undefined) return <span class="tabular">{duration(toolRun.durationMs)}</span>;
  return running ? <span class="tabular">{((now - began) / 1000).toFixed(1)} s</span> : null;
}

/** An input in one line: `expr: "1+1", precision: 4`. */
export function inputLine(input: unknown): string {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return JSON.stringify(input) ?? "";
  return Object.entries(input)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(", ");
}
