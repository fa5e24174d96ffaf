import { useEffect } from "preact/hooks";
import { settings } from "../../account";
import type { Models, Whoami } from "../../types";
import { ApiKeys } from "./api-keys";
import { Audit } from "./audit";
import { Credentials } from "./credentials";
import { General } from "./general";
import { Grants, LastingApprovals } from "./grants";
import { Pins } from "./pins";
import { Profile } from "./profile";
import { Prompt } from "./prompt";
import { Users } from "./users";
import { useList } from "./use-list";

const load = async () => (await settings()).settings;

interface Props {
  models: Models | null;
  me: Whoami;
  onMenu: () => void;
  onMe: (me: Whoami) => void;
}

/** Everything that holds for the signed-in user. */
export function SettingsPage({ models, me, onMenu, onMe }: Props) {
  const list = useList(load);
  useEffect(() => {
    document.title = "Settings · Omega";
    return () => {
      document.title = "Omega";
    };
  }, []);
  return (
    <main class="front">
      <div class="front-bar only-narrow"><button type="button" class="ghost small" onClick={onMenu}>menu</button></div>
      <div class="settings-scroll" tabIndex={0} role="region" aria-label="settings">
        <div class="settings">
          <h1>Settings</h1>
          <General list={list} models={models} />
          <Prompt />
          <Pins list={list} />
          <Credentials />
          <Grants />
          <LastingApprovals />
          <ApiKeys />
          <Profile me={me} onChange={onMe} />
          {me.isAdmin && <Users me={me} />}
          <Audit me={me} />
        </div>
      </div>
    </main>
  );
}
