import { useState } from "preact/hooks";
import { takeFocus } from "../focus";
import type { View } from "../fold";
import { bar, group, type Kind } from "../timeline";
import type { Run, ToolRun } from "../types";
import { visibleText } from "../visible";
import { bytes, clock, count, duration, oneLine } from "../words";
import { Elapsed } from "./elapsed";
import { PlanProgress } from "./plan-progress";
import { RunAgain } from "./run-again";
import { SidePanel } from "./side-panel";
import { ToolAbout } from "./tool-about";
import { ToolDetails } from "./tool-details";
import { STATES, ToolName, isMeta } from "./tool-name";

interface Props {
  view: View;
  /** The call that is looked at; nothing shows all of them. */
  selected: string | null;
  onSelect: (id: string | null) => void;
  onShow: (seq: number) => void;
  onClose: () => void;
}

const KINDS: readonly (readonly [Kind, string])[] = [["all", "all"], ["open", "at work"], ["failed", "failed"]];

/** Every call of the conversation on a time line, and one of them whole. */
export function ToolPanel({ view, selected, onSelect, onShow, onClose }: Props) {
  const [kind, setKind] = useState<Kind>("all");
  const [left, setLeft] = useState<string | null>(null);
  const toolRun = view.toolRuns.find((known) => known.id === selected);
  const back = () => {
    setLeft(selected);
    onSelect(null);
  };
  if (toolRun) return <SidePanel label="tool call" onClose={onClose}><Call toolRun={toolRun} view={view} onBack={back} onShow={onShow} /></SidePanel>;
  const groups = group(view, kind);
  return (
    <SidePanel label={`tools · ${count(view.toolRuns.length, "call")}`} onClose={onClose}>
      <div class="tabs" role="group" aria-label="which calls">
        {KINDS.map(([value, words]) => (
          <button key={value} type="button" class="ghost small" aria-pressed={kind === value} onClick={() => setKind(value)}>{words}</button>
        ))}
      </div>
      {groups.length === 0 && <p class="note">{kind === "all" ? "No tool was called yet. Ask for something that needs one" : "No such call"}</p>}
      {groups.map(({ run, question, calls }) => (
        <section key={run.id} class="timeline" aria-label={`calls of: ${oneLine(question, 60)}`}>
          <h3 class="meta">{oneLine(question, 80) || "a run"} · {count(calls.length, "call")}</h3>
          {run.plan && <PlanProgress plan={run.plan} isOver />}
          <ol>{calls.map((call) => <Line key={call.id} call={call} run={run} focus={left === call.id} onSelect={onSelect} />)}</ol>
        </section>
      ))}
    </SidePanel>
  );
}

function Line({ call, run, focus, onSelect }: { call: ToolRun; run: Run; focus: boolean; onSelect: (id: string) => void }) {
  const { mark, word, tone } = STATES[call.status] ?? STATES.unknown;
  const { left, width } = bar(call, run, Date.now());
  return (
    <li class={`timeline-call ${tone}`}>
      <button type="button" class="timeline-head" ref={focus ? takeFocus : null} onClick={() => onSelect(call.id)}>
        <span class="tool-mark" aria-hidden="true">{mark}</span>
        <span class="tool-name"><ToolName toolRun={call} /></span>
        <span class="tool-state">{word} <Elapsed toolRun={call} /></span>
      </button>
      <div class="bar" aria-hidden="true"><span style={{ left: `${left}%`, width: `${width}%` }} /></div>
    </li>
  );
}

function Call({ toolRun, view, onBack, onShow }: { toolRun: ToolRun; view: View; onBack: () => void; onShow: (seq: number) => void }) {
  const [raw, setRaw] = useState(false);
  const { mark, word, tone } = STATES[toolRun.status] ?? STATES.unknown;
  const partial = view.partials.find(([id]) => id === toolRun.id)?.[2];
  const message = view.messages.find((known) => known.id === toolRun.messageId);
  const run = view.runs.find((known) => known.id === toolRun.runId);
  const step = run?.plan?.steps.find((known) => known.calls?.some((call) => call.toolRunId === toolRun.id));
  return (
    <div class="side-body">
      <p class="side-tools">
        <button type="button" class="ghost small" ref={takeFocus} onClick={onBack}>all calls</button>
        {message && <button type="button" class="ghost small" onClick={() => onShow(message.seq)}>show in conversation</button>}
        <button type="button" class="ghost small" aria-pressed={raw} onClick={() => setRaw(!raw)}>view raw</button>
      </p>
      <h3 class={`call-name ${tone}`}><span class="tool-mark" aria-hidden="true">{mark}</span> <ToolName toolRun={toolRun} /></h3>
      {!isMeta(toolRun) && <ToolAbout toolId={toolRun.toolId} />}
      <dl class="facts">
        <dt>state</dt><dd>{word} <Elapsed toolRun={toolRun} /></dd>
        <dt>asked for</dt><dd>{clock(toolRun.createdAt)}{run?.startedAt && `, ${duration(Math.max(0, Date.parse(toolRun.createdAt) - Date.parse(run.startedAt)))} into the run`}</dd>
        {toolRun.version && <><dt>edition</dt><dd>{visibleText(toolRun.toolId)}@{visibleText(toolRun.version)}</dd></>}
        {step && <><dt>plan</dt><dd>step {step.stepNumber}: {step.purpose}{step.replacedBy && `, in place of ${step.toolName}`}</dd></>}
        {toolRun.outputBytes > 0 && <><dt>output</dt><dd>{bytes(toolRun.outputBytes)}{toolRun.truncated && ", cut for the model"}</dd></>}
      </dl>
      <ToolDetails toolRun={toolRun} partial={partial} raw={raw} />
      <RunAgain key={toolRun.id} toolRun={toolRun} />
    </div>
  );
}
