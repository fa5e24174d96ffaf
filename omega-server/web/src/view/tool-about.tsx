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

const HEALTH: Record<Tool["health"], string> = { HEALTHY: "known to work", BROKEN: "known to be broken", UNKNOWN: "not checked yet" };

function facts(tool: Tool): string[] {
  const list = [tool.own ? "added by you" : tool.official ? "official" : "from the public registry", HEALTH[tool.health]];
  if (tool.downloads) list.push(`${count(tool.downloads, "download")} a month`);
  if (tool.destructive) list.push("deletes or spends something");
  return list;
}
