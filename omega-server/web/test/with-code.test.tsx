import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { withCode } from "../src/view/with-code";

test("what stands between backticks is code, and a mark without its pair stays a mark", () => {
  const cases: [string, string][] = [
    ["store a key with `omega keys set X`, or start Ollama", "store a key with <code>omega keys set X</code>, or start Ollama"],
    ["`a` and `b`", "<code>a</code> and <code>b</code>"],
    ["one ` alone", "one ` alone"],
    ["`closed` and `open", "<code>closed</code> and `open"],
    ["`<script>`", "<code>&lt;script></code>"],
    ["plain", "plain"],
  ];
  for (const [text, html] of cases) assert.equal(renderToString(<p>{withCode(text)}</p>), `<p>${html}</p>`);
});
