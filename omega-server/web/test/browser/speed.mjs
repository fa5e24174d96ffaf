// How quick the page is: its first look, and an answer that streams fast. What counts is the time that the
// page's own thread works, so that a busy machine is no fault of the page; OMEGA_WHAT says which. Started by `tests/it/speed.rs`.
import { done, shown, url, visitor, work } from "./visitor.mjs";

const { OMEGA_WHAT: what, OMEGA_CONVERSATION: id } = process.env;
const seen = {};

/** The first look of somebody who is signed in: when there is something to see, and what came over the wire for it. */
async function front() {
  const { page, problems } = await visitor();
  await page.goto(`${url}/omega`);
  const text = await page.evaluate(() => document.querySelector("script[src]").src);
  const content = () => page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  Object.assign(seen, { looks: [], bare: [] });
  for (let look = 0; look < 5; look += 1) {
    const did = await work(page, async () => {
      await page.goto(`${url}/omega`);
      await shown(page, "Ask for an outcome");
    });
    const scripts = await page.evaluate(() =>
      performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js")).map(({ name, encodedBodySize }) => [new URL(name).pathname.split("/").at(-1), encodedBodySize]));
    seen.looks.push({ ...did, content: await content(), scripts });
    // What a page of nothing but a few words takes here and now.
    await page.goto(text);
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    seen.bare.push(await content());
  }
  seen.problems = problems;
}

/** An answer of every kind of block comes in at a hundred tokens a second. */
async function streaming() {
  const { page, problems } = await visitor();
  await page.goto(`${url}/omega/c/${id}`);
  await page.locator("#message").fill("a long answer");
  const began = Date.now();
  seen.work = await work(page, async () => {
    await page.keyboard.press("Enter");
    await page.locator(".turn-foot").waitFor({ timeout: 120_000 });
  });
  seen.ms = Date.now() - began;
  seen.characters = await page.evaluate(() => [...document.querySelectorAll(".prose")].at(-1).textContent.length);
  seen.problems = problems;
}

try {
  await { front, streaming }[what]();
} catch (error) {
  seen.error = error.message;
}
await done(seen);
