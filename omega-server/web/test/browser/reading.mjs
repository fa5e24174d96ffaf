// What a reader sees while an answer streams, in a long conversation, and behind a proxy that puts the
// server below a path. Started by `what_is_read_stays_where_it_is` and its neighbours; OMEGA_WHAT says which.
import http from "node:http";
import { done, shown, url, visitor, work } from "./visitor.mjs";

const { OMEGA_WHAT: what, OMEGA_CONVERSATION: id } = process.env;
const seen = {};

/** An answer comes in while somebody reads above its end: how far what they read moves, at worst. */
async function streaming() {
  const { page, problems } = await visitor();
  await page.goto(`${url}/omega/c/${id}`);
  await page.locator("#message").fill("a long answer");
  await page.keyboard.press("Enter");
  // Enough of it to scroll in.
  await page.waitForFunction(() => document.querySelector(".transcript").scrollHeight > 1600, undefined, { timeout: 30_000 });
  seen.raw = await page.evaluate(() => /\*\*|^#|```/m.test([...document.querySelectorAll(".prose")].at(-1).innerText));
  await page.locator(".transcript").hover();
  await page.mouse.wheel(0, -700);
  await page.waitForTimeout(200);
  seen.moved = await page.evaluate(async () => {
    const frame = document.querySelector(".transcript");
    const top = frame.getBoundingClientRect().top;
    const read = [...document.querySelectorAll(".prose > *")].find((element) => element.getBoundingClientRect().top > top + 40);
    const from = read.getBoundingClientRect().top;
    let most = 0;
    let frames = 0;
    const isOver = () => document.querySelector(".turn-foot") !== null;
    // A little longer than the answer: its end is when most would move.
    for (let after = 0; after < 30; ) {
      await new Promise(requestAnimationFrame);
      frames += 1;
      if (!read.isConnected) return { gone: true };
      most = Math.max(most, Math.abs(read.getBoundingClientRect().top - from));
      if (isOver()) after += 1;
    }
    return { most, frames };
  });
  seen.kinds = await page.evaluate(() =>
    Object.fromEntries(["h3", "table", "figure.code", ".tok-word", "ul", ".box.checked", ".formula", ".footnotes"].map((kind) => [kind, document.querySelectorAll(`.prose ${kind}, .prose${kind}`).length])));
  seen.problems = problems;
}

/** Somebody presses for as long as people do, while an answer streams and pushes away what they press. */
async function pressing() {
  const { page, problems } = await visitor();
  await page.goto(`${url}/omega/c/${id}`);
  await page.locator("#message").fill("a long answer");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".transcript").scrollHeight > 1600, undefined, { timeout: 30_000 });
  await page.evaluate(() => {
    const control = (event) => event.target.closest?.("button") ?? null;
    globalThis.presses = [];
    document.addEventListener("pointerdown", (event) => control(event) && globalThis.presses.push({ on: control(event), clicked: false }), true);
    document.addEventListener("click", (event) => globalThis.presses.filter(({ on }) => on === control(event)).forEach((press) => { press.clicked = true; }), true);
  });
  const length = () => page.evaluate(() => [...document.querySelectorAll(".prose")].at(-1).textContent.length);
  const isOver = () => page.locator(".turn-foot").count();
  seen.grew = 0;
  for (let n = 0; n < 30 && !(await isOver()); n += 1) {
    // Where it is may be another place a moment later: then something else is pressed, or nothing.
    const place = await page.evaluate(() => {
      const frame = document.querySelector(".transcript").getBoundingClientRect();
      const boxes = [...document.querySelectorAll(".prose .copy")].map((one) => one.getBoundingClientRect());
      const box = boxes.findLast(({ top, bottom }) => top > frame.top + 40 && bottom < frame.bottom - 60);
      return box && [box.x + box.width / 2, box.y + box.height / 2];
    });
    if (!place) {
      await page.waitForTimeout(100);
      continue;
    }
    await page.mouse.move(...place);
    await page.mouse.down();
    await page.waitForTimeout(300);
    const before = await length();
    await page.mouse.up();
    await page.waitForTimeout(150);
    if ((await length()) > before) seen.grew += 1;
  }
  seen.presses = await page.evaluate(() => globalThis.presses.map(({ clicked }) => clicked));
  seen.problems = problems;
}

/** The question that is at the top of what is seen. */
const firstInSight = (page) =>
  page.evaluate(() => {
    const frame = document.querySelector(".transcript").getBoundingClientRect();
    const turn = [...document.querySelectorAll(".turn.user")].find((one) => one.getBoundingClientRect().bottom > frame.top + 30);
    return turn?.querySelector(".plain").textContent;
  });

/** A long conversation: its beginning, a day in its middle, words, and the way back. */
async function long() {
  const { page, problems } = await visitor({ timezoneId: "UTC" });
  await page.goto(`${url}/omega/c/${id}`);
  await shown(page, "message 599 of them");
  await page.getByRole("button", { name: "find", exact: true }).click();
  await page.getByLabel("day").fill("2020-01-11");
  await page.getByText("message 200 of them").waitFor({ timeout: 30_000 });
  await page.waitForTimeout(300);
  seen.day = await firstInSight(page);
  // Newer ones come when somebody scrolls there.
  await page.locator(".transcript").hover();
  for (let turns = 0; turns < 60 && (await page.getByText("message 240 of them").count()) === 0; turns += 1) {
    await page.mouse.wheel(0, 2000);
    await page.waitForTimeout(50);
  }
  seen.newer = await page.getByText("message 240 of them").count();
  await page.getByRole("button", { name: "beginning" }).click();
  await page.getByText("message 0 of them").waitFor({ timeout: 30_000 });
  await page.waitForTimeout(300);
  seen.beginning = await firstInSight(page);
  await page.locator("#find-words").fill("MESSAGE 321");
  await page.keyboard.press("Enter");
  await page.locator(".hit").first().click();
  await page.locator(".turn.user", { hasText: "message 321 of them" }).waitFor({ timeout: 30_000 });
  await page.waitForTimeout(300);
  seen.found = await firstInSight(page);
  await page.getByRole("button", { name: "jump to latest" }).click();
  await shown(page, "message 599 of them");
  seen.days = await page.locator(".day").count();
  // Older ones come when somebody scrolls there, and what is read stays where it is.
  const before = await page.locator(".turn").count();
  for (let turns = 0; turns < 60 && (await page.locator(".turn").count()) === before; turns += 1) {
    await page.locator(".transcript").hover();
    await page.mouse.wheel(0, -2000);
    await page.waitForTimeout(50);
  }
  seen.older = (await page.locator(".turn").count()) > before;
  // Who goes on to something else while a place is looked for keeps the keyboard there.
  await page.route("**/api/omega/conversations/**", (route) => setTimeout(() => void route.continue().catch(() => undefined), 400));
  await page.getByLabel("day").fill("2020-01-03");
  await page.getByRole("button", { name: "tools", exact: true }).filter({ visible: true }).click();
  await page.waitForFunction(() => document.activeElement?.closest(".side"), undefined, { timeout: 10_000 });
  await page.getByText("message 40 of them").waitFor({ timeout: 30_000 });
  await page.waitForTimeout(300);
  seen.kept = await page.evaluate(() => Boolean(document.activeElement?.closest(".side")));
  seen.problems = problems;
}

/** A conversation of 100,000 messages: how fast it is there, and each of some days, a visit each. */
async function vast() {
  const { page, context, problems } = await visitor({ timezoneId: "UTC" });
  Object.assign(seen, { opened: [], days: [], turns: 0 });
  // Since the browser began to ask for the page until the first message is there.
  await context.addInitScript(() => new MutationObserver(() => { if (document.querySelector(".turn")) globalThis.there ??= performance.now(); }).observe(document, { childList: true, subtree: true }));
  const until = async (which) => {
    await page.goto(`${url}/omega/c/${which}`);
    await page.locator(".turn").first().waitFor({ timeout: 60_000 });
    return page.evaluate(() => globalThis.there);
  };
  for (let n = 0; n < 5; n += 1) {
    const small = await until(process.env.OMEGA_SMALL);
    const ms = await until(id);
    const { longest } = await work(page, () => until(id));
    seen.opened.push({ small, ms, longest });
  }
  for (const [day, number] of JSON.parse(process.env.OMEGA_DAYS)) {
    await page.goto(`${url}/omega/c/${id}`);
    await shown(page, "message 49999 of them");
    let actions = 0;
    const act = (action) => ((actions += 1), action);
    const began = Date.now();
    await act(page.getByRole("button", { name: "find", exact: true }).click());
    await act(page.getByLabel("day").fill(day));
    await page.getByText(`message ${number} of them`, { exact: true }).waitFor({ timeout: 30_000 });
    const ms = Date.now() - began;
    // It may be on the page already, and is scrolled to then.
    for (const end = Date.now() + 10_000; Date.now() < end && (await firstInSight(page)) !== `message ${number} of them`; ) await page.waitForTimeout(50);
    await page.waitForTimeout(300);
    seen.days.push({ first: await firstInSight(page), actions, ms });
    seen.turns = Math.max(seen.turns, await page.locator(".turn").count());
  }
  const devtools = await context.newCDPSession(page);
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = await devtools.send("Runtime.getHeapUsage");
  seen.memory = usedSize + backingStorageSize;
  seen.problems = problems;
}

/** The same server below a path, behind a proxy that takes the path off. */
async function below() {
  const proxy = http.createServer((request, response) => {
    if (!request.url.startsWith("/tools/at/")) return response.writeHead(404).end("not here");
    const target = new URL(request.url.slice("/tools/at".length), url);
    const onward = http.request(target, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const at = `http://127.0.0.1:${proxy.address().port}/tools/at`;
  const { page, problems } = await visitor({}, at);
  await page.goto(`${at}/omega`);
  await shown(page, "Ask for an outcome");
  await page.locator("#message").fill("hello");
  await page.keyboard.press("Enter");
  await shown(page, "hello to you");
  seen.path = new URL(page.url()).pathname.startsWith("/tools/at/omega/c/");
  await page.getByRole("button", { name: "share", exact: true }).click();
  seen.link = (await page.locator("#share-link").inputValue()).startsWith(`${at}/omega/c/`);
  await page.goto(`${at}/omega/settings/`);
  await shown(page, "Model Providers");
  await page.goto(`${at}/omega/a/b/c`);
  await shown(page, "No Such Page");
  // Nothing of the page lies there at all.
  for (const path of ["nope", "a/b/", "omegas"]) {
    await page.goto(`${at}/${path}`);
    await shown(page, "No Such Page");
    await page.getByRole("link", { name: "start a new conversation" }).click();
    await shown(page, "Ask for an outcome");
  }
  // Every page that is not the page itself has the same way back to it, at the same place.
  for (const path of ["api/omega/docs", "nope", "omega/a/b/c", "omega/c/00000000-0000-4000-8000-000000000000"]) {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      await page.goto(`${at}/${path}`);
      const back = page.locator(".brand").filter({ visible: true }).first();
      await back.waitFor({ timeout: 20_000 });
      const { y } = await back.boundingBox();
      if (y > 40) throw new Error(`${path} has its way back at ${y}`);
      await back.click();
      await shown(page, "Ask for an outcome");
    }
  }
  seen.fonts = await page.evaluate(async () => (await document.fonts.ready, [...document.fonts].filter((font) => font.status === "loaded").length));
  seen.problems = problems;
  proxy.close();
  proxy.closeAllConnections();
}

try {
  await { streaming, pressing, long, vast, below }[what]();
} catch (error) {
  seen.error = error.message;
}
await done(seen);
