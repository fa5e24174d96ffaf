import { Menu as MenuIcon } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { settings } from "../../account";
import type { Models, Whoami } from "../../types";
import { ApiKeys } from "./api-keys";
import { Audit } from "./audit";
import { Browser } from "./browser";
import { Credentials } from "./credentials";
import { General } from "./general";
import { Grants, LastingApprovals } from "./grants";
import { Pins } from "./pins";
import { Profile } from "./profile";
import { Prompt } from "./prompt";
import { Providers } from "./providers";
import { useList } from "./use-list";
import { Statistics } from "./statistics";
import { Users } from "./users";
import { Icon } from "../icon";

const load = async () => (await settings()).settings;

/** The sections by their ids, in their order. */
const INDEX: readonly (readonly [id: string, words: string, forAdmins?: true])[] = [
  ["general", "general"],
  ["browser", "this browser"],
  ["providers", "model providers"],
  ["prompt", "system prompt"],
  ["pins", "pinned tools"],
  ["credentials", "credentials"],
  ["grants", "grants"],
  ["approvals", "approvals"],
  ["api-keys", "API keys"],
  ["profile", "profile"],
  ["statistics", "statistics"],
  ["users", "users", true],
  ["audit", "audit log"],
];

interface Props {
  models: Models | null;
  me: Whoami;
  onMenu: () => void;
  onMe: (me: Whoami) => void;
  /** What models there are has changed. */
  onModels: () => void;
}

/** Everything that holds for the signed-in user. */
export function SettingsPage({ models, me, onMenu, onMe, onModels }: Props) {
  const list = useList(load);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = "Settings · Omega";
    return () => {
      document.title = "Omega";
    };
  }, []);
  const show = (id: string) => {
    const heading = box.current?.querySelector<HTMLElement>(`#${CSS.escape(id)}`);
    heading?.scrollIntoView();
    heading?.focus({ preventScroll: true });
  };
  useEffect(() => {
    const asked = decodeURIComponent(location.hash.slice(1));
    if (INDEX.some(([id]) => id === asked)) show(asked);
  }, []);
  const follow = (event: MouseEvent, id: string) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.replaceState(null, "", `#${id}`);
    show(id);
  };
  return (
    <main class="front">
      <div class="front-bar only-narrow"><button type="button" class="ghost small" onClick={onMenu}>menu <Icon of={MenuIcon} size={14} /></button></div>
      <div class="settings-scroll" tabIndex={0} role="region" aria-label="settings" ref={box}>
        <div class="settings-frame">
          <nav class="settings-index" aria-label="sections of the settings">
            {INDEX.filter(([, , forAdmins]) => !forAdmins || me.isAdmin).map(([id, words]) => (
              <a key={id} href={`#${id}`} onClick={(event) => follow(event, id)}>{words}</a>
            ))}
          </nav>
          <div class="settings">
            <h1>Settings</h1>
            <General list={list} models={models} />
            <Browser />
            <Providers models={models} onChange={onModels} />
            <Prompt />
            <Pins list={list} />
            <Credentials />
            <Grants />
            <LastingApprovals />
            <ApiKeys />
            <Profile me={me} onChange={onMe} />
            <Statistics />
            {me.isAdmin && <Users me={me} />}
            <Audit me={me} />
          </div>
        </div>
      </div>
    </main>
  );
}
