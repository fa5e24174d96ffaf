import { useState } from "preact/hooks";
import { audit, verifyAudit } from "../../account";
import type { AuditEntry, Whoami } from "../../types";
import { count } from "../../words";
import { Section } from "./section";
import { useList } from "./use-list";

/** Which version of a package took which one's place, and for whom. */
function versions({ action, detail }: AuditEntry): string {
  if (action !== "registry.changed" || typeof detail?.to !== "string") return "";
  const from = typeof detail.from === "string" ? `${detail.from} → ` : "";
  return ` ${from}${detail.to}${detail.scope === "me" ? " for one user" : " for everybody"}`;
}

/** The newest of what the server recorded: everything for administrators, who can have its chains checked; else one's own. */
export function Audit({ me }: { me: Whoami }) {
  const { items, busy, error, act } = useList(audit);
  const [said, setSaid] = useState("");
  const verify = () =>
    act(async () => {
      const report = await verifyAudit();
      const broken = report.chains.find((chain) => chain.broken)?.broken;
      setSaid(report.ok ? `The record is whole: ${count(report.checked, "row")} checked` : `The record was changed: ${broken?.message ?? "see omega audit verify"}`);
    });
  return (
    <Section id="audit" title="Audit Log" about={me.isAdmin ? "What was done on this server, newest first" : "What you did on this server, newest first"} error={error}>
      {me.isAdmin && (
        <div class="ask-buttons">
          <button type="button" class="outline small" disabled={busy} onClick={() => void verify()}>verify the record</button>
        </div>
      )}
      <p class="note" role="status">{said}</p>
      <ul class="rows audit" tabIndex={0} aria-label="audit log">
        {items?.map((entry) => (
          <li key={entry.id}>
            <span class="row-words">
              <code>{entry.action}</code> <span class="meta">{entry.objectType}{entry.objectId && ` ${entry.objectId}`}{versions(entry)}</span>
            </span>
            <span class="meta">{entry.outcome} · <time dateTime={entry.at}>{new Date(entry.at).toLocaleString()}</time></span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
