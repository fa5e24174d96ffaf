import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, cancel, newKey, sendMessage } from "../api";
import { activeRun, type View } from "../fold";
import { FRONT, stay } from "../route";
import { remember, type Recent } from "../stored";
import type { Models, Run, Whoami } from "../types";
import { oneLine } from "../words";
import { Composer } from "./composer";
import { ConversationHead } from "./conversation-head";
import { DebugPanel } from "./debug-panel";
import { LastingNotice, type Lasting } from "./lasting-notice";
import { linkWords } from "./link-words";
import { ModelPicker } from "./model-picker";
import { RequiredAction } from "./required-action";
import { RunState } from "./run-state";
import { PlanProgress } from "./plan-progress";
import { ShareDialog } from "./share/share-dialog";
import { Transcript } from "./transcript";
import { useConversation } from "./use-conversation";

/** A run is its owner's and its asker's to stop, and an administrator's. */
const mayStop = (run: Run, view: View, me: Whoami) =>
  me.isAdmin === true ||
  view.participants.some((person) => person.role === "owner" && person.userId === me.userId) ||
  view.messages.find((message) => message.id === run.messageId)?.author?.userId === me.userId;

interface Props {
  id: string;
  me: Whoami;
  models: Models | null;
  onMenu: () => void;
  onRows: (rows: Recent[]) => void;
  onSignedOut: () => void;
}

/** One conversation: head, transcript, composer, and the raw events when asked for. */
export function ConversationPage({ id, me, models, onMenu, onRows, onSignedOut }: Props) {
  const [debug, setDebug] = useState(false);
  const [model, setModel] = useState<string | undefined>();
  const [problem, setProblem] = useState<string | null>(null);
  const [sharing, setSharing] = useState(false);
  const [lasting, setLasting] = useState<Lasting | null>(null);
  const [sent, setSent] = useState(0);
  const unsent = useRef<{ text: string; key: string } | null>(null);
  const { view, link, events, loadOlder } = useConversation(id, debug);

  // Without a title of its own a conversation goes by its first message, when that is among those loaded.
  const opening = loadOlder ? "" : oneLine(view?.messages[0]?.content ?? "", 60);
  const title = view ? view.conversation?.title || opening || "Untitled conversation" : null;
  useEffect(() => {
    if (!title) return;
    document.title = `${title} · Omega`;
    onRows(remember(id, title));
    return () => {
      document.title = "Omega";
    };
  }, [id, title]);
  useEffect(() => {
    if (link.state === "failed" && link.error.status === 401) onSignedOut();
  }, [link]);

  const send = async (text: string) => {
    // The same text again after a failure is the same message: the server may have had it.
    if (unsent.current?.text !== text) unsent.current = { text, key: newKey() };
    try {
      const chosen = model === view?.conversation?.model ? undefined : model;
      await sendMessage(id, text, unsent.current.key, chosen);
      unsent.current = null;
      setSent((count) => count + 1);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) onSignedOut();
      throw error;
    }
  };
  const newest = useRef(send);
  newest.current = send;
  // One function for the life of the page, so that it is no reason to draw the turns again.
  const again = useCallback((text: string) => {
    setProblem(null);
    newest.current(text).catch((error: Error) => setProblem(error.message));
  }, []);
  const stop = async () => {
    setProblem(null);
    await cancel(id).catch((error: Error) => setProblem(error.message));
  };

  if (link.state === "failed" && !view) {
    const missing = link.error.status === 404;
    return (
      <main class="front">
        <div class="front-bar only-narrow"><button type="button" class="ghost small" onClick={onMenu}>menu</button></div>
        <section class="hero">
          <p class="label">{missing ? "404" : "error"}</p>
          <h1>{missing ? "No Such Conversation" : "This Conversation Can't Be Opened"}</h1>
          <p class="lead">
            {missing ? "The address is wrong, or you may not see it. Ask whoever shared it for a new one" : link.error.message}
          </p>
          <p><a class="button outline" href={FRONT} onClick={stay(FRONT)}>start a new conversation</a></p>
        </section>
      </main>
    );
  }
  const run = view ? activeRun(view) : undefined;
  const words = linkWords(link);
  return (
    <div class={`conversation${debug ? " with-debug" : ""}`}>
      <main class="conversation-main">
        <ConversationHead id={id} title={title} view={view} debug={debug}
          onShare={() => setSharing(true)} onDebug={() => setDebug(!debug)} onMenu={onMenu} />
        <Transcript view={view} me={me} sent={sent} loadOlder={loadOlder} onAgain={again} />
        {run?.plan && <PlanProgress plan={run.plan} />}
        {run && view && <RequiredAction run={run} view={view} me={me} id={id} onLasting={setLasting} />}
        {lasting && <LastingNotice id={view?.conversation?.id ?? id} lasting={lasting} onDone={() => setLasting(null)} />}
        <p role="status" class={words || problem ? "link-words" : "hidden"}>{problem ?? words}</p>
        <Composer place={id} placeholder={run ? "queue a message..." : "reply..."} onSend={send}
          blocked={link.state === "failed" ? link.error.message : null}>
          {run && view && <RunState run={run} view={view} onCancel={mayStop(run, view, me) ? stop : null} />}
          <ModelPicker models={models} value={model ?? view?.conversation?.model} onPick={setModel} />
        </Composer>
      </main>
      {sharing && view && <ShareDialog id={id} view={view} me={me} onClose={() => setSharing(false)} />}
      {debug && <DebugPanel events={events} onClose={() => setDebug(false)} />}
    </div>
  );
}
