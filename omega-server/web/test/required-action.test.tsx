import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import type { View } from "../src/state";
import type { Approval, RequiredAction as Action, Run } from "../src/types";
import { RequiredAction } from "../src/view/required-action";
import { visibleJson } from "../src/words";

const expiresAt = "2026-12-22T00:00:00Z";
const approval: Approval = {
  id: "a1", toolRunId: "t1", toolId: "mathjs::evaluate", toolName: "evaluate", version: "15.2.0", reason: "safe_mode",
  input: { expr: "1+1" }, credentials: ["MATH_KEY"], argsDigest: "d",
};
const missing = [{ name: "EXA_API_KEY", description: "Key of Exa", rejected: true }];
const credentials: Action = {
  kind: "credentials", missingVars: missing, hint: "", expiresAt,
  requests: [{ id: "c1", edition: { version: "1.0.0" }, toolRunId: "t1", toolId: "exa::search", requiredKeys: missing, missingKeys: missing }],
};
const plan: Action = {
  kind: "plan", planSetId: "s1", expiresAt,
  plans: [0.9, 0.4].map((confidence, at) => ({
    id: `p${at}`, confidence, reasoning: `way ${at}`,
    steps: [{ stepNumber: 1, toolName: "mathjs::evaluate", purpose: "count", expectedOutput: "a number" }],
  })),
};

/** The panel as `me` sees it; the message is the guest's. */
function drawn(requiresAction: Action, me: "owner" | "guest" | "other", status: Run["status"] = "paused"): string {
  const person = (userId: string) => ({ userId, displayName: `the ${userId}`, gravatarHash: "" });
  const run = { id: "r", messageId: "m", status, requiresAction } as Run;
  const view = {
    participants: [{ ...person("owner"), role: "owner" }, { ...person("guest"), role: "guest" }],
    messages: [{ id: "m", author: person("guest") }],
  } as unknown as View;
  return renderToString(<RequiredAction run={run} view={view} me={{ ...person(me), via: "key", isAdmin: false }} id="c" onLasting={() => undefined} />);
}

const buttons = (html: string) => [...html.matchAll(/<button[^>]*>([^<]*)</g)].map((match) => match[1]);

test("a call is shown with its input, and who may decide gets the answers that they may give", () => {
  const action: Action = { kind: "approval", approvals: [approval], expiresAt };
  const html = drawn(action, "owner");
  for (const part of ["mathjs::evaluate", "15.2.0", "Safe Mode is on", "&quot;expr&quot;: &quot;1+1&quot;", "MATH_KEY"]) {
    assert.ok(html.includes(part), `${part} in ${html}`);
  }
  assert.deepEqual(buttons(html), ["allow once", "deny...", "edit input...", "for this conversation...", "always..."]);
  assert.deepEqual(buttons(drawn(action, "guest")), ["allow once", "deny...", "edit input..."]);
  assert.deepEqual(buttons(drawn(action, "other")), []);
  assert.ok(drawn(action, "other").includes("Waits for the owner"));
});

test("what touches the owner's credentials is the owner's to decide", () => {
  for (const asked of [
    { ...approval, reason: "first_use" as const },
    { ...approval, reason: "exfil_guard" as const },
    { ...approval, reason: "destructive" as const, ownerOnly: true, because: "Its description says delete" },
  ]) {
    const action: Action = { kind: "approval", approvals: [asked], expiresAt };
    assert.deepEqual(buttons(drawn(action, "guest")), [], asked.reason);
    assert.ok(buttons(drawn(action, "owner")).includes("allow once"));
  }
  const destructive: Action = { kind: "approval", approvals: [{ ...approval, reason: "destructive", because: "It says delete" }], expiresAt };
  assert.ok(drawn(destructive, "owner").includes("It says delete"));
  assert.deepEqual(buttons(drawn(destructive, "guest")), ["allow once", "deny...", "edit input..."]);
});

test("a call that may have taken effect is never allowed for good", () => {
  const action: Action = { kind: "approval", approvals: [{ ...approval, reason: "unknown_outcome" }], expiresAt };
  assert.deepEqual(buttons(drawn(action, "owner")), ["allow once", "deny...", "edit input..."]);
});

test("a package that would be added is shown with what npm says of it, and is never allowed for good or exchanged", () => {
  const now = Date.now();
  const facts = {
    name: "left-pad", version: "1.3.0", publisher: "ste\u202eve", weeklyDownloads: 1234567,
    createdAt: new Date(now - 800 * 86_400_000).toISOString(), deprecated: "use padStart",
  };
  const asked = { ...approval, reason: "add_package" as const, ownerOnly: true, toolId: "left-pad::*", version: "1.3.0", package: facts, input: { package: "left-pad" } };
  const html = drawn({ kind: "approval", approvals: [asked], expiresAt }, "owner");
  for (const part of ["left-pad", "1,234,567 in the last week", "2 years", "unknown", "use padStart", "proposes to add it"]) {
    assert.ok(html.includes(part), `${part} in ${html}`);
  }
  assert.ok(!html.includes("\u202e") && !html.includes("::*"), html);
  assert.deepEqual(buttons(html), ["add it", "deny..."]);
  assert.deepEqual(buttons(drawn({ kind: "approval", approvals: [asked], expiresAt }, "guest")), []);
});

test("only the owner gets the fields for variables; others see who is asked", () => {
  const html = drawn(credentials, "owner");
  assert.match(html, /<input[^>]*type="password"[^>]*autocomplete="off"/);
  for (const part of ["EXA_API_KEY", "Key of Exa", "was rejected", "use once", "save for this tool", "save for all tools"]) {
    assert.ok(html.includes(part), part);
  }
  assert.deepEqual(buttons(html), ["show", "give and go on", "go on without"]);
  const guest = drawn(credentials, "guest");
  assert.ok(!guest.includes("<input") && guest.includes("Only the owner can give that"), guest);
});

test("plans are listed with their steps, each to be chosen, or another asked for", () => {
  const html = drawn(plan, "guest");
  for (const part of ["confidence 90 %", "way 1", "count", "a number"]) assert.ok(html.includes(part), part);
  assert.deepEqual(buttons(html), ["run this plan", "run this plan", "propose another"]);
});

const choice = {
  toolRunId: "t1", toolId: "exa::search", toolName: "search", reason: "missing_credentials" as const, detail: "It needs EXA_API_KEY",
  alternatives: [
    { toolId: "free::search", toolName: "search", version: "1.0.0", why: "Searches", requiredEnv: [], youHave: [] },
    { toolId: "paid::search", toolName: "search", version: "2.0.0", why: "Searches more", requiredEnv: ["A_KEY", "B_KEY"], youHave: ["A_KEY"] },
  ],
};

test("other tools are a table with the keys that each needs and which are there", () => {
  const html = drawn({ kind: "alternatives", choices: [choice], expiresAt }, "owner");
  for (const part of ["It needs EXA_API_KEY", "free::search", "none needed", "paid::search", "Searches more"]) assert.ok(html.includes(part), part);
  assert.match(html, /A_KEY<\/code> <span class="meta"><svg [^]*?<\/svg> there/);
  assert.match(html, /B_KEY<\/code> <span class="meta">missing/);
  assert.deepEqual(buttons(html), ["use it", "use it", "none of them"]);
  assert.ok(!/<th[^>]*><\/th>/.test(html), "every column has a name");
});

test("another tool is offered where a key is asked for, to the owner", () => {
  const asked: Action = { ...(credentials as Extract<Action, { kind: "credentials" }>), alternatives: [choice] };
  assert.deepEqual(buttons(drawn(asked, "owner")), ["show", "give and go on", "go on without", "use it", "use it"]);
  assert.deepEqual(buttons(drawn(asked, "guest")), []);
});

test("a plan says which keys it lacks before its first step", () => {
  const lacking = { ...plan, plans: [{ ...(plan as Extract<Action, { kind: "plan" }>).plans[0]!, missingVars: [{ name: "EXA_API_KEY", description: "", toolIds: ["exa::search"] }], pins: ["a::b"] }] } as Action;
  const html = drawn(lacking, "owner");
  assert.ok(html.includes("before step 1") && html.includes("EXA_API_KEY") && html.includes("a::b"), html);
});

test("who neither owns the conversation nor asked chooses nothing", () => {
  for (const action of [plan, { kind: "alternatives", choices: [choice], expiresAt } as Action]) {
    assert.deepEqual(buttons(drawn(action, "other")), []);
    assert.ok(buttons(drawn(action, "guest")).length > 0, "the message is theirs");
  }
});

test("a run that does not wait asks nothing", () => assert.equal(drawn(plan, "owner", "queued"), ""));

test("nothing of an input hides", () => {
  assert.equal(visibleJson("g\u0456thub.com привет"), '"g\\u0456thub.com привет"');
  assert.equal(visibleJson("a\nпривет"), '"a\\nпривет"');
  assert.equal(visibleJson({ a: "x\u202ey\u009b\u{e0041}" }), '{\n  "a": "x\\u202ey\\u009b\\udb40\\udc41"\n}');
});
