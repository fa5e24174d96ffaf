import { useState } from "preact/hooks";
import { notifying, wishNotifications, type Notifying } from "../../attention";
import { Section } from "./section";

const ABOUT: Record<Notifying, string> = {
  on: "When a run waits for you or has ended, and you look elsewhere",
  off: "When a run waits for you or has ended, and you look elsewhere",
  refused: "This browser refuses notifications of this page. Its own settings can allow them",
  impossible: "This browser shows no notifications here: they need https, or this machine's own address",
};

/** What holds in this browser alone. */
export function Browser() {
  const [state, setState] = useState(notifying);
  const can = state === "on" || state === "off";
  return (
    <Section id="browser" title="This Browser" about="They hold in this browser alone" error={null}>
      <div class="field switch">
        <input id="set-notify" type="checkbox" checked={state === "on"} disabled={!can} aria-describedby="about-notify"
          onChange={async (event) => setState(await wishNotifications(event.currentTarget.checked))} />
        <label for="set-notify">notifications</label>
        <p id="about-notify" class="note">{ABOUT[state]}</p>
      </div>
    </Section>
  );
}
