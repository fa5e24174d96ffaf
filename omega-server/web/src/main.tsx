import { render } from "preact";
import { keepFocus } from "./focus";
import { App } from "./view/app";
import { guardTexts } from "./view/every-text";

const root = document.getElementById("app");
if (root) {
  guardTexts();
  keepFocus(root);
  render(<App />, root);
}
