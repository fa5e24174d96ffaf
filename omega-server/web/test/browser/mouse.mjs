// Two people and a mouse: the flows of prd.md 8 (a chat, a missing credential, a plan, another tool), Safe Mode, sharing,
// export and settings, each to its end. Started by `two_people_go_through_every_flow_with_a_mouse`.
import { readFile } from "node:fs/promises";
import { done, settle, shown, url, visitor } from "./visitor.mjs";

const { OMEGA_GUEST: guestKey } = process.env;
const seen = { problems: [], lost: [] };
const ada = await visitor();
const grace = await visitor({}, url, guestKey);
const { page } = ada;

/** An action; what has the focus before it and after it is a place, or what was clicked away has lost it. */
const act = async (what, action, on = page) => {
  const isLost = () => on.evaluate(() => document.activeElement === document.body);
  if (acted.has(on) && (await isLost())) seen.lost.push(`before ${what}`);
  const done = await action();
  await on.waitForTimeout(50);
  if (await isLost()) seen.lost.push(String(what));
  acted.add(on);
  return done;
};
/** Pages that something was done in: one that was just opened has nothing focused. */
const acted = new Set();
for (const each of [page, grace.page]) each.on("load", () => acted.delete(each));

const tap = (locator, what, on = page) => act(what, () => locator.click({ timeout: 20_000 }), on);
const click = (name, on = page, role = "button") => tap(on.getByRole(role, { name, exact: true }).last(), String(name), on);

const say = async (text, on = page) => {
  await tap(on.locator("#message"), "the message", on);
  await on.locator("#message").fill(text);
  await click("send", on);
};

const answers = (on = page) => on.locator(".answer").allTextContents();

try {
  // A: from a sample to an answer.
  await page.goto(`${url}/omega`);
  await tap(page.getByRole("button", { name: /^two tools/ }), "a sample");
  seen.sample = (await page.locator("#message").inputValue()).length > 10;
  await page.locator("#message").fill("hello");
  await click("send");
  await shown(page, "hello to you");
  seen.address = new URL(page.url()).pathname;

  // Sharing: a guest joins, and both see what either says.
  await click("share");
  const link = await page.locator("#share-link").inputValue();
  await tap(page.getByRole("dialog").getByRole("button", { name: "close" }), "close the dialog");
  await grace.page.goto(link);
  await shown(grace.page, "hello to you");
  await page.getByText("2 participants").waitFor({ timeout: 20_000 });
  await say("weather for the guest", grace.page);
  await page.locator(".turn.user", { hasText: "weather for the guest" }).waitFor({ timeout: 20_000 });
  await page.getByRole("log").getByText("it was as you said").waitFor({ timeout: 20_000 });
  seen.author = await page.locator(".turn.user", { hasText: "weather for the guest" }).locator(".author").textContent();

  // What the guest thinks of an answer, everybody sees; it is taken back.
  await click("bad", grace.page);
  await act("not like an agent", () => grace.page.getByLabel("no", { exact: true }).check(), grace.page);
  await click("save", grace.page);
  await page.locator(".answer", { hasText: "found it bad, not like a real agent" }).waitFor({ timeout: 20_000 });
  await click("bad", grace.page);
  await click("take back", grace.page);
  await page.locator(".answer", { hasText: "found it bad" }).waitFor({ state: "detached", timeout: 20_000 });

  // Safe Mode: a call is refused with a reason, and the next is allowed for the plan it belongs to.
  await click("safe mode", page, "switch");
  await page.getByRole("switch", { checked: true }).waitFor();
  await grace.page.locator(".badge", { hasText: "safe mode" }).filter({ visible: true }).waitFor({ timeout: 20_000 });
  await say("weather once more");
  await shown(page, "May acmeWeather run");
  await page.locator(".ask dt", { hasText: "publisher" }).waitFor({ timeout: 20_000 });
  seen.facts = await page.locator(".ask .facts dt").allTextContents();
  await settle(page);
  await click("deny...");
  await page.getByPlaceholder("no reason").fill("not today");
  await settle(page);
  await click("deny");
  await page.locator(".answer", { hasText: "refused" }).waitFor({ timeout: 20_000 });
  await page.getByRole("log").getByText("it was as you said").nth(1).waitFor({ timeout: 20_000 });

  // C: a plan, and its tools in one answer.
  await say("Look up the weather of Oslo, compare it with my account, then write a report.");
  await shown(page, "2 plans are proposed");
  await settle(page);
  await tap(page.getByRole("button", { name: "run this plan" }).first(), "run this plan");
  await shown(page, "May acmeWeather run");
  await settle(page);
  await click("the plan's tools...");
  seen.planned = await page.locator(".ask-tools li").count();
  await settle(page);
  await click("yes, the plan's tools");
  await page.locator(".plan-record summary", { hasText: "2 of 2 steps done" }).waitFor({ timeout: 20_000 });
  await click("safe mode", page, "switch");
  await page.getByRole("switch", { checked: false }).waitFor();

  // B: a credential is missing; the guest is told who may give it.
  await say("keyed");
  await page.locator("#value-ACME_API_KEY").waitFor({ timeout: 20_000 });
  await shown(grace.page, "can give that");
  await settle(page);
  await page.locator("#value-ACME_API_KEY").fill("acme-key-000000000000");
  await click("give and go on");
  await page.locator(".answer", { hasText: "ACME_API_KEY" }).waitFor({ timeout: 20_000 });

  // D: a tool that does not work, and another one in its place.
  await say("forecast");
  await shown(page, "which tool instead?");
  await settle(page);
  await click("use it: sunny-weather::acmeWeather");
  await shown(page, "Sunny.");
  seen.answers = await answers();

  // All of it is there for whoever comes later, and a call opens beside.
  await page.reload();
  await shown(page, "Sunny.");
  seen.later = await answers();
  await grace.page.waitForTimeout(200);
  seen.guests = (await answers(grace.page)).join("\n");
  await tap(page.locator(".answer .in-text").first(), "a call that was answered");
  await shown(page, "show in conversation");
  await tap(page.getByRole("complementary").getByRole("button", { name: "close" }), "close the panel");

  // Another model is asked the same.
  await act("another model", () => page.getByLabel("ask another model").last().selectOption({ index: 1 }));
  await page.locator(".turn.user", { hasText: "version 2" }).getByText("forecast").waitFor({ timeout: 20_000 });
  await page.getByRole("log").getByText("Sunny.").nth(1).waitFor({ timeout: 20_000 }).catch(() => undefined);

  // A copy that ends with the first answer, and back.
  await act("a copy", () => page.getByRole("button", { name: "go on in a copy that ends here" }).first().click());
  await shown(page, "forked from");
  seen.copied = [await page.locator(".turn .prose", { hasText: "hello to you" }).count(), await page.locator(".turn .prose", { hasText: "Sunny." }).count()];
  await page.goBack();
  await page.locator(".earlier").waitFor({ timeout: 20_000 });
  acted.delete(page);

  // Export.
  await tap(page.locator("summary", { hasText: "export" }), "export");
  const [file] = await Promise.all([page.waitForEvent("download"), tap(page.getByRole("link", { name: "markdown" }).first(), "as Markdown")]);
  seen.exported = (await readFile(await file.path(), "utf8")).includes("Sunny.");

  // Settings.
  await click("settings", page, "link");
  await tap(page.locator("#set-exfilGuard"), "a setting");
  await page.locator(".saved svg").first().waitFor({ timeout: 20_000 });
  await page.locator("#credential-name").fill("GITHUB_TOKEN");
  await page.locator("#credential-value").fill("ghp_0000000000000000000000000000000000");
  await tap(page.locator("form:has(#credential-name) button[type=submit]"), "save a credential");
  await page.getByText("GITHUB_TOKEN").first().waitFor({ timeout: 20_000 });
  await click("delete GITHUB_TOKEN of all tools");
  await click("delete now: GITHUB_TOKEN of all tools");
  await shown(page, "model providers");
  seen.hidden = !(await page.content()).includes("ghp_0000");

  await act("the period", () => page.getByLabel("of the last").selectOption({ label: "month" }));
  await page.locator('[aria-label="tools that were called most"] tbody tr', { hasText: "acme-tools::acmeWeather" }).waitFor({ timeout: 20_000 });
  seen.figures = await page.locator(".figures dt").allTextContents();

  // The guest is blocked, and is out at once.
  await page.goBack();
  await shown(page, "hello to you");
  await click("share");
  await tap(page.getByRole("dialog").getByRole("button", { name: /^block/ }).first(), "block");
  await tap(page.getByRole("dialog").getByRole("button", { name: /^block now: / }), "block now");
  await grace.page.reload();
  await shown(grace.page, "This Conversation Can't Be Opened");
  seen.problems = [...ada.problems, ...grace.problems];
} catch (error) {
  seen.error = `${error.message}\n${(await page.evaluate(() => document.body.innerText)).slice(-1500)}`;
}
await done(seen);
