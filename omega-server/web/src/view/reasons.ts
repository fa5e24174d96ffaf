import type { Approval } from "../types";

/** Why a call waits for approval. */
export const REASONS: Record<Approval["reason"], string> = {
  safe_mode: "Safe Mode is on",
  guest_credentials: "A guest's message would use the owner's credentials",
  first_use: "It would use a stored credential for the first time",
  unknown_outcome: "The same call was interrupted before, and may have taken effect",
  destructive: "It deletes or spends something",
  exfil_guard: "It would take a credential to an address that nobody here wrote",
  needs_approval: "The tool's author wants it to be approved first",
  add_package: "The agent proposes to add it to your tools",
};
