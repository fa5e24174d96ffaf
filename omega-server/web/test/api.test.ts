import assert from "node:assert/strict";
import { test } from "node:test";
import { createConversation, once } from "../src/api";

type Answer = { status: number; code?: string } | "lost";

/** A server that answers in this order; gives the Idempotency-Keys that it saw. */
function server(...answers: Answer[]): string[] {
  const keys: string[] = [];
  globalThis.fetch = (async (_: string, options?: RequestInit) => {
    keys.push(new Headers(options?.headers).get("Idempotency-Key") ?? "");
    const answer = answers.shift() ?? { status: 200 };
    if (answer === "lost") throw new TypeError("fetch failed");
    const { status, code } = answer;
    const body = status < 300 ? { success: true, data: { id: "c1" } } : { success: false, error: "no", details: { code } };
    return new Response(JSON.stringify(body), { status });
  }) as typeof fetch;
  return keys;
}

test("a second click waits for the first one's answer", async () => {
  const keys = server();
  const [first, second] = await Promise.all([createConversation("a/b"), createConversation("a/b")]);
  assert.equal(keys.length, 1);
  assert.equal(first, second);
});

test("another attempt has the key of the one whose answer never came", async () => {
  const unknown: Answer[] = ["lost", { status: 503 }, { status: 429 }, { status: 409, code: "IDEMPOTENCY_IN_PROGRESS" }];
  const keys = server(...unknown);
  for (const _ of unknown) await assert.rejects(once("/approvals/a1", { decision: "approve" }));
  await once("/approvals/a1", { decision: "approve" });
  assert.equal(keys.length, 5);
  assert.equal(new Set(keys).size, 1);
  assert.match(keys[0] ?? "", /^[0-9a-f]{32}$/);
});

test("what was answered, refused or is another request gets a key of its own", async () => {
  const keys = server({ status: 200 }, { status: 422 }, { status: 200 }, "lost", { status: 200 });
  await once("/conversations", {});
  await assert.rejects(once("/conversations", {}));
  await once("/conversations", {});
  await assert.rejects(once("/conversations", { model: "a/b" }));
  await once("/conversations", { model: "a/c" });
  assert.equal(new Set(keys).size, 5);
});
