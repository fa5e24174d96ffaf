import { ArrowLeft, Braces, TextSearch } from "lucide";
import { useState } from "preact/hooks";
import { takeFocus } from "../focus";
import { serverNow } from "../server-clock";
import type { View } from "../state";
import { attempt, bar, group, type Kind } from "../timeline";
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
import { Icon } from "./icon";

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
          <ol>{calls.map((call) => <Line key={call.id} call={call} run={run} attempt={attempt(call, callsOf(view, run))} focus={left === call.id} onSelect={onSelect} />)}</ol>
        </section>
      ))}
    </SidePanel>
  );
}

const callsOf = (view: View, run: Run | undefined) => view.toolRuns.filter((call) => call.runId === run?.id);

function Line({ call, run, attempt: nth, focus, onSelect }: { call: ToolRun; run: Run; attempt: number; focus: boolean; onSelect: (id: string) => void }) {
  const { mark, word, tone } = STATES[call.status] ?? STATES.unknown;
  const { left, width } = bar(call, run, serverNow());
  return (
    <li class={`timeline-call ${tone}`}>
      <button type="button" class="timeline-head" ref={focus ? takeFocus : null} onClick={() => onSelect(call.id)}>
        <span class="tool-mark"><Icon of={mark} /></span>
        <span class="tool-name"><ToolName toolRun={call} /></span>
        {nth > 1 && <span class="badge">attempt {nth}</span>}
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
  const nth = attempt(toolRun, callsOf(view, run));
  const step = run?.plan?.steps.find((known) => known.calls?.some((call) => call.toolRunId === toolRun.id));
  return (
    <div class="side-body">
      <p class="side-tools">
        <button type="button" class="ghost small" ref={takeFocus} onClick={onBack}>all calls <Icon of={ArrowLeft} size={14} /></button>
        {message && <button type="button" class="ghost small" onClick={() => onShow(message.seq)}>show in conversation <Icon of={TextSearch} size={14} /></button>}
        <button type="button" class="ghost small" aria-pressed={raw} onClick={() => setRaw(!raw)}>view raw <Icon of={Braces} size={14} /></button>
      </p>
      <h3 class={`call-name ${tone}`}><span class="tool-mark"><Icon of={mark} /></span> <ToolName toolRun={toolRun} /></h3>
      {!isMeta(toolRun) && <ToolAbout toolId={toolRun.toolId} />}
      <dl class="facts">
        <dt>state</dt><dd>{word} <Elapsed toolRun={toolRun} /></dd>
        <dt>asked for</dt><dd>{clock(toolRun.createdAt)}{run?.startedAt && `, ${duration(Math.max(0, Date.parse(toolRun.createdAt) - Date.parse(run.startedAt)))} into the run`}</dd>
        {toolRun.version && <><dt>edition</dt><dd>{visibleText(toolRun.toolId)}@{visibleText(toolRun.version)}</dd></>}
        {nth > 1 && <><dt>attempt</dt><dd>{nth}, after {count(nth - 1, "call")} of this tool that came to nothing</dd></>}
        {(toolRun.attempts ?? 0) > 1 && <><dt>begun</dt><dd>{toolRun.attempts} times: it lacked something, or the server was restarted</dd></>}
        {step && <><dt>plan</dt><dd>step {step.stepNumber}: {visibleText(step.purpose)}{step.replacedBy && `, in place of ${visibleText(step.toolName)}`}</dd></>}
        {toolRun.outputBytes > 0 && <><dt>output</dt><dd>{bytes(toolRun.outputBytes)}{toolRun.truncated && ", cut for the model"}</dd></>}
      </dl>
      <ToolDetails toolRun={toolRun} partial={partial} raw={raw} />
      <RunAgain key={toolRun.id} toolRun={toolRun} />
    </div>
  );
}
