import assert from "node:assert/strict";
import { test } from "node:test";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { guardTexts } from "../src/view/every-text";

const HIDDEN = "pay\u200bpal \u200fx \u202egpj\u2066";
const SEEN = "pay\\u200bpal \\u200fx \\u202egpj\\u2066";

test("nothing hides in what stands as a name, whoever forgot to think of it", () => {
  guardTexts();
  for (const type of ["code", "pre", "option", "caption"]) {
    const html = renderToString(h(type, null, "a ", HIDDEN, ["b", HIDDEN]));
    assert.equal(html, `<${type}>a ${SEEN}b${SEEN}</${type}>`);
  }
  for (const name of ["meta", "meta saved", "error-text", "author"]) {
    assert.equal(renderToString(<span class={name}>{HIDDEN}<b>kept</b></span>), `<span class="${name}">${SEEN}<b>kept</b></span>`);
  }
  for (const label of ["title", "aria-label", "placeholder"]) {
    assert.equal(renderToString(h("input", { [label]: HIDDEN })), `<input ${label}="${SEEN}"/>`);
  }
});
