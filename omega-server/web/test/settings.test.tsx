import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { changeSettings } from "../src/account";
import { ApiError } from "../src/api";
import type { Models, Settings } from "../src/types";
import { General } from "../src/view/settings/general";
import { modelNames } from "../src/view/model-picker";
import { keyName } from "../src/view/settings/providers";
import { Pins } from "../src/view/settings/pins";
import type { List } from "../src/view/settings/use-list";

const list = (items: Settings | null): List<Settings> => ({ items, busy: false, error: null, saved: false, act: async () => true });
/** Settings that nobody changed. */
const unset: Settings = { pins: [], guestCredentials: "approve", credentialFirstUse: "ask" };
const models: Models = {
  default: "omega/offline", defaultReason: "",
  providers: [{ name: "openai", available: true, models: ["gpt-4.1-mini"] }, { name: "anthropic", available: false, models: ["x"] }],
};

test("every policy is shown as it is, and what was never set as what holds", () => {
  const html = renderToString(<General list={list({ ...unset, safeMode: true, plan: "never" })} models={models} />);
  assert.match(html, /id="set-safeMode" type="checkbox" checked/);
  assert.doesNotMatch(html, /id="set-exfilGuard" type="checkbox" checked/);
  assert.match(html, /<option selected value="never">never/);
  assert.match(html, /<option selected value="approve">/);
  assert.match(html, /openai\/gpt-4.1-mini/);
  assert.ok(!html.includes("anthropic/x"), "a model without a key can't be chosen");
  for (const [, id] of html.matchAll(/<(?:select|input)[^>]* id="([^"]+)"/g)) assert.ok(html.includes(`for="${id}"`), `${id} has a label`);
});

test("a pinned tool can be unpinned, and says when there is none", () => {
  assert.match(renderToString(<Pins list={list({ ...unset, pins: ["a::b"] })} />), /aria-label="unpin a::b"/);
  assert.match(renderToString(<Pins list={list(unset)} />), /No tool is pinned/);
});

/** A server whose settings somebody else changes before so many of our writes. */
function server(races: number) {
  let version = 1;
  let stored: Settings = unset;
  const writes: string[] = [];
  globalThis.fetch = (async (_: string, options?: RequestInit) => {
    const headers = () => ({ ETag: `"${version}"`, "Content-Type": "application/json" });
    if (options?.method === "PUT") {
      if (races-- > 0) {
        version += 1;
        stored = { ...stored, pins: [...stored.pins, `other::${version}`] };
      }
      const match = new Headers(options.headers).get("If-Match");
      writes.push(match ?? "");
      if (match !== `"${version}"`) {
        return new Response(JSON.stringify({ error: "stale", details: { code: "PRECONDITION_FAILED" } }), { status: 412 });
      }
      version += 1;
      stored = JSON.parse(String(options.body));
    }
    return new Response(JSON.stringify({ success: true, data: stored }), { headers: headers() });
  }) as typeof fetch;
  return { writes, now: () => stored };
}

test("a change is made to what somebody else left, once more and not for ever", async () => {
  const once = server(1);
  const { settings } = await changeSettings((now) => ({ ...now, pins: [...now.pins, "a::b"] }));
  assert.deepEqual(settings.pins, ["other::2", "a::b"]);
  assert.deepEqual(once.writes, ['"1"', '"2"']);
  const twice = server(2);
  await assert.rejects(changeSettings((now) => ({ ...now, safeMode: true })), (error) =>
    error instanceof ApiError && error.message.includes("changed elsewhere"));
  assert.equal(twice.now().safeMode, undefined);
});

test("a model that a provider offers twice is named once, and one that needs a key not at all", () => {
  const twice: Models = { ...models, providers: [...models.providers,
    { name: "openai-responses", available: true, models: ["gpt-4.1-mini", "o5-pro"] }] };
  assert.deepEqual(modelNames(twice), ["openai/gpt-4.1-mini", "openai-responses/o5-pro"]);
  assert.deepEqual(modelNames(null), []);
});

test("a provider's key goes by the name that the server asks for", () => {
  assert.equal(keyName({ name: "groq", available: false, models: [], reason: "groq/x needs a key: set GROQ_API_KEY where the server runs" }), "GROQ_API_KEY");
  assert.equal(keyName({ name: "openai", available: true, models: [] }), "OPENAI_API_KEY");
  assert.equal(keyName({ name: "ollama", available: false, models: [], reason: "no engine answers there: start it, or set OLLAMA_BASE_URL" }), null);
});
