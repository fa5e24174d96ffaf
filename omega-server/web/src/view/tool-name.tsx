import { Ban, Check, CircleQuestionMark as CircleHelp, Clock, LoaderCircle, Minus, Pause, TimerOff, X, type IconNode } from "lucide";
import type { ToolRun, ToolRunStatus } from "../types";
import { visibleText } from "../visible";

export interface StateWords {
  mark: IconNode;
  word: string;
  tone: "quiet" | "warn" | "info" | "ok" | "bad";
}

export const STATES: Record<ToolRunStatus, StateWords> = {
  proposed: { mark: Clock, word: "waiting", tone: "quiet" },
  awaiting_credentials: { mark: Pause, word: "waits for variables", tone: "warn" },
  awaiting_approval: { mark: Pause, word: "waits for approval", tone: "warn" },
  started: { mark: LoaderCircle, word: "running", tone: "info" },
  succeeded: { mark: Check, word: "done", tone: "ok" },
  failed: { mark: X, word: "failed", tone: "bad" },
  timed_out: { mark: TimerOff, word: "timed out", tone: "bad" },
  cancelled: { mark: Minus, word: "cancelled", tone: "quiet" },
  skipped: { mark: Minus, word: "skipped", tone: "quiet" },
  denied: { mark: Ban, word: "refused", tone: "quiet" },
  unknown: { mark: CircleHelp, word: "outcome unknown", tone: "warn" },
};

/** Omega's own tools: what they do, and which part of the input says it all. */
const META_TOOLS: Record<string, { does: string; by: string }> = {
  registryAddTool: { does: "propose a package", by: "package" },
  registrySearchTool: { does: "search the registry", by: "query" },
  registryExecuteTool: { does: "run a tool", by: "toolId" },
};

export const isMeta = (toolRun: ToolRun): boolean => META_TOOLS[toolRun.toolId] !== undefined;

/** A call by the name of its tool, and where that comes from. */
export function ToolName({ toolRun }: { toolRun: ToolRun }) {
  const meta = META_TOOLS[toolRun.toolId];
  if (meta) {
    const { input } = toolRun;
    const said = typeof input === "object" && input !== null && !Array.isArray(input) ? (input as Record<string, unknown>)[meta.by] : undefined;
    return <><b>{meta.does}</b> <span class="quiet-text">{typeof said === "string" ? visibleText(said) : inputLine(input)}</span></>;
  }
  const at = toolRun.toolId.lastIndexOf("::");
  if (at < 0) return <b>{visibleText(toolRun.toolName)}</b>;
  const version = visibleText(toolRun.version && `@${toolRun.version}`);
  const [from, name] = [visibleText(toolRun.toolId.slice(0, at)), visibleText(toolRun.toolId.slice(at + 2))];
  // A package with one export goes by its own name.
  if (name === "default") return <><b>{from}</b> <span class="quiet-text">{version.slice(1)}</span></>;
  return <><b>{name}</b> <span class="quiet-text">{from}{version}</span></>;
}

/** An input in one line: `expr: "1+1", precision: 4`. */
export function inputLine(input: unknown): string {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return visibleText(JSON.stringify(input) ?? "");
  return visibleText(
    Object.entries(input)
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
      .join(", "),
  );
}
