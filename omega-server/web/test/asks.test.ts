import assert from "node:assert/strict";
import { test } from "node:test";
import { mayAnswer, question, standing } from "../src/asks";
import type { View } from "../src/state";
import type { Approval, RequiredAction, Run, Whoami } from "../src/types";
import { troubles } from "../src/view/status-banner";
import type { ServerStatus } from "../src/types";

const view = { participants: [{ userId: "o", role: "owner", displayName: "Ada" }, { userId: "g", role: "guest", displayName: "Grace" }], messages: [{ id: "m", author: { userId: "g" } }] } as unknown as View;
const run = { id: "r", messageId: "m" } as Run;
const who = (userId: string) => standing(run, view, { userId } as Whoami);
const approval = (more: Partial<Approval> = {}) => ({ id: "a", toolName: "pay", reason: "safe_mode", ...more }) as Approval;
const asked = (action: object) => action as RequiredAction;

test("only those are called whose answer counts", () => {
  const table: [RequiredAction, string][] = [
    [asked({ kind: "credentials", missingVars: [{ name: "A" }] }), "o"],
    [asked({ kind: "approval", approvals: [approval()] }), "og"],
    [asked({ kind: "approval", approvals: [approval({ reason: "first_use" })] }), "o"],
    [asked({ kind: "approval", approvals: [approval({ ownerOnly: true })] }), "o"],
    [asked({ kind: "approval", approvals: [] }), ""],
    [asked({ kind: "plan", plans: [] }), "og"],
    [asked({ kind: "alternatives", choices: [] }), "og"],
  ];
  for (const [action, may] of table) {
    for (const one of ["o", "g", "x"]) assert.equal(mayAnswer(action, who(one)), may.includes(one), `${one}: ${JSON.stringify(action)}`);
  }
});

test("what is asked is a sentence", () => {
  assert.equal(question(asked({ kind: "credentials", missingVars: [{ name: "A" }, { name: "B" }] })), "A, B is missing");
  assert.equal(question(asked({ kind: "approval", approvals: [approval(), approval()] })), "May pay and 1 more run");
  assert.equal(question(asked({ kind: "plan", plans: [{}, {}] })), "2 plans are proposed");
  assert.match(question(asked({ kind: "alternatives", choices: [{ toolName: "pay" }] })), /^pay did not work/);
});

test("what is off on a server is said once, in few words, and without addresses", () => {
  const status = (registry: object, executor: object) => ({ registry, executor, breakers: [{ kind: "tool", subject: "a::b" }] }) as unknown as ServerStatus;
  const well = { status: "ok", detail: "deno" };
  assert.deepEqual(troubles(status(well, well)), []);
  const detail = "error sending request for url (http://127.0.0.1:9/tools?limit=1000); error sending request for url (http://127.0.0.1:9/tools?limit=1000)";
  const [registry] = troubles(status({ status: "degraded", detail }, well));
  assert.equal(registry?.short, "Registry degraded");
  assert.ok(!registry?.about.includes("http") && registry?.about.split("error sending request").length === 2, registry?.about);
  assert.deepEqual(troubles(status(well, { status: "down", detail: "no deno" })).map(({ short }) => short), ["Executor down: tools do not run"]);
  assert.equal(troubles("unreachable").length, 1);
});
