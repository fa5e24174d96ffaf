import { Menu as MenuIcon } from "lucide";
import { FRONT, stay } from "../route";
import { Icon } from "./icon";

/** A page that says why there is nothing else, and where to go on; without a menu for who is not signed in. */
export function Message({ label, title, words, onMenu }: { label: string; title: string; words: string; onMenu?: () => void }) {
  return (
    <main class="front">
      <header class={`front-bar${onMenu ? " only-narrow" : ""}`}>
        <a class="brand" href={FRONT} onClick={stay(FRONT)}><span class="mark" aria-hidden="true">Ω</span> omega</a>
        {onMenu && <button type="button" class="ghost small" onClick={onMenu}>menu <Icon of={MenuIcon} size={14} /></button>}
      </header>
      <section class="hero lost">
        <p class="label">{label}</p>
        <h1>{title}</h1>
        <p class="lead">{words}</p>
        <p><a class="button outline" href={FRONT} onClick={stay(FRONT)}>start a new conversation</a></p>
      </section>
    </main>
  );
}
