import { useEffect, useState } from "preact/hooks";
import { toolOf } from "../account";
import type { Tool } from "../types";
import { visibleText } from "../visible";
import { count } from "../words";

/** What the registry says of a tool; nothing until it has answered. */
type Known = Tool | "unknown" | null;

function useTool(toolId: string): Known {
  const [tool, setTool] = useState<Known>(null);
  useEffect(() => {
    // A name that no tool of the registry can have: nobody is asked.
    if (!toolId.includes("::")) return setTool("unknown");
    let gone = false;
    toolOf(toolId).then((found) => !gone && setTool(found), () => !gone && setTool("unknown"));
    return () => {
      gone = true;
    };
  }, [toolId]);
  return tool;
}

const UNKNOWN = "The registry says nothing about it";

/** What the registry knows of a tool, in two lines. They are there before the words are, so that nothing below moves. */
export function ToolAbout({ toolId }: { toolId: string }) {
  const tool = useTool(toolId);
  return (
    <div class="tool-about">
      <p class="note">{tool === null ? "..." : tool === "unknown" ? UNKNOWN : visibleText(tool.description)}</p>
      <p class="meta">{tool && tool !== "unknown" ? [`${tool.package.isOfficial ? "official package" : "package"} ${visibleText(tool.package.npmPackageName)}`, health(tool), record(tool)].join(" · ") : " "}</p>
    </div>
  );
}

/** The same for somebody who has to decide: fact by fact, and what nobody knows is said to be unknown. */
export function ToolFacts({ toolId }: { toolId: string }) {
  const tool = useTool(toolId);
  const isKnown = tool !== null && tool !== "unknown";
  const say = (words: (tool: Tool) => string) => (isKnown ? words(tool) : tool === null ? "..." : "unknown");
  return (
    <div class="tool-about">
      <p class="note">{tool === null ? "..." : tool === "unknown" ? UNKNOWN : visibleText(tool.description)}</p>
      <dl class="facts">
        <dt>publisher</dt><dd>{say(publisher)}</dd>
        <dt>published</dt><dd>{say(age)}</dd>
        <dt>health</dt><dd>{say(health)}</dd>
        <dt>record</dt><dd>{say(record)}</dd>
      </dl>
    </div>
  );
}

/** Who publishes it, as far as a name on npm says so: a scope belongs to one publisher. */
function publisher({ package: from, own }: Tool): string {
  const { isOfficial, npmPackageName: name } = from;
  const scope = /^(@[^/]+)\//.exec(name)?.[1];
  const use = from.npmDownloadsLastMonth ? `, ${count(from.npmDownloadsLastMonth, "download")} a month` : "";
  const who = isOfficial ? "TPMJS" : scope ? `${visibleText(scope)} on npm` : `unknown; the package is ${visibleText(name)}`;
  return `${who}${use}${own ? ", added by you" : ""}`;
}

/** The registry keeps no dates of packages. */
const age = ({ package: { npmVersion } }: Tool): string => `version ${visibleText(npmVersion)}; its date is unknown`;

const HEALTH: Record<string, string> = { HEALTHY: "known to work", BROKEN: "known to be broken" };

const health = ({ executionHealth, breaker }: Tool): string =>
  (HEALTH[executionHealth] ?? "not checked yet") + (breaker ? ", left alone for a while, because it kept failing" : "");

/** How its calls ended here. */
function record({ executionCount, successRate }: Tool): string {
  if (!executionCount) return "never called on this server";
  const worked = successRate === undefined || successRate === null ? "" : `, ${Math.round(100 * successRate)} % of them worked`;
  return `${count(executionCount, "call")} on this server${worked}`;
}
