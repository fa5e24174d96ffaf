import { exportUrl } from "../api";
import { usageOf, type View } from "../fold";
import { count, dollars } from "../words";
import { Menu } from "./menu";

interface Props {
  id: string;
  title: string | null;
  view: View | null;
  debug: boolean;
  onShare: () => void;
  onDebug: () => void;
  onMenu: () => void;
}

/** Title, participants, and what can be done with the conversation as a whole: side by side, or in one menu where it is narrow. */
export function ConversationHead({ id, title, view, debug, onShare, onDebug, onMenu }: Props) {
  const people = view?.participants ?? [];
  const names = people.map((person) => person.displayName).join(", ");
  const share = <button type="button" class="ghost small" disabled={!view} onClick={onShare}>share</button>;
  const raw = <button type="button" class="ghost small" aria-pressed={debug} onClick={onDebug}>debug</button>;
  return (
    <header class="conversation-head">
      <button type="button" class="ghost small only-narrow" onClick={onMenu}>menu</button>
      <div class="title">
        <h1 title={title ?? undefined}>{title ?? "loading..."}</h1>
        <p class="meta">
          {view?.conversation?.model}
          {view && spent(view)}
          {people.length > 1 && (
            <> · <button type="button" class="people" title={names} onClick={onShare}>{count(people.length, "participant")}</button></>
          )}
        </p>
      </div>
      <div class="actions not-small">
        {share}
        <Menu label="export"><ExportLinks id={id} /></Menu>
        {raw}
      </div>
      <Menu label="more" extra="only-small">
        {share}
        <ExportLinks id={id} as="export as " />
        {raw}
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
