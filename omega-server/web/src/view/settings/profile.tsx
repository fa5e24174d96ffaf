import { useState } from "preact/hooks";
import { updateProfile } from "../../account";
import type { Whoami } from "../../types";
import { visibleText } from "../../visible";
import { Avatar } from "../avatar";
import { Section } from "./section";
import { useList } from "./use-list";

const nothing = async () => null;

/** How others see the user: name and picture. The e-mail address goes to the server and to nobody else. */
export function Profile({ me, onChange }: { me: Whoami; onChange: (me: Whoami) => void }) {
  const [name, setName] = useState(me.displayName);
  const [email, setEmail] = useState("");
  const { busy, error, act } = useList(nothing);
  const save = (event: Event) => {
    event.preventDefault();
    void act(async () => {
      onChange(await updateProfile({ displayName: name.trim(), ...(email.trim() && { email: email.trim() }) }));
      setEmail("");
    });
  };
  const forget = () => void act(async () => onChange(await updateProfile({ email: "" })));
  return (
    <Section id="profile" title="Profile" about="Shown in the conversations that you take part in" error={error}>
      <p class="person"><Avatar name={me.displayName} hash={me.gravatarHash} /> {visibleText(me.displayName)}</p>
      <form class="settings-form" onSubmit={save}>
        <div class="field">
          <label for="profile-name">name</label>
          <input id="profile-name" type="text" required maxLength={64} autocomplete="nickname" value={name}
            onInput={(event) => setName(event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="profile-email">e-mail, for the picture</label>
          <input id="profile-email" type="email" autocomplete="email" value={email} aria-describedby="about-email"
            placeholder={me.gravatarHash ? "kept; type another one to change it" : "none"}
            onInput={(event) => setEmail(event.currentTarget.value)} />
          <p id="about-email" class="note">Others get its hash alone, and the picture comes through this server</p>
        </div>
        <div class="ask-buttons">
          <button type="submit" disabled={busy || !name.trim() || (name === me.displayName && !email.trim())}>save</button>
          {me.gravatarHash && <button type="button" class="outline" disabled={busy} onClick={forget}>forget e-mail</button>}
        </div>
      </form>
    </Section>
  );
}
