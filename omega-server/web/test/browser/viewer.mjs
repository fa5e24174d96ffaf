// Large outputs, each looked at by somebody new: when the first of it is seen, what the page's thread and memory have to
// bear, whether the end is reached, words are found in all of it and the file is whole. Started by `tests/it/viewing.rs`.
import { done, url, visitor, work } from "./visitor.mjs";

const ids = process.env.OMEGA_CONVERSATIONS.split(" ");
const seen = { looks: [] };

/** Bytes that the page has for itself: of its script's objects, and what they hold outside of the heap. */
async function memory(page, context) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = await devtools.send("Runtime.getHeapUsage");
  return usedSize + backingStorageSize;
}

const rest = (page) => page.waitForTimeout(250);

async function look(id) {
  const { page, context, problems } = await visitor();
  await page.goto(`${url}/omega/c/${id}`);
  await page.locator(".tool-head").first().waitFor();
  const said = {};
  const row = ".rows-box :is(.row, .grid-body [role=row])";
  const isThere = () => page.waitForFunction(() => document.querySelector(".tool-part:last-child .part-head [role=status]")?.textContent === "", undefined, { timeout: 240_000 });
  const drawn = () => page.locator(row).count();
  const last = () => page.locator(row).evaluateAll((rows) => rows.slice(-3).map((row) => row.textContent).join("\n"));
  said.opening = await work(page, async () => {
    said.first = await page.evaluate(async (row) => {
      const began = performance.now();
      document.querySelector(".tool-head").click();
      while (document.querySelectorAll(row).length < 3) await new Promise(requestAnimationFrame);
      return performance.now() - began;
    }, row);
    await isThere();
  });
  said.memory = await memory(page, context);
  said.drawn = [await drawn()];
  said.moving = await work(page, async () => {
    for (const place of [0.5, 0.1, 0.9, 1]) {
      await page.locator(".rows-box").evaluate((box, at) => { box.scrollTop = at * (box.scrollHeight - box.clientHeight); }, place);
      await rest(page);
      said.drawn.push(await drawn());
    }
    said.end = await last();
    // One turn of the wheel is a few rows and not a thousand.
    await page.locator(".rows-box").hover();
    const before = await page.locator(row).evaluateAll((rows) => rows.map((row) => row.textContent));
    await page.mouse.wheel(0, -90);
    await rest(page);
    const after = await page.locator(row).evaluateAll((rows) => rows.map((row) => row.textContent));
    said.wheel = Math.max(...after.map((_, by) => (after.slice(by).every((text, n) => text === before[n]) ? after.length - by : 0)));
  });
  said.finding = await work(page, async () => {
    const began = Date.now();
    await page.getByRole("searchbox", { name: /^find in output/ }).fill("THE LAST LINE");
    await page.locator(".rows-view [role=status]", { hasText: /^1 of 1 row$/ }).waitFor({ timeout: 240_000 });
    said.found = Date.now() - began;
    await rest(page);
    said.hit = await page.locator(".hit-row").last().textContent();
  });
  const [file] = await Promise.all([page.waitForEvent("download", { timeout: 240_000 }), page.getByRole("button", { name: "download", exact: true }).last().click()]);
  let bytes = 0;
  for await (const piece of await file.createReadStream()) bytes += piece.length;
  said.downloaded = bytes;
  said.after = await memory(page, context);
  said.problems = problems;
  await context.close();
  return said;
}

try {
  for (const id of ids) seen.looks.push(await look(id));
} catch (error) {
  seen.error = `${error.message} ${error.stack}, at number ${seen.looks.length + 1}`;
}
await done(seen);
