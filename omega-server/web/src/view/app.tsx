import { X } from "lucide";
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, models as fetchModels, signIn, signOut, whoami } from "../api";
import { ledFromElsewhere, takeSignInCode, useRoute } from "../route";
import { forgetAll, recent } from "../stored";
import type { Models, Whoami } from "../types";
import { visibleText } from "../visible";
import { ConversationPage } from "./conversation-page";
import { Front } from "./front";
import { KeysDialog } from "./keys-dialog";
import { SettingsPage } from "./settings/settings-page";
import { Sidebar } from "./sidebar";
import { SignIn } from "./sign-in";
import { SignInQuestion } from "./sign-in-question";
import { Message } from "./message-page";
import { StatusBanner, useServerStatus } from "./status-banner";
import { useLeftAtWork } from "./use-left-at-work";
import { useNarrow } from "./use-narrow";
import { Icon } from "./icon";

/** A sign-in link that waits for a wish. */
interface Link {
  code: string;
  present: string | null;
  wanted: string | null;
}

type Session = "unknown" | Whoami | Link | { reason: string | null };

const SPENT = "That link was used already, or is too old. Make a new one with omega open, or sign in with a key";

const isRefused = (error: unknown) => error instanceof ApiError && error.status === 401;

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : "It did not work. Try again");

const NoSuchPage = ({ onMenu }: { onMenu?: () => void }) => (
  <Message label="404" title="No Such Page" words="The address is wrong, or what was there has moved" {...(onMenu && { onMenu })} />
);

/** Signed out, or the page proper. */
export function App() {
  const route = useRoute();
  const [session, setSession] = useState<Session>("unknown");
  const [models, setModels] = useState<Models | null>(null);
  const [rows, setRows] = useState(recent);
  const [drawer, setDrawer] = useState(false);
  const [keys, setKeys] = useState(false);
  const isNarrow = useNarrow();
  const [notice, setNotice] = useState<string | null>(null);
  const status = useServerStatus();

  const look = useCallback(async () => {
    try {
      setSession(await whoami());
      setModels(await fetchModels().catch(() => null));
    } catch (error) {
      setSession({ reason: isRefused(error) ? null : wordsOf(error) });
    }
  }, []);
  /** Signs in by a link. A session that is there stays unless its end is wished for; a link that does not hold is a word. */
  const enter = useCallback(async (code: string, replace?: true) => {
    try {
      await signIn({ code, ...(replace && { replace }) });
      if (replace) {
        forgetAll();
        setRows([]);
      }
      await look();
    } catch (error) {
      if (error instanceof ApiError && error.code === "OTHER_SESSION") {
        const { present, wanted } = error.details;
        return setSession({ code, present: String(present), wanted: String(wanted) });
      }
      const me = await whoami().catch(() => null);
      if (!me) return setSession({ reason: isRefused(error) ? SPENT : wordsOf(error) });
      setNotice(`${isRefused(error) ? "That sign-in link was used already, or is too old" : wordsOf(error)}. You are signed in as ${visibleText(me.displayName)}`);
      await look();
    }
  }, [look]);
  useEffect(() => {
    const code = takeSignInCode();
    if (!code) return void look();
    if (!ledFromElsewhere()) return void enter(code);
    // Nobody is signed in by another site's link alone; who is signed in is asked by the server's word.
    whoami().then(() => enter(code), () => setSession({ code, present: null, wanted: null }));
  }, [look, enter]);

  const place = route.page === "conversation" ? route.id : route.page;
  useEffect(() => setDrawer(false), [place]);
  useLeftAtWork(rows, place, setRows);
  const signedOut = useCallback(() => setSession({ reason: "Your session ended. Sign in again" }), []);

  if (session === "unknown") return <p class="loading" role="status">loading...</p>;
  if ("code" in session) {
    const { code, present, wanted } = session;
    return <SignInQuestion present={present} wanted={wanted} onStay={look} onGoOn={() => enter(code, present === null ? undefined : true)} />;
  }
  if ("reason" in session && route.page === "none") return <NoSuchPage />;
  if ("reason" in session) return <SignIn key={session.reason} reason={session.reason} onSignedIn={look} />;

  const leave = async () => {
    await signOut().catch(() => undefined);
    forgetAll();
    setRows([]);
    setSession({ reason: null });
  };
  const openDrawer = () => setDrawer(true);
  return (
    <div class="app">
      <Sidebar rows={rows} current={place} who={session} open={drawer} status={status}
        onClose={() => setDrawer(false)} onRows={setRows} onKeys={() => setKeys(true)} onSignOut={leave} />
      {keys && <KeysDialog onClose={() => setKeys(false)} />}
      <div class="main" inert={drawer && isNarrow}>
        <StatusBanner status={status} />
        {notice && (
          <p role="status" class="link-words">
            {notice} <button type="button" class="outline small" onClick={() => setNotice(null)}>close <Icon of={X} size={14} /></button>
          </p>
        )}
        {route.page === "front" && <Front models={models} onMenu={openDrawer} onSignedOut={signedOut} />}
        {route.page === "settings" && <SettingsPage models={models} me={session} onMenu={openDrawer} onMe={setSession}
          onModels={() => void fetchModels().then(setModels, () => undefined)} />}
        {route.page === "none" && <NoSuchPage onMenu={openDrawer} />}
        {route.page === "conversation" && (
          <ConversationPage key={route.id} id={route.id} me={session} models={models}
            onMenu={openDrawer} onRows={setRows} onSignedOut={signedOut} />
        )}
      </div>
    </div>
  );
}
