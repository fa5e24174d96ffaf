// Which calls of a tool its author wants to be approved first: `needsApproval` of the AI SDK, true or a function of the input
// (https://ai-sdk.dev/docs/ai-sdk-core/tools-and-tool-calling#tool-execution-approval).
import { Failure } from "./failure.mjs";
import { readProperty } from "./shapes.mjs";

const WORDS = "the tool's author wants a person to approve this call first; nothing was done";

/** "always", "sometimes" where the tool decides by the input, or null. */
export function needsApproval(tool) {
  const said = readProperty(tool, "needsApproval");
  if (typeof said === "function") return "sometimes";
  return said ? "always" : null;
}

/** Fails where a call has to be approved and was not. A function that can't say so counts as yes. */
export async function approve(tool, input, options, approved) {
  if (approved || needsApproval(tool) === null) return;
  const said = readProperty(tool, "needsApproval");
  let wanted = true;
  try {
    wanted = typeof said === "function" ? await Reflect.apply(said, tool, [input, options]) : said;
  } catch {
    // Who can't be asked is to be asked about.
  }
  if (wanted) throw new Failure("NEEDS_APPROVAL", WORDS);
}
