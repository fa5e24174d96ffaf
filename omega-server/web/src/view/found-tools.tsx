import type { ToolRun } from "../types";
import { visibleText } from "../visible";

/** A row of a registry search's answer (omega-core/src/agent/meta.rs, `FoundTool`). */
interface Found {
  toolId: string;
  version: string;
  description: string;
  healthStatus: string;
  missingEnvVars: string[];
}

/** The tools that a search found, when this is a search whose answer reads as one. */
export function foundTools(toolRun: ToolRun): Found[] | null {
  const output = toolRun.output;
  if (toolRun.toolId !== "registrySearchTool" || typeof output !== "object" || output === null || Array.isArray(output)) return null;
  const tools = (output as Record<string, unknown>)["tools"];
  if (!Array.isArray(tools)) return null;
  const list: Found[] = [];
  for (const tool of tools) {
    if (typeof tool !== "object" || tool === null || Array.isArray(tool)) return null;
    const { toolId, version, description, healthStatus, missingEnvVars } = tool;
    if (typeof toolId !== "string") return null;
    list.push({
      toolId,
      version: typeof version === "string" ? version : "",
      description: typeof description === "string" ? description : "",
      healthStatus: typeof healthStatus === "string" ? healthStatus : "UNKNOWN",
      missingEnvVars: Array.isArray(missingEnvVars) ? missingEnvVars.filter((name) => typeof name === "string") : [],
    });
  }
  return list;
}

export function FoundTools({ tools }: { tools: Found[] }) {
  if (tools.length === 0) return <p class="note">No tool fits that search</p>;
  return (
    <ul class="found">
      {tools.map((tool) => (
        <li key={tool.toolId}>
          <p class="found-head">
            <b>{visibleText(tool.toolId)}</b> <span class="quiet-text">{visibleText(tool.version)}</span>
            {tool.healthStatus === "BROKEN" && <span class="badge bad">broken</span>}
            {tool.missingEnvVars.map((name) => <span key={name} class="badge warn">needs {visibleText(name)}</span>)}
          </p>
          <p class="found-text">{visibleText(tool.description)}</p>
        </li>
      ))}
    </ul>
  );
}
