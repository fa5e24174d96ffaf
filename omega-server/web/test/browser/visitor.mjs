// What every script that drives the page needs: a browser that is signed in, and words for what goes wrong.
import { chromium } from "playwright-core";

/** Milliseconds that the work of `done` takes where nothing else runs. */
const USUAL = 60;

export const { OMEGA_URL: url, OMEGA_KEY: key } = process.env;

export const browser = await chromium.launch({
  executablePath: process.env.OMEGA_CHROMIUM,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--enable-precise-memory-info"],
});

/** A page of a browser that is signed in with a key, and what it complained about. */
export async function visitor(options = {}, at = url, apiKey = key) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const headers = { origin: new URL(at).origin, "sec-fetch-site": "same-origin" };
  const signedIn = await context.request.post(`${at}/api/omega/session`, { data: { apiKey }, headers });
  if (!signedIn.ok()) throw new Error(`signing in: ${signedIn.status()} ${await signedIn.text()}`);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => /content security policy/i.test(message.text()) && problems.push(message.text()));
  return { context, page, problems };
}

/** A question is there for long enough to be answered. */
export const settle = (page) => page.waitForTimeout(700);

export const shown = (page, text) => page.getByText(text).first().waitFor({ timeout: 30_000 });

/** What the main thread of a page does meanwhile: milliseconds of work of the longest task, of all, and up to the first content. */
export async function work(page, act) {
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline", "loading"] });
  await act();
  const { traceEvents: events } = JSON.parse((await browser.stopTracing()).toString());
  // Of the page and not of what the browser shows around it: the thread with the page's paints, else the busiest one.
  const mains = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const tasksOf = ({ pid, tid }) => events.filter((one) => one.ph === "X" && one.name === "RunTask" && one.pid === pid && one.tid === tid && one.tdur !== undefined);
  const all = mains.map(tasksOf).sort((a, b) => sum(b) - sum(a))[0] ?? [];
  const painted = events.find(({ name }) => name === "firstContentfulPaint")?.ts ?? Infinity;
  return { tasks: all.length, longest: Math.max(...all.map(({ tdur }) => tdur)) / 1000, total: sum(all) / 1000, untilContent: sum(all.filter(({ ts }) => ts < painted)) / 1000 };
}

const sum = (tasks) => tasks.reduce((total, { tdur }) => total + tdur, 0);

/** Ends the browser and says what was seen, and how slow the machine is just now: how many times the usual time it takes to lay rows out
 * and to write and read JSON, at its best. What a test says of times is in those of the usual machine. */
export async function done(seen) {
  const page = await browser.newPage();
  const ms = await page.evaluate(() => {
    const rows = Array.from({ length: 4_000 }, (_, n) => ({ n, words: `the words of row ${n} of them` }));
    const times = Array.from({ length: 7 }, () => {
      const began = performance.now();
      const list = document.body.appendChild(document.createElement("div"));
      for (const { words } of JSON.parse(JSON.stringify(rows))) list.appendChild(document.createElement("p")).textContent = words;
      const { height } = list.getBoundingClientRect();
      list.remove();
      return height > 0 ? performance.now() - began : Infinity;
    });
    return Math.min(...times);
  });
  await browser.close();
  console.log(JSON.stringify({ ...seen, slowness: Math.max(1, ms / USUAL) }));
}
