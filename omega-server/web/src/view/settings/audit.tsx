import { useState } from "preact/hooks";
import { audit, verifyAudit } from "../../account";
import type { Whoami } from "../../types";
import { count } from "../../words";
import { Section } from "./section";
import { useList } from "./use-list";

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
        {items?.map(({ id, at, action, outcome, objectType, objectId }) => (
          <li key={id}>
            <span class="row-words"><code>{action}</code> <span class="meta">{objectType}{objectId && ` ${objectId}`}</span></span>
            <span class="meta">{outcome} · <time dateTime={at}>{new Date(at).toLocaleString()}</time></span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
