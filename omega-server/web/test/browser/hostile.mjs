// Opens conversations of a real server in a real Chromium and says what happened: dialogs, code that ran, requests to other
// origins, and how much of the hostile text was really shown. Started by the test `no_text_of_a_stranger_runs_or_calls_out`.
import { chromium } from "playwright-core";

const { OMEGA_URL: url, OMEGA_KEY: key, OMEGA_CONVERSATIONS: ids, OMEGA_CHROMIUM: executablePath } = process.env;
const origin = new URL(url).origin;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const seen = { dialogs: [], ran: [], foreign: [], refused: [], shown: [], cards: 0, elements: [], handlers: [], turning: 0, hosts: [] };
try {
  const context = await browser.newContext();
  // Everything else than the server is a name that must not even be asked for.
  await context.route("**/*", (route) => {
    const to = new URL(route.request().url());
    if (to.origin === origin || to.protocol === "data:" || to.protocol === "blob:") return route.continue();
    seen.foreign.push(to.href);
    return route.abort();
  });
  const signedIn = await context.request.post(`${url}/api/omega/session`, {
    data: { apiKey: key },
    headers: { origin, "sec-fetch-site": "same-origin" },
  });
  if (!signedIn.ok()) throw new Error(`signing in: ${signedIn.status()} ${await signedIn.text()}`);
  const page = await context.newPage();
  page.on("dialog", async (dialog) => {
    seen.dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  page.on("popup", (popup) => seen.ran.push(`popup ${popup.url()}`));
  page.on("console", (message) => {
    const text = message.text();
    if (/content security policy/i.test(text)) seen.refused.push(text);
    if (text.includes("pwned")) seen.ran.push(text);
  });
  page.on("pageerror", (error) => seen.ran.push(`error ${error.message}`));
  await page.addInitScript(() => {
    globalThis.pwned = (what) => console.log(`pwned ${what}`);
  });
  for (const id of ids.split(",")) {
    await page.goto(`${url}/omega/c/${id}`);
    await page.waitForFunction(() => document.body.textContent.includes("the last of them"), undefined, { timeout: 60_000 });
    // Whatever can be opened is opened, and everything comes into view once.
    await page.evaluate(async () => {
      for (const details of document.querySelectorAll("main details")) details.open = true;
      for (const control of document.querySelectorAll("main button[aria-expanded=false]")) control.click();
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const element of document.querySelectorAll("main p, main pre, main code, main summary")) {
        element.scrollIntoView();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    await page.waitForTimeout(500);
    // Beside it: every call, one of them whole, and the events.
    await page.getByRole("button", { name: "tools", exact: true }).first().click();
    await page.locator(".timeline-head").first().click();
    await page.locator(".facts").waitFor();
    await page.getByRole("complementary").getByRole("button", { name: "close", exact: true }).click();
    await page.getByRole("button", { name: "debug", exact: true }).first().click();
    await page.locator(".events summary").nth(20).waitFor();
    await page.evaluate(async () => {
      for (const event of [...document.querySelectorAll(".events details")].slice(0, 40)) event.open = true;
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    const text = await page.evaluate(() => document.body.textContent);
    // What turns the words around it is not there in any text, nor in what is read aloud.
    seen.turning += await page.evaluate(() => {
      const aloud = [...document.querySelectorAll("[aria-label]")].map((element) => element.getAttribute("aria-label"));
      return [document.title, document.body.textContent, ...aloud].join(" ").match(/[\u202a-\u202e]/g)?.length ?? 0;
    });
    seen.hosts.push(...(await page.evaluate(() => [...document.querySelectorAll(".real-host")].map((element) => element.textContent.trim()))));
    seen.shown.push(...new Set(text.match(/mark-\d+-/g) ?? []));
    seen.cards += await page.evaluate(() => document.querySelectorAll("main *").length);
    // Nothing that loads, frames or runs came of any text.
    const kinds = ["script", "iframe", "object", "embed", "img[src]", "form[action]", "link", "base", "meta", "style", "video", "audio"];
    const found = await page.evaluate(
      (selector) => [...document.querySelectorAll(selector)].map((element) => element.outerHTML.slice(0, 200)),
      kinds.map((kind) => `#app ${kind}`).join(", "),
    );
    seen.elements.push(...found);
    const handlers = await page.evaluate(() =>
      [...document.querySelectorAll("*")].flatMap((element) =>
        [...element.attributes]
          .filter(({ name, value }) => /^on/i.test(name) || /^\s*(javascript|data|vbscript):/i.test(value))
          .map(({ name, value }) => `${name}=${value}`),
      ),
    );
    seen.handlers.push(...handlers);
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
