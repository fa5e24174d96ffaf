import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, models as fetchModels, signIn, signOut, whoami } from "../api";
import { takeSignInCode, useRoute } from "../route";
import { forgetAll, recent } from "../stored";
import type { Models, Whoami } from "../types";
import { ConversationPage } from "./conversation-page";
import { Front } from "./front";
import { SettingsPage } from "./settings/settings-page";
import { Sidebar } from "./sidebar";
import { SignIn } from "./sign-in";
import { StatusBanner, useServerStatus } from "./status-banner";

type Session = "unknown" | Whoami | { reason: string | null };

const SPENT = "That link was used already, or is too old. Make a new one with omega open, or sign in with a key";

/** Signed out, or the page proper. */
export function App() {
  const route = useRoute();
  const [session, setSession] = useState<Session>("unknown");
  const [models, setModels] = useState<Models | null>(null);
  const [rows, setRows] = useState(recent);
  const [drawer, setDrawer] = useState(false);
  const status = useServerStatus();

  const look = useCallback(async () => {
    try {
      setSession(await whoami());
      setModels(await fetchModels().catch(() => null));
    } catch (error) {
      const refused = error instanceof ApiError && error.status === 401;
      setSession({ reason: refused ? null : error instanceof Error ? error.message : null });
    }
  }, []);
  useEffect(() => {
    const code = takeSignInCode();
    if (!code) return void look();
    signIn({ code }).then(look, (error: Error) =>
      setSession({ reason: error instanceof ApiError && error.status === 401 ? SPENT : error.message }));
  }, [look]);

  const place = route.page === "conversation" ? route.id : route.page;
  useEffect(() => setDrawer(false), [place]);
  const signedOut = useCallback(() => setSession({ reason: "Your session ended. Sign in again" }), []);

  if (session === "unknown") return <p class="loading" role="status">loading...</p>;
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
        onClose={() => setDrawer(false)} onRows={setRows} onSignOut={leave} />
      <div class="main" inert={drawer}>
        <StatusBanner status={status} />
        {route.page === "front" && <Front models={models} onMenu={openDrawer} onSignedOut={signedOut} />}
        {route.page === "settings" && <SettingsPage models={models} me={session} onMenu={openDrawer} onMe={setSession} />}
        {route.page === "conversation" && (
          <ConversationPage key={route.id} id={route.id} me={session} models={models}
            onMenu={openDrawer} onRows={setRows} onSignedOut={signedOut} />
        )}
      </div>
    </div>
  );
}
