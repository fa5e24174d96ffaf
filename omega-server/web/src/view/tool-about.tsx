import { useEffect, useState } from "preact/hooks";
import { toolOf } from "../account";
import type { Tool } from "../types";
import { visibleText } from "../visible";
import { count } from "../words";

/** What the registry knows of a tool: its own words, whether it is known to work, and who stands behind it. */
export function ToolAbout({ toolId }: { toolId: string }) {
  const [tool, setTool] = useState<Tool | null | "unknown">(null);
  useEffect(() => {
    let gone = false;
    toolOf(toolId).then((found) => !gone && setTool(found), () => !gone && setTool("unknown"));
    return () => {
      gone = true;
    };
  }, [toolId]);
  // The line is there before the words are, so that nothing below moves.
  return (
    <div class="tool-about">
      <p class="note">{tool === null ? "..." : tool === "unknown" ? "The registry says nothing about it" : visibleText(tool.description)}</p>
      <p class="meta">{tool && tool !== "unknown" ? facts(tool).join(" · ") : " "}</p>
    </div>
  );
}

const HEALTH: Record<string, string> = { HEALTHY: "known to work", BROKEN: "known to be broken" };

function facts({ package: from, own, breaker, executionHealth, executionCount, successRate }: Tool): string[] {
  const list = [`${from.isOfficial ? "official package" : "package"} ${visibleText(from.npmPackageName)}`, HEALTH[executionHealth] ?? "not checked yet"];
  if (own) list.push("added by you");
  if (breaker) list.push("left alone for a while, because it kept failing");
  if (from.npmDownloadsLastMonth) list.push(`${count(from.npmDownloadsLastMonth, "download")} a month`);
  const worked = executionCount && successRate !== undefined && successRate !== null ? `, ${Math.round(100 * successRate)} % of them worked` : "";
  list.push(executionCount ? `${count(executionCount, "call")} on this server${worked}` : "never called on this server");
  return list;
}
