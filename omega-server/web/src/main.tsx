import { render } from "preact";
import { keepFocus } from "./focus";
import { App } from "./view/app";

const root = document.getElementById("app");
if (root) {
  keepFocus(root);
  render(<App />, root);
}
