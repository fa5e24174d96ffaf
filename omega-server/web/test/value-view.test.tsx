import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { ValueView } from "../src/viewer/viewer";

const rows = [{ day: "Mon", c: 20 }, { day: "Tue", c: 22 }];
const view = (value: unknown) => renderToString(<ValueView label="output" value={value} name="x" />);

test("a list of rows is a table at once, and a table within a value hides nothing else of it", () => {
  assert.match(view(rows), /<table>/);
  assert.match(view(rows), /aria-pressed="?true/);
  const within = view({ city: "Oslo", celsius: 21, forecast: rows });
  assert.doesNotMatch(within, /<table>/);
  assert.match(within, /aria-pressed="?false/);
  for (const name of ["celsius", "forecast", "Mon"]) assert.ok(within.includes(name), `${name}: ${within}`);
});
