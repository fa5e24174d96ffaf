// Opens conversations of a real server in a real Chromium and goes through one that is hostile while it lives, and says what
// happened: dialogs, code that ran, requests to other origins, and how much of the hostile text was really shown. Started by
// the test `no_text_of_a_stranger_runs_or_calls_out`.
import { done, settle, shown, url, visitor } from "./visitor.mjs";

const { OMEGA_CONVERSATIONS: ids, OMEGA_LIVE: live } = process.env;
const origin = new URL(url).origin;
const seen = { dialogs: [], ran: [], foreign: [], shown: [], cards: 0, answers: 0, said: 0, elements: [], handlers: [], turning: 0, hosts: [], live: {} };
const { context, page } = await visitor();
// Everything else than the server is a name that must not even be asked for.
await context.route("**/*", (route) => {
  const to = new URL(route.request().url());
  if (to.origin === origin || to.protocol === "data:" || to.protocol === "blob:") return route.continue();
  seen.foreign.push(to.href);
  return route.abort();
});
page.on("dialog", async (dialog) => {
  seen.dialogs.push(dialog.message());
  await dialog.dismiss();
});
page.on("popup", (popup) => seen.ran.push(`popup ${popup.url()}`));
page.on("console", (message) => message.text().includes("pwned") && seen.ran.push(message.text()));
page.on("pageerror", (error) => seen.ran.push(`error ${error.message}`));
await page.addInitScript(() => {
  globalThis.pwned = (what) => console.log(`pwned ${what}`);
});

/** What nothing that loads, frames, runs or turns came of; the text of the page. */
async function look() {
  const kinds = ["script", "iframe", "object", "embed", "img[src]:not([src*='/avatars/'])", "form[action]", "link", "base", "meta", "style", "video", "audio"];
  const found = await page.evaluate((selector) => {
    const labels = [...document.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap((element) => ["aria-label", "title", "placeholder"].map((name) => element.getAttribute(name) ?? ""));
    return {
      elements: [...document.querySelectorAll(selector)].map((element) => element.outerHTML.slice(0, 200)),
      handlers: [...document.querySelectorAll("*")].flatMap((element) =>
        [...element.attributes].filter(({ name, value }) => /^on/i.test(name) || /^\s*(javascript|data|vbscript):/i.test(value)).map(({ name, value }) => `${name}=${value}`)),
      // What turns the words around it is not there in any text, nor in what is read aloud.
      turning: [document.title, document.body.textContent, ...labels].join(" ").match(/[\u202a-\u202e]/g)?.length ?? 0,
      hosts: [...document.querySelectorAll(".real-host")].map((element) => element.textContent.trim()),
      text: document.body.textContent,
    };
  }, kinds.map((kind) => `#app ${kind}`).join(", "));
  for (const kind of ["elements", "handlers", "hosts"]) seen[kind].push(...found[kind]);
  seen.turning += found.turning;
  return found.text;
}

/** Everything that can be opened is opened, and comes into view once. */
const openAll = () =>
  page.evaluate(async () => {
    for (const details of document.querySelectorAll("main details")) details.open = true;
    for (const control of document.querySelectorAll("main button[aria-expanded=false]")) control.click();
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const element of document.querySelectorAll("main p, main pre, main code, main summary")) {
      element.scrollIntoView();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  });

async function stored(id) {
  await page.goto(`${url}/omega/c/${id}`);
  await page.waitForFunction(() => document.body.textContent.includes("the last of them"), undefined, { timeout: 60_000 });
  await openAll();
  await page.waitForTimeout(500);
  seen.answers += await page.locator('[aria-label="what was answered"] .answer').count();
  seen.said += await page.locator('[aria-label="what was said of the answer"] .answer').count();
  // Beside it: every call, one of them whole, and the events.
  await page.getByRole("button", { name: "tools", exact: true }).first().click();
  await page.locator(".timeline-head").first().click();
  await page.locator(".facts").waitFor();
  seen.turning += (await look()) === "" ? 1 : 0;
  await page.getByRole("complementary").getByRole("button", { name: "close", exact: true }).click();
  await page.getByRole("button", { name: "debug", exact: true }).first().click();
  await page.locator(".events summary").nth(20).waitFor();
  await page.evaluate(async () => {
    for (const event of [...document.querySelectorAll(".events details")].slice(0, 40)) event.open = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  const text = await look();
  seen.shown.push(...new Set(text.match(/mark-\d+-/g) ?? []));
  seen.cards += await page.evaluate(() => document.querySelectorAll("main *").length);
  // And what a search finds of it.
  await page.getByRole("complementary").getByRole("button", { name: "close", exact: true }).click();
  await page.getByRole("button", { name: "find", exact: true }).first().click();
  await page.locator("#find-words").fill("mark-");
  await page.keyboard.press("Enter");
  await page.locator(".find [role=status]", { hasText: /in \d+ messages?$/ }).waitFor({ timeout: 30_000 });
  await look();
  seen.hits = (seen.hits ?? 0) + (await page.locator(".hit").count());
}

/** How many of the payloads stand in a place. */
async function marks(place, selector) {
  await openAll();
  await look();
  const text = (await page.locator(selector).allTextContents()).join("\n");
  seen.live[place] = new Set(text.match(/live-\d+-/g)).size;
}

/** A plan, what it lacks, an approval with what is said of its tool, its call, and the statistics of it all. */
async function living() {
  await page.goto(`${url}/omega/c/${live}`);
  await page.locator("#message").fill("Look up the weather of Oslo, compare it with my account, then write a report.");
  await page.keyboard.press("Enter");
  await shown(page, "run this plan");
  await marks("plan", ".ask");
  await settle(page);
  await page.getByRole("button", { name: "run this plan" }).first().click();
  await page.locator("#value-EVIL_KEY").waitFor({ timeout: 30_000 });
  await marks("credentials", ".ask-form");
  await settle(page);
  await page.locator("#value-EVIL_KEY").fill("evil-key-000000000000");
  await page.getByRole("button", { name: "give and go on" }).click();
  await page.locator(".ask dt", { hasText: "publisher" }).waitFor({ timeout: 30_000 });
  await shown(page, "never called on this server");
  await marks("approval", ".ask .tool-about");
  await settle(page);
  await page.getByRole("button", { name: "allow once" }).click();
  await page.locator(".turn-foot").waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: "tools", exact: true }).first().click();
  await page.locator(".timeline-head").last().click();
  await page.locator(".facts").waitFor();
  await marks("call", ".side");
  await page.getByRole("complementary").getByRole("button", { name: "close", exact: true }).click();
  await page.getByRole("button", { name: "share", exact: true }).click();
  await look();
  await page.goto(`${url}/omega/settings`);
  await page.locator('[aria-label="tools that were called most"] code').first().waitFor({ timeout: 30_000 });
  await look();
  seen.live.statistics = await page.locator('[aria-label="tools that were called most"] code').count();
}

/** The lists of the settings, with names in which something hides, whatever a server keeps out of them today. */
async function named() {
  const name = "NAME\u202e\u200bx\u2066";
  const at = "2026-11-22T18:00:00.000Z";
  const lists = {
    "/settings": { pins: [`evil::${name}`], guestCredentials: "approve", credentialFirstUse: "ask" },
    "/settings/credentials": [{ name, scope: "tool", toolId: `evil::${name}`, keptIn: "vault", createdAt: at, updatedAt: at, lastUsedAt: null }],
    "/settings/grants": [{ name, toolId: `evil::${name}`, publisher: name, grantedAt: at }],
    "/settings/approvals": [{ id: "a", toolId: `evil::${name}`, reason: "safe_mode", scope: "always", createdAt: at }],
    "/keys": [{ id: "k", name, prefix: name, createdAt: at, lastUsedAt: null }],
    "/users": [{ id: "u", displayName: name, gravatarHash: "", isAdmin: false, createdAt: at }],
    "/audit": [{ id: "1", action: name, objectType: name, objectId: name, outcome: name, actorKind: "system", at, detail: {}, chain: "00", seq: 1, hash: "" }],
  };
  for (const [path, data] of Object.entries(lists)) {
    await page.route((to) => to.pathname === `/api/omega${path}`, (route) => (route.request().method() === "GET" ? route.fulfill({ json: { success: true, data } }) : route.continue()));
  }
  await page.goto(`${url}/omega/settings`);
  await page.locator(".audit li").first().waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: "delete NAME" }).click();
  await look();
  seen.named = await page.evaluate(() => {
    const labels = [...document.querySelectorAll("[aria-label], [title]")].flatMap((one) => [one.getAttribute("aria-label") ?? "", one.title]);
    const text = [document.body.textContent, ...labels].join("\n");
    return [text.match(/NAME\\u202e\\u200bx\\u2066/g)?.length ?? 0, text.match(/[\u200b\u202a-\u202e\u2060-\u206f]/g)?.length ?? 0];
  });
}

try {
  for (const id of ids.split(",")) await stored(id);
  await living();
  await named();
} catch (error) {
  seen.error = `${error.message}\n${(await page.evaluate(() => document.body.innerText)).slice(-1500)}`;
}
await done(seen);
