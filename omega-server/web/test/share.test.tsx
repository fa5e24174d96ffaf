import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import type { View } from "../src/state";
import type { RunPlan } from "../src/types";
import { PlanProgress } from "../src/view/plan-progress";
import { ShareDialog } from "../src/view/share/share-dialog";

const hash = "a".repeat(64);
const person = (userId: string, role: string) => ({ userId, role, displayName: `the ${userId}`, gravatarHash: role === "owner" ? hash : "" });

function drawn(me: string): string {
  globalThis.location = { pathname: "/omega/c/1", origin: "http://x.test" } as Location;
  const view = {
    conversation: { url: "/omega/c/2", visibility: "private", guestCredentials: "deny" },
    participants: [person("owner", "owner"), person("guest", "guest"), { ...person("other", "guest"), blocked: true }],
  } as unknown as View;
  return renderToString(<ShareDialog id="1" view={view} me={{ ...person(me, ""), via: "key", isAdmin: false }} onClose={() => undefined} />);
}

test("the owner sees the link, who may open it, and everybody with what can be done", () => {
  const html = drawn("owner");
  for (const part of ["http://x.test/omega/c/2", "only you", "no call gets any", "replace link", "block the guest", "unblock the other"]) {
    assert.ok(html.includes(part), `${part} in ${html}`);
  }
  assert.ok(!html.includes("block the owner"));
  assert.match(html, new RegExp(`<img class="avatar" src="/api/omega/avatars/${hash}" alt`));
  assert.match(html, /<span class="avatar" aria-hidden[^>]*>TG</, "without a picture there are initials");
});

test("a guest sees the link and who takes part, and nothing that the owner decides", () => {
  const html = drawn("guest");
  assert.ok(html.includes("http://x.test/omega/c/2") && html.includes("the owner"));
  for (const part of ["replace link", "block the", "<select"]) assert.ok(!html.includes(part), part);
});

test("a plan says how far it is, and which keys its next steps lack", () => {
  const step = (stepNumber: number, status: string) => ({ stepNumber, toolName: `t::${stepNumber}`, purpose: "x", expectedOutput: "", status });
  const plan = { planId: "p", steps: [step(1, "done"), { ...step(2, "running"), replacedBy: "u::2" }, { ...step(3, "pending"), missingEnv: ["EXA_API_KEY"] }] };
  const html = renderToString(<PlanProgress plan={plan as RunPlan} />);
  assert.match(html, /1 of 3 steps done/);
  assert.match(html, /aria-current="step"[^]*u::2/);
  assert.match(html, /needs EXA_API_KEY/);
});
