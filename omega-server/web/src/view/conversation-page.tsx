import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { updateConversation } from "../account";
import { ApiError, cancelRun, forkConversation, newKey, sendMessage } from "../api";
import { standing } from "../asks";
import { conversationPath, go } from "../route";
import { activeRun } from "../state";
import { written } from "../message-data";
import { remember, type Recent } from "../stored";
import { newestOf } from "../versions";
import type { Models, Run, Whoami } from "../types";
import { oneLine } from "../words";
import { ModelNames } from "./ask-another";
import { Composer } from "./composer";
import { ConversationHead, type Panel } from "./conversation-head";
import { DebugPanel } from "./debug-panel";
import { FindBar } from "./find-bar";
import { LastingNotice, type Lasting } from "./lasting-notice";
import { linkWords } from "./link-words";
import { Message } from "./message-page";
import { ModelPicker, modelNames } from "./model-picker";
import { PlanProgress } from "./plan-progress";
import { Queue } from "./queue";
import { RequiredAction } from "./required-action";
import { RunState } from "./run-state";
import { isSheet } from "./side-panel";
import { ShareDialog } from "./share/share-dialog";
import { ToolPanel } from "./tool-panel";
import { Transcript } from "./transcript";
import type { TurnActions } from "./turn";
import { useAttention } from "./use-attention";
import { useConversation } from "./use-conversation";
import { usePast } from "./use-past";

/** How long it is said that an answer was begun again. */
const SAID_MS = 10_000;

interface Props {
  id: string;
  me: Whoami;
  models: Models | null;
  onMenu: () => void;
  onRows: (rows: Recent[]) => void;
  onSignedOut: () => void;
}

/** One conversation: head, transcript, composer, and what stands beside it when asked for. */
export function ConversationPage({ id, me, models, onMenu, onRows, onSignedOut }: Props) {
  const [panel, setPanel] = useState<Panel>(null);
  const [selected, setSelected] = useState<string | null>(null);
  const [finding, setFinding] = useState(false);
  const [model, setModel] = useState<string | undefined>();
  const [problem, setProblem] = useState<string | null>(null);
  const [sharing, setSharing] = useState(false);
  const [lasting, setLasting] = useState<Lasting | null>(null);
  const [sent, setSent] = useState(0);
  const [begunAgain, setBegunAgain] = useState(false);
  const [fill, setFill] = useState<{ text: string } | null>(null);
  /** The message whose newer version is being written. */
  const [replaced, setReplaced] = useState<string | null>(null);
  const unsent = useRef<{ text: string; data: string | undefined; replaces: string | undefined; key: string } | null>(null);
  const { view, link, events, restarts, loadOlder, meet } = useConversation(id, panel === "debug");
  const names = useMemo(() => modelNames(models), [models]);
  const past = usePast(id, view, meet);

  // Without a title of its own a conversation goes by its first message, when that is among those loaded.
  const opening = loadOlder ? "" : oneLine(written(view?.messages[0]?.content ?? "").words, 60);
  const title = view ? view.conversation?.title || opening || "Untitled conversation" : null;
  const state = view?.conversation?.executionState;
  const yours = useAttention(id, title, view, me);
  useEffect(() => {
    if (title) onRows(remember(id, title, state, yours));
  }, [id, title, state, yours]);
  // A question is not to be covered by what was opened before it came.
  useEffect(() => {
    if (yours && isSheet()) setPanel(null);
  }, [yours]);
  useEffect(() => {
    if (restarts === 0) return;
    setBegunAgain(true);
    const timer = setTimeout(() => setBegunAgain(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [restarts]);
  useEffect(() => {
    if (link.state === "failed" && link.error.status === 401) onSignedOut();
  }, [link]);

  const isOwner = view?.participants.some((person) => person.role === "owner" && person.userId === me.userId) ?? false;
  /** The newest version of a message, where it may be replaced: by whoever wrote it, and by the owner. */
  const replaceable = (message: string | null): string | undefined => {
    const messages = [...(past.view?.messages ?? []), ...(view?.messages ?? [])];
    const id = message && newestOf(messages, message);
    const known = messages.find((one) => one.id === id);
    return known && (isOwner || known.author?.userId === me.userId) ? known.id : undefined;
  };
  const send = async (text: string, { data, by, replaces }: { data?: string | undefined; by?: string | undefined; replaces: string | undefined }) => {
    // The same text again after a failure is the same message: the server may have had it.
    const before = unsent.current;
    if (before?.text !== text || before.data !== data || before.replaces !== replaces || by) unsent.current = { text, data, replaces, key: newKey() };
    // Whoever sends goes to the end, before the version that they read there goes into its fold.
    if (replaces) setSent((count) => count + 1);
    try {
      const chosen = by ?? (model === view?.conversation?.model ? undefined : model);
      await sendMessage(id, text, unsent.current?.key ?? newKey(), { model: chosen, data, replaces });
      unsent.current = null;
      setReplaced(null);
      past.leave();
      setSent((count) => count + 1);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) onSignedOut();
      throw error;
    }
  };
  const edit = useCallback((text: string, message?: string) => {
    setFill({ text: written(text).words });
    setReplaced(message ?? null);
  }, []);
  const openTool = useCallback((call: string | null) => {
    setSelected(call);
    setPanel("tools");
  }, []);
  const show = (seq: number) => void past.goTo(seq).catch((error: Error) => setProblem(error.message));
  const newest = useRef({ send, show, replaceable });
  newest.current = { send, show, replaceable };
  // The same object for the life of the page, so that it is no reason to draw the turns again.
  const [actions] = useState<TurnActions>(() => ({
    edit,
    openTool,
    fork: (until) => {
      setProblem(null);
      forkConversation(id, until).then((copy) => {
        onRows(remember(copy.id, copy.title || "Untitled conversation"));
        go(conversationPath(copy.id));
      }, (error: Error) => setProblem(error.message));
    },
    goTo: (seq) => newest.current.show(seq),
    again: (text, message, by) => {
      setProblem(null);
      const { words, data } = written(text);
      if (data) {
        edit(words, message);
        return setProblem("The data went along with that message alone. Attach it again, then send");
      }
      newest.current.send(text, { by, replaces: newest.current.replaceable(message) }).catch((error: Error) => setProblem(error.message));
    },
  }));

  if (link.state === "failed" && !view) {
    const missing = link.error.status === 404;
    return (
      <Message label={missing ? "404" : "error"} title={missing ? "No Such Conversation" : "This Conversation Can't Be Opened"} onMenu={onMenu}
        words={missing ? "The address is wrong, or you may not see it. Ask whoever shared it for a new one" : link.error.message} />
    );
  }
  const run = view ? activeRun(view) : undefined;
  // A run is its owner's and its asker's to stop, and an administrator's.
  const mayStop = (of: Run) => me.isAdmin === true || isOwner || (view !== null && standing(of, view, me).isAsker);
  const stop = run && mayStop(run)
    ? async () => {
      setProblem(null);
      await cancelRun(run.id).catch((error: Error) => setProblem(error.message));
    }
    : null;
  const pick = (name: string) => {
    setModel(name);
    // The owner's choice is the conversation's; a guest's holds for what they send.
    if (isOwner) updateConversation(id, { model: name }).then(() => setModel(undefined), (error: Error) => setProblem(error.message));
  };
  const words = problem ?? linkWords(link) ?? (begunAgain ? "The server was restarted in the middle of the answer; it is begun again" : null);
  return (
    <ModelNames.Provider value={names}>
    <div class={`conversation${panel ? " with-side" : ""}`}>
      <main class="conversation-main">
        <ConversationHead id={id} title={title} view={view} isOwner={isOwner} panel={panel} finding={finding}
          onFind={() => setFinding(!finding)} onShare={() => setSharing(true)} onPanel={(next) => { setSelected(null); setPanel(next); }} onMenu={onMenu} />
        {finding && view && <FindBar id={id} lastSeq={view.lastSeq} goTo={past.goTo} onClose={() => setFinding(false)} />}
        <Transcript view={past.view ?? view} live={view} me={me} sent={sent} loadOlder={past.view ? past.loadOlder : loadOlder}
          loadNewer={past.loadNewer} goneTo={past.goneTo} onLatest={past.leave} onSample={edit} actions={actions} />
        {run?.plan && <PlanProgress plan={run.plan} />}
        {run && view && <RequiredAction run={run} view={view} me={me} id={id} onLasting={setLasting} />}
        {lasting && <LastingNotice id={view?.conversation?.id ?? id} lasting={lasting} onDone={() => setLasting(null)} />}
        <p role="status" class={words ? "link-words" : "hidden"}>{words}</p>
        {run && view && <Queue view={view} active={run} mayStop={mayStop} onEdit={edit} />}
        <Composer place={id} placeholder={run ? "queue a message..." : view?.messages.length === 0 ? "ask for anything..." : "reply..."} fill={fill} onSend={(text, data) => send(text, { data, replaces: replaceable(replaced) })} onEscape={stop}
          replaces={replaceable(replaced) !== undefined} onAnew={() => setReplaced(null)}
          blocked={link.state === "failed" ? link.error.message : null}>
          {run && view && <RunState run={run} view={view} yours={yours} onCancel={stop} />}
          <ModelPicker models={models} value={model ?? view?.conversation?.model} onPick={pick} />
        </Composer>
      </main>
      {sharing && view && <ShareDialog id={id} view={view} me={me} onClose={() => setSharing(false)} />}
      {panel === "tools" && view && (
        <ToolPanel view={past.view ?? view} selected={selected} onSelect={setSelected} onShow={show} onClose={() => setPanel(null)} />
      )}
      {panel === "debug" && view && <DebugPanel id={id} lastSeq={view.lastSeq} events={events} onClose={() => setPanel(null)} />}
    </div>
    </ModelNames.Provider>
  );
}
