// What every script that drives the page needs: a browser that is signed in, and words for what goes wrong.
import { chromium } from "playwright-core";

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

/** Ends the browser and says what was seen. */
export async function done(seen) {
  await browser.close();
  console.log(JSON.stringify(seen));
}
