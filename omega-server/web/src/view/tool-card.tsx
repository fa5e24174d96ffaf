import { Braces, ChevronDown, ChevronUp, PanelRight, Square } from "lucide";
import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import { cancelTool } from "../api";
import type { ToolRun } from "../types";
import { visibleText } from "../visible";
import { oneLine } from "../words";
import { Elapsed } from "./elapsed";
import { ToolDetails } from "./tool-details";
import { STATES, ToolName, inputLine, isMeta } from "./tool-name";
import { Icon } from "./icon";

interface Props {
  toolRun: ToolRun;
  partial: unknown;
  /** Opens it in the panel. */
  onPanel: (id: string) => void;
}

/** One tool call: a line that opens to input and output, and again to the raw record. */
export const ToolCard = memo(function ToolCard({ toolRun, partial, onPanel }: Props) {
  const [open, setOpen] = useState(false);
  const [raw, setRaw] = useState(false);
  const { mark, word, tone } = STATES[toolRun.status] ?? STATES.unknown;
  const body = `tool-${toolRun.id}`;
  const outcome = visibleText(toolRun.outputSummary || (partial === undefined ? "" : JSON.stringify(partial)));
  return (
    <div class={`tool ${tone}`} role="group" aria-label={`tool call ${visibleText(toolRun.toolName)}, ${word}`}>
      <button type="button" class="tool-head" aria-expanded={open} aria-controls={body} onClick={() => setOpen(!open)}>
        <span class="tool-mark"><Icon of={mark} /></span>
        <span class="tool-name"><ToolName toolRun={toolRun} /></span>
        <span class="tool-state"><span class="tool-word">{word}</span> <Elapsed toolRun={toolRun} /></span>
        <span class="chevron"><Icon of={open ? ChevronUp : ChevronDown} /></span>
      </button>
      {!open && (
        <div class="tool-line">
          {!isMeta(toolRun) && <p>{oneLine(inputLine(toolRun.input), 240)}</p>}
          {outcome && !toolRun.error && <p class="tool-outcome"><span aria-hidden="true">→ </span>{oneLine(outcome, 240)}</p>}
          {toolRun.error && <p class={tone === "bad" ? "error-text" : undefined}>{visibleText(oneLine(toolRun.error.message, 400))}</p>}
        </div>
      )}
      {toolRun.status === "started" && <CancelCall id={toolRun.id} />}
      {open && (
        <div class="tool-body" id={body}>
          <div class="tool-tools">
            <button type="button" class="ghost small" aria-pressed={raw} onClick={() => setRaw(!raw)}>view raw <Icon of={Braces} size={14} /></button>
            <button type="button" class="ghost small" onClick={() => onPanel(toolRun.id)}>open beside <Icon of={PanelRight} size={14} /></button>
          </div>
          <ToolDetails toolRun={toolRun} partial={partial} raw={raw} />
        </div>
      )}
    </div>
  );
});

function CancelCall({ id }: { id: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const stop = async () => {
    setSaid("cancelling...");
    await cancelTool(id).catch((error: Error) => setSaid(error.message));
  };
  return (
    <p class="tool-cancel">
      {said ? <span class="meta" role="status">{said}</span> : <button type="button" class="ghost small" onClick={stop}>cancel this call <Icon of={Square} size={14} /></button>}
    </p>
  );
}
