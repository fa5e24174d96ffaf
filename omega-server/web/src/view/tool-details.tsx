import type { ToolRun } from "../types";
import { visibleText } from "../visible";
import { LargeOutput, ValueView } from "../viewer/viewer";
import { FoundTools, foundTools } from "./found-tools";

/** What a call was given and what it gave; `raw` is the record as the server has it. */
export function ToolDetails({ toolRun, partial, raw }: { toolRun: ToolRun; partial: unknown; raw: boolean }) {
  const isLarge = toolRun.output === undefined && toolRun.outputBytes > 0;
  if (raw) {
    return (
      <>
        <ValueView label="raw" value={toolRun} name={toolRun.id} />
        {isLarge && <LargeOutput toolRun={toolRun} />}
      </>
    );
  }
  const found = foundTools(toolRun);
  return (
    <>
      <ValueView label="input" value={toolRun.input} name={`${toolRun.id}-input`} />
      {toolRun.error && (
        <div class="tool-part">
          <p class="label">error · {visibleText(toolRun.error.code)}</p>
          <p class="error-text wrap">{visibleText(toolRun.error.message)}</p>
          {toolRun.error.details !== undefined && <ValueView label="details" value={toolRun.error.details} name={`${toolRun.id}-error`} />}
        </div>
      )}
      {found
        ? <FoundTools tools={found} />
        : toolRun.output !== undefined
          ? <ValueView label={`output${toolRun.truncated ? " · cut" : ""}`} value={toolRun.output} name={toolRun.id} />
          : partial !== undefined && <ValueView label="output so far" value={partial} name={toolRun.id} />}
      {isLarge && <LargeOutput toolRun={toolRun} />}
    </>
  );
}
