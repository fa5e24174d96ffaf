import { render } from "preact";
import { keepFocus } from "./focus";
import { holdStill } from "./press";
import { listenToShortcuts } from "./shortcuts";
import { App } from "./view/app";
import { guardTexts } from "./view/every-text";

const root = document.getElementById("app");
if (root) {
  guardTexts();
  holdStill(window);
  keepFocus(root);
  listenToShortcuts();
  render(<App />, root);
}
