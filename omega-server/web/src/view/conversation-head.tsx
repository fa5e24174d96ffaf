import { Bug, Download, Ellipsis, Menu as MenuIcon, Search, Share2, Wrench } from "lucide";
import { exportUrl } from "../api";
import { usageOf, type View } from "../state";
import { visibleText } from "../visible";
import { count, dollars } from "../words";
import { Menu } from "./menu";
import { SafeMode, useSafeMode } from "./safe-mode";
import { Title } from "./title";
import { Icon } from "./icon";

/** What stands beside the conversation. */
export type Panel = "tools" | "debug" | null;

interface Props {
  id: string;
  title: string | null;
  view: View | null;
  isOwner: boolean;
  panel: Panel;
  finding: boolean;
  onFind: () => void;
  onShare: () => void;
  onPanel: (panel: Panel) => void;
  onMenu: () => void;
}

/** Title, participants, and what can be done with the conversation as a whole: side by side, or in one menu where it is narrow. */
export function ConversationHead({ id, title, view, isOwner, panel, finding, onFind, onShare, onPanel, onMenu }: Props) {
  const people = view?.participants ?? [];
  const names = people.map((person) => visibleText(person.displayName)).join(", ");
  const share = <button type="button" class="ghost small" disabled={!view} onClick={onShare}>share <Icon of={Share2} size={14} /></button>;
  const find = <button type="button" class="ghost small" data-key="find" aria-pressed={finding} disabled={!view} onClick={onFind}>find <Icon of={Search} size={14} /></button>;
  const beside = (which: Exclude<Panel, null>) => (
    <button type="button" class="ghost small" data-key={which} aria-pressed={panel === which} onClick={() => onPanel(panel === which ? null : which)}>{which} <Icon of={which === "tools" ? Wrench : Bug} size={14} /></button>
  );
  const isSafe = useSafeMode(view?.conversation?.safeMode ?? undefined, isOwner);
  const safe = view && <SafeMode id={id} on={isSafe} isOwner={isOwner} />;
  return (
    <header class="conversation-head">
      <button type="button" class="ghost small only-narrow" onClick={onMenu}>menu <Icon of={MenuIcon} size={14} /></button>
      <div class="title">
        <Title id={id} title={title} isOwner={isOwner} />
        <p class="meta">
          {/* Where the switch is folded away, that it is on is seen all the same. */}
          {isSafe && <span class="safe-word">safe mode · </span>}
          {view?.conversation?.model}
          {view && spent(view)}
          {view?.conversation?.forkedFrom && <> · forked from {visibleText(view.conversation.forkedFrom)}</>}
          {people.length > 1 && (
            <> · <button type="button" class="people" title={names} onClick={onShare}>{count(people.length, "participant")}</button></>
          )}
        </p>
      </div>
      <div class="actions not-small">
        {safe}
        {find}
        {beside("tools")}
        {share}
        <Menu label="export" icon={Download}><ExportLinks id={id} /></Menu>
        {beside("debug")}
      </div>
      <Menu label="more" icon={Ellipsis} extra="only-small">
        {safe}
        {find}
        {beside("tools")}
        {share}
        <ExportLinks id={id} as="export as " />
        {beside("debug")}
      </Menu>
    </header>
  );
}

function spent(view: View): string {
  const usage = usageOf(view);
  const tokens = usage.inputTokens + usage.outputTokens;
  return [tokens > 0 ? count(tokens, "token") : "", dollars(usage)].filter(Boolean).map((words) => ` · ${words}`).join("");
}

function ExportLinks({ id, as = "" }: { id: string; as?: string }) {
  return (
    <>
      <a class="button ghost small" href={exportUrl(id, "markdown")} download={`omega-${id}.md`}>{as}markdown</a>
      <a class="button ghost small" href={exportUrl(id, "json")} download={`omega-${id}.json`}>{as}json</a>
    </>
  );
}
