import { useEffect } from "preact/hooks";
import { settings } from "../../account";
import type { Models } from "../../types";
import { ApiKeys } from "./api-keys";
import { Credentials } from "./credentials";
import { General } from "./general";
import { Grants, LastingApprovals } from "./grants";
import { Pins } from "./pins";
import { Prompt } from "./prompt";
import { useList } from "./use-list";

const load = async () => (await settings()).settings;

/** Everything that holds for the signed-in user. */
export function SettingsPage({ models, onMenu }: { models: Models | null; onMenu: () => void }) {
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
      <div class="front-scroll" tabIndex={0}>
        <div class="settings">
          <h1>Settings</h1>
          <General list={list} models={models} />
          <Prompt />
          <Pins list={list} />
          <Credentials />
          <Grants />
          <LastingApprovals />
          <ApiKeys />
        </div>
      </div>
    </main>
  );
}
