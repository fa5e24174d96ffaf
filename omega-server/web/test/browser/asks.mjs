// What a real Chromium does with sign-in links of others, and with a question that comes up under the pointer. Started by the
// test `a_browser_neither_becomes_another_user_nor_grants_by_accident`; says what happened as JSON.
import { chromium } from "playwright-core";

const { OMEGA_URL: url, OMEGA_CHROMIUM: executablePath, OMEGA_KEY: key, OMEGA_CONVERSATION: id, OMEGA_SENT: sent, OMEGA_LINK: link } = process.env;
const origin = new URL(url).origin;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const seen = {};

/** A browser, signed in or not, with what it says of who it is. */
async function visitor(apiKey) {
  const context = await browser.newContext();
  // Another site, with a link that leads here.
  await context.route("http://elsewhere.test/**", (route) =>
    route.fulfill({ contentType: "text/html", body: `<a href="${decodeURIComponent(new URL(route.request().url()).search.slice(1))}">a link</a>` }));
  if (apiKey) {
    const headers = { origin, "sec-fetch-site": "same-origin" };
    await context.request.post(`${url}/api/omega/session`, { data: { apiKey }, headers });
  }
  const page = await context.newPage();
  const get = async (path) => {
    const answer = await context.request.get(`${url}/api/omega${path}`);
    return answer.ok() ? (await answer.json()).data : null;
  };
  const who = async () => (await get("/session"))?.displayName ?? null;
  const by = async (code, site) => {
    await page.goto("about:blank");
    const target = `${url}/omega#sign-in=${code}`;
    if (!site) return page.goto(target);
    await page.goto(`http://elsewhere.test/?${encodeURIComponent(target)}`);
    return page.getByText("a link").click();
  };
  return { context, page, get, who, by };
}

/** A question is there for long enough to be answered. */
const settle = (page) => page.waitForTimeout(700);
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
/** The button is pressed in the frame in which it comes up, as by somebody who was about to press something else there. */
const pressAtOnce = (page, name) =>
  page.waitForFunction((wanted) => {
    const button = [...document.querySelectorAll("button")].find((it) => it.textContent === wanted);
    button?.click();
    return button !== undefined;
  }, name, { polling: "raf", timeout: 20_000 });
const shown = (page, text) => page.getByText(text).first().waitFor({ timeout: 20_000 });

try {
  const ada = await visitor(key);
  for (const site of [false, true]) {
    await ada.by(sent, site);
    await pressAtOnce(ada.page, "continue as Mallory");
    await shown(ada.page, "Continue as Mallory?");
    await ada.page.waitForTimeout(200);
    seen[site ? "led" : "opened"] = await ada.who();
    await settle(ada.page);
    await press(ada.page, "stay Ada");
    await shown(ada.page, "Ask for an outcome");
    seen[site ? "ledAndStayed" : "stayed"] = await ada.who();
  }
  await ada.by(sent, false);
  await shown(ada.page, "Continue as Mallory?");
  await settle(ada.page);
  await press(ada.page, "continue as Mallory");
  await shown(ada.page, "Ask for an outcome");
  seen.wished = await ada.who();
  await ada.by(sent, false);
  await shown(ada.page, "was used already");
  await shown(ada.page, "Ask for an outcome");
  seen.spent = await ada.who();
  await ada.context.close();

  const nobody = await visitor(null);
  await nobody.by(link, true);
  await shown(nobody.page, "Sign In by This Link?");
  seen.ledNobody = await nobody.who();
  await settle(nobody.page);
  await press(nobody.page, "sign in");
  await shown(nobody.page, "Ask for an outcome");
  seen.wishedNobody = await nobody.who();
  await nobody.context.close();

  const owner = await visitor(key);
  const stored = async () => (await owner.get("/settings/approvals")).length;
  const waits = async () => (await owner.get(`/conversations/${id}`)).runs.some((run) => run.status === "paused");
  await owner.page.goto(`${url}/omega/c/${id}`);
  await pressAtOnce(owner.page, "allow once");
  await owner.page.waitForTimeout(200);
  seen.atOnce = [await waits(), await stored(), await owner.page.getByRole("button", { name: "allow once" }).isVisible()];
  await settle(owner.page);
  await press(owner.page, "always...");
  await pressAtOnce(owner.page, "yes, always");
  await owner.page.waitForTimeout(200);
  seen.saidOnce = [await waits(), await stored()];
  await settle(owner.page);
  await press(owner.page, "yes, always");
  await shown(owner.page, "is always allowed");
  seen.saidTwice = await stored();
  await press(owner.page, "take it back");
  await shown(owner.page, "Taken back");
  seen.takenBack = await stored();
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
