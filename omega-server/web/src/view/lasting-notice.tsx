import { useEffect, useState } from "preact/hooks";
import { approvals, revokeApproval } from "../account";
import type { StoredApproval } from "../types";

/** A standing approval that was just given. */
export interface Lasting {
  toolId: string;
  remember: "conversation" | "always";
}

/** So long it can be taken back here; afterwards in the settings. */
const SHOWN = 10_000;

/** The newest of the stored approvals that this one can be. */
export function ruleOf(stored: StoredApproval[], { toolId, remember }: Lasting, conversation: string): StoredApproval | undefined {
  const place = remember === "conversation" ? conversation : undefined;
  return stored
    .filter((rule) => rule.toolId === toolId && rule.conversationId === place)
    .reduce<StoredApproval | undefined>((newest, rule) => (newest && newest.createdAt > rule.createdAt ? newest : rule), undefined);
}

/** Says that an approval stands, and revokes it on a click. */
export function LastingNotice({ id, lasting, onDone }: { id: string; lasting: Lasting; onDone: () => void }) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    setSaid(null);
    const timer = setTimeout(onDone, SHOWN);
    return () => clearTimeout(timer);
  }, [lasting]);
  const takeBack = async () => {
    try {
      const rule = ruleOf(await approvals(), lasting, id);
      if (rule) await revokeApproval(rule.id);
      setSaid("Taken back: it is asked about again from now on");
    } catch (error) {
      setSaid(`Not taken back: ${error instanceof Error ? error.message : "try again"}. The settings list what is always allowed`);
    }
  };
  const place = lasting.remember === "always" ? "in all your conversations" : "in this conversation";
  return (
    <p role="status" class="link-words">
      {said ?? <><code>{lasting.toolId}</code> is always allowed {place} </>}
      {said === null && <button type="button" class="outline small" onClick={takeBack}>take it back</button>}
    </p>
  );
}
