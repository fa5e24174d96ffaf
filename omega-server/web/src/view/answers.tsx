import { Check, Minus } from "lucide";
import { memo } from "preact/compat";
import type { Answer, ToolRun } from "../types";
import type { Told } from "../turns";
import { readableText, visibleText } from "../visible";
import { clock } from "../words";
import { Icon } from "./icon";

interface Props {
  told: Told[];
  toolRuns: ToolRun[];
  /** Opens a call beside the conversation. */
  onTool: (id: string) => void;
}

/** What people answered while a run waited for them: a line each, which stays where it was answered. */
export const Answers = memo(function Answers({ told, toolRuns, onTool }: Props) {
  if (told.length === 0) return null;
  return (
    <ul class="answers" aria-label="what was answered">
      {told.map(({ answer, name }, at) => (
        <li key={at} class={`answer ${tone(answer)}`}>
          <span class="answer-mark"><Icon of={tone(answer) === "ok" ? Check : Minus} size={14} /></span>
          <span>
            <b>{visibleText(name)}</b> <Words answer={answer} toolRuns={toolRuns} onTool={onTool} />
          </span>
          <time class="meta" dateTime={answer.at} title={new Date(answer.at).toLocaleString()}>{clock(answer.at)}</time>
        </li>
      ))}
    </ul>
  );
});

function Words({ answer, toolRuns, onTool }: { answer: Answer; toolRuns: ToolRun[]; onTool: Props["onTool"] }) {
  switch (answer.kind) {
    case "plan":
      return <>{answer.planId ? "chose the plan" : "asked for other plans"}</>;
    case "credentials":
      if (answer.declined) return <>went on without what was missing</>;
      return <>gave <code>{answer.names.map(visibleText).join(", ")}</code>{KEPT[answer.save]}</>;
    case "alternative": {
      const call = <Call id={answer.toolRunId} toolRuns={toolRuns} onTool={onTool} />;
      return answer.toolId
        ? <>chose <code>{visibleText(answer.toolId)}</code> instead of {call}</>
        : <>wanted no other tool instead of {call}</>;
    }
    case "approval": {
      const call = <Call id={answer.toolRunId} toolRuns={toolRuns} onTool={onTool} />;
      const why = answer.reason && <>: {readableText(answer.reason)}</>;
      if (answer.decision === "deny") return <>refused {call}{why}</>;
      return <>allowed {call}{answer.edited && " with another input"}{LASTS[answer.remember]}</>;
    }
  }
}

/** Where given values stay, as the form said it. */
const KEPT: Record<Extract<Answer, { kind: "credentials" }>["save"], string> = {
  once: " for this run",
  tool: ", kept for the tool",
  global: ", kept for all tools",
};

const LASTS: Record<Extract<Answer, { kind: "approval" }>["remember"], string> = {
  once: " once",
  plan: ", and the other tools of the plan",
  conversation: " for this conversation",
  always: " always",
};

function Call({ id, toolRuns, onTool }: { id: string; toolRuns: ToolRun[]; onTool: Props["onTool"] }) {
  const call = toolRuns.find((known) => known.id === id);
  if (!call) return <>a call</>;
  return <button type="button" class="in-text" onClick={() => onTool(id)}>{visibleText(call.toolName)}</button>;
}

function tone(answer: Answer): "ok" | "quiet" {
  switch (answer.kind) {
    case "plan":
      return answer.planId ? "ok" : "quiet";
    case "credentials":
      return answer.declined ? "quiet" : "ok";
    case "alternative":
      return answer.toolId ? "ok" : "quiet";
    case "approval":
      return answer.decision === "approve" ? "ok" : "quiet";
  }
}
