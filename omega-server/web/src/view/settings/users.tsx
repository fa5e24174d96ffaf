import { useState } from "preact/hooks";
import { createUser, disableUser, users } from "../../account";
import type { Whoami } from "../../types";
import { visibleText } from "../../visible";
import { Avatar } from "../avatar";
import { CopyButton } from "../copy-button";
import { Section, Sure } from "./section";
import { useList } from "./use-list";

/** The server's users, for its administrators. */
export function Users({ me }: { me: Whoami }) {
  const { items, busy, error, act } = useList(users);
  const [name, setName] = useState("");
  const [made, setMade] = useState<string | null>(null);
  const create = (event: Event) => {
    event.preventDefault();
    void act(async () => {
      setMade((await createUser(name.trim())).key.key);
      setName("");
    });
  };
  return (
    <Section id="users" title="Users" about="Whoever has a key can sign in here, and open conversations whose link they have" error={error}>
      <ul class="rows">
        {items?.map((user) => (
          <li key={user.id}>
            <span class="person">
              <Avatar name={user.displayName} hash={user.gravatarHash} />
              <span>{visibleText(user.displayName)}</span>
              <span class="meta">
                {user.isAdmin && "administrator"}{user.id === me.userId && " · you"}{user.disabledAt && " · blocked"}
              </span>
            </span>
            {user.id !== me.userId && !user.disabledAt && (
              <Sure label="block" what={visibleText(user.displayName)} disabled={busy} onSure={() => void act(() => disableUser(user.id))} />
            )}
          </li>
        ))}
      </ul>
      {made && (
        <div class="made" role="status">
          <p>The new user's key. This is the only time that it is shown</p>
          <p><code class="wrap">{made}</code> <CopyButton text={made} what="the new user's key" /></p>
        </div>
      )}
      <form class="settings-line" onSubmit={create}>
        <label class="visually-hidden" for="user-name">name of the new user</label>
        <input id="user-name" type="text" required maxLength={64} value={name} placeholder="name..."
          onInput={(event) => setName(event.currentTarget.value)} />
        <button type="submit" disabled={busy || !name.trim()}>create user</button>
      </form>
    </Section>
  );
}
