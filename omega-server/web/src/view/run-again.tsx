import { RefreshCw } from "lucide";
import { useState } from "preact/hooks";
import { runTool } from "../account";
import type { ExecuteAnswer, ToolRun } from "../types";
import { duration } from "../words";
import { ValueView } from "../viewer/viewer";
import { InputEditor } from "./input-editor";
import { isMeta } from "./tool-name";
import { Icon } from "./icon";

/** Runs a call's tool once more, with another input, apart from the conversation: no model sees what comes of it. */
export function RunAgain({ toolRun }: { toolRun: ToolRun }) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<ExecuteAnswer | null>(null);
  const [error, setError] = useState<string | null>(null);
  if (isMeta(toolRun)) return null;
  const run = async (input: unknown) => {
    setBusy(true);
    setError(null);
    setAnswer(null);
    try {
      setAnswer(await runTool(toolRun.toolId, input));
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : "It was not run. Try again");
    }
    setBusy(false);
  };
  return (
    <section class="run-again" aria-label="run again">
      {!open && <button type="button" class="outline" onClick={() => setOpen(true)}>run again... <Icon of={RefreshCw} size={14} /></button>}
      {open && (
        <>
          <p class="note">It runs apart from this conversation: with your credentials, and no model sees the output</p>
          <InputEditor id={`again-${toolRun.id}`} input={toolRun.input} busy={busy} asked="Input" label={busy ? "running..." : "run"} onDone={run} onBack={() => setOpen(false)} />
        </>
      )}
      <p class="error-text" role="alert">{error}</p>
      {answer && (
        <div role="status">
          <p class="meta">{answer.success ? "done" : "failed"} in {duration(answer.executionTimeMs)}</p>
          {answer.success
            ? <ValueView label="output of the new run" value={answer.result ?? null} name={`${toolRun.id}-again`} />
            : <p class="error-text">{answer.error ?? answer.code}</p>}
        </div>
      )}
    </section>
  );
}
