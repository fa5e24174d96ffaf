import { approvals, grants, revokeApproval, revokeGrant } from "../../account";
import { conversationPath, stay } from "../../route";
import { visibleText } from "../../visible";
import { REASONS } from "../reasons";
import { Section, Sure } from "./section";
import { useList } from "./use-list";

/** Which tools may use the credentials that are stored for all tools. */
export function Grants() {
  const { items, busy, error, act } = useList(grants);
  return (
    <Section id="grants" title="Grants" about="Tools that may use a credential that is stored for all tools. One that is revoked asks again" error={error}>
      <ul class="rows">
        {items?.map(({ name, toolId, publisher, maxMajor }) => (
          <li key={`${name} ${toolId}`}>
            <span class="row-words">
              <code>{visibleText(toolId)}</code> may use <code>{visibleText(name)}</code>
              <span class="meta"> by {visibleText(publisher)}{maxMajor !== undefined && ` · up to version ${maxMajor}`}</span>
            </span>
            <Sure label="revoke" what={`${name} for ${toolId}`} disabled={busy} onSure={() => void act(() => revokeGrant(name, toolId))} />
          </li>
        ))}
        {items?.length === 0 && <li class="note">No tool was granted anything</li>}
      </ul>
    </Section>
  );
}

/** Standing approvals. */
export function LastingApprovals() {
  const { items, busy, error, act } = useList(approvals);
  return (
    <Section id="approvals" title="Lasting Approvals" about="Tools that you allowed for a conversation, or always. One that is revoked asks again" error={error}>
      <ul class="rows">
        {items?.map(({ id, toolId, reason, conversationId, maxMajor }) => (
          <li key={id}>
            <span class="row-words">
              <code>{visibleText(toolId)}</code>
              <span class="meta">
                {" "}{REASONS[reason]} ·{" "}
                {conversationId
                  ? <a href={conversationPath(conversationId)} onClick={stay(conversationPath(conversationId))}>in one conversation</a>
                  : "everywhere"}
                {maxMajor !== undefined && ` · up to version ${maxMajor}`}
              </span>
            </span>
            <Sure label="revoke" what={`approval of ${toolId}`} disabled={busy} onSure={() => void act(() => revokeApproval(id))} />
          </li>
        ))}
        {items?.length === 0 && <li class="note">Nothing is allowed for longer than one call</li>}
      </ul>
    </Section>
  );
}
