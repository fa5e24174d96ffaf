// An answer streams while the page is loaded again, connections are cut, the server is killed or another tab looks on: at no
// moment is anything shown that is not the beginning of the answer. OMEGA_WHAT says which; started by `tests/it/unbroken.rs`.
import net from "node:net";
import { done, shown, url, visitor } from "./visitor.mjs";

const { OMEGA_WHAT: what, OMEGA_CONVERSATION: id, OMEGA_ANSWER: answer, OMEGA_OTHER: other, OMEGA_OTHER_KEY: otherKey } = process.env;
const seen = {};

/** Looks at each frame whether what is shown of the answer is its beginning. */
const watch = (page) =>
  page.addInitScript((whole) => {
    globalThis.watched = { wrong: [], first: null, length: 0, taken: 0 };
    const look = () => {
      const text = document.querySelector(".turn.assistant")?.querySelector(".prose")?.textContent ?? "";
      const state = globalThis.watched;
      if (!whole.startsWith(text) && state.wrong.length < 3) state.wrong.push(text.slice(-60));
      if (text && state.first === null) state.first = text.length;
      if (text.length < state.length) state.taken += 1;
      state.length = text.length;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, answer);

const watched = (page) => page.evaluate(() => globalThis.watched);
const grown = (page, to) => page.waitForFunction((length) => globalThis.watched?.length >= length, to, { timeout: 60_000 });
const ended = (page) => page.locator(".turn-foot").first().waitFor({ timeout: 120_000 });
const shownOf = async (page) => ({
  text: (await page.locator(".turn.assistant .prose").allTextContents()).join(""),
  turns: await page.locator(".turn").count(),
  ...(await watched(page)),
});

/** A way to the server that can be cut. */
async function cuttable() {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  const proxy = net.createServer((near) => {
    const far = net.connect(Number(port), hostname);
    for (const [one, two] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.pipe(two);
      one.on("error", () => two.destroy());
      one.on("close", () => (sockets.delete(one), two.destroy()));
    }
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return { at: `http://127.0.0.1:${proxy.address().port}`, cut: () => sockets.forEach((socket) => socket.destroy()), end: () => proxy.close() };
}

/** Two tabs; one is loaded again in the middle of the answer, and the way to the server is cut for both. */
async function cut() {
  const way = await cuttable();
  const { page, context, problems } = await visitor({}, way.at);
  const second = await context.newPage();
  for (const tab of [page, second]) {
    await watch(tab);
    await tab.goto(`${way.at}/omega/c/${id}`);
    await shown(tab, "Nothing here yet");
  }
  await page.locator("#message").fill("count");
  await page.keyboard.press("Enter");
  seen.reloads = [];
  for (const share of [0.1, 0.3, 0.5]) {
    await grown(page, answer.length * share);
    const { length: before, wrong } = await watched(page);
    await page.reload();
    await grown(page, 1);
    const { first } = await watched(page);
    seen.reloads.push({ before, first, wrong });
    way.cut();
  }
  await grown(page, answer.length * 0.6);
  seen.focused = await page.evaluate(() => document.activeElement !== document.body);
  way.cut();
  await context.setOffline(true);
  way.cut();
  await shown(page, "You are offline");
  await page.waitForTimeout(300);
  await context.setOffline(false);
  for (const tab of [page, second]) await ended(tab);
  seen.tabs = [await shownOf(page), await shownOf(second)];
  seen.problems = problems;
  way.end();
}

/** The server is killed in the middle of the answer and started again. Whoever started this does that. */
async function killed() {
  const { page, problems } = await visitor();
  await watch(page);
  await page.goto(`${url}/omega/c/${id}`);
  await shown(page, "Nothing here yet");
  await page.locator("#message").fill("count");
  await page.keyboard.press("Enter");
  await page.getByText("begun again").first().waitFor({ timeout: 120_000 });
  await ended(page);
  seen.shown = await shownOf(page);
  // And nothing is left of it when somebody looks anew.
  await page.reload();
  await ended(page);
  seen.later = await shownOf(page);
  seen.problems = problems;
}

/** Two servers on one host, in one browser: who signs in at one, or out there, is still who they are at the other. */
async function servers() {
  const { context, page } = await visitor();
  const signIn = (at, apiKey) => context.request.post(`${at}/api/omega/session`, { data: { apiKey }, headers: { origin: at, "sec-fetch-site": "same-origin" } });
  const isIn = async (at) => {
    await page.goto(`${at}/omega`);
    return Promise.race([
      shown(page, "Ask for an outcome").then(() => true),
      page.getByRole("heading", { name: "Sign In" }).waitFor({ timeout: 30_000 }).then(() => false),
    ]);
  };
  seen.both = [(await signIn(other, otherKey)).ok(), await isIn(url), await isIn(other)];
  await page.getByRole("button", { name: "sign out" }).click();
  await page.getByRole("heading", { name: "Sign In" }).waitFor({ timeout: 30_000 });
  seen.one = [await isIn(url), await isIn(other)];
}

try {
  await { cut, killed, servers }[what]();
} catch (error) {
  seen.error = error.message;
}
await done(seen);
