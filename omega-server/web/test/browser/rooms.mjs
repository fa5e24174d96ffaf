// What has room at which width: the bar that finds a place, and what stands beside the conversation; and versions of a message.
// OMEGA_WHAT says which. Started by `nothing_covers_what_somebody_needs` and its neighbour.
import { browser, done, key, settle, shown, url, visitor } from "./visitor.mjs";

const { OMEGA_WHAT: what, OMEGA_CONVERSATION: id } = process.env;
const WIDTHS = [390, 820, 920, 1024, 1280, 1440];
const seen = { faults: [], problems: [] };

/** A control of the head, wherever it stands at this width. */
async function head(page, name) {
  const menu = page.locator(".conversation-head details.only-small");
  const control = page.locator(".conversation-head").getByRole("button", { name, exact: true }).filter({ visible: true }).first();
  for (let tries = 0; ; tries++) {
    if ((await menu.isVisible()) && !(await menu.evaluate((one) => one.open))) await menu.locator("summary").click();
    try {
      return await control.click({ timeout: 3000 });
    } catch (error) {
      // The head folds when there is less room, also while somebody reaches for it: then the control stands elsewhere.
      if (tries === 3) throw error;
    }
  }
}

/** The boxes of what these select, and whether each is on top in its middle. */
const boxes = (page, selector) =>
  page.locator(selector).evaluateAll((all) =>
    all.map((one) => {
      const { x, y, width, height, right, bottom } = one.getBoundingClientRect();
      return { x, y, width, height, right, bottom, free: one.contains(document.elementFromPoint(x + width / 2, y + height / 2)) };
    }));

const place = (page) => page.evaluate(() => document.activeElement?.textContent.trim());

async function rooms() {
  for (const hasTouch of [false, true]) {
    const { page, problems } = await visitor({ hasTouch, isMobile: hasTouch });
    for (const width of WIDTHS) {
      const at = `${width}${hasTouch ? " by touch" : ""}`;
      const fault = (words) => seen.faults.push(`${at}: ${words}`);
      await page.setViewportSize({ width, height: 800 });
      await page.goto(`${url}/omega/c/${id}`);
      await shown(page, "it was as you said");

      const isSafe = async () => (await page.locator(".safe-word, .safe.on").filter({ visible: true }).count()) === 1;
      if (!(await isSafe())) fault("nobody sees that Safe Mode is on");
      await head(page, "find");
      await page.locator("#find-words").waitFor();
      const line = await boxes(page, ".find-line > :is(input, button, .find-date)");
      const middles = line.map(({ y, height }) => y + height / 2);
      if (line.length !== 5) fault(`${line.length} controls find a place`);
      if (Math.max(...middles) - Math.min(...middles) > 2) fault(`the bar has more than one line: ${middles}`);
      if (line.some(({ free, right, x }) => !free || right > width || x < 0)) fault(`one can't be reached: ${JSON.stringify(line)}`);
      if ((hasTouch || width === 390) && line.some((box) => box.height < 44 || box.width < 44)) fault(`too small for a finger: ${JSON.stringify(line)}`);
      await page.getByLabel("day").fill("2020-01-01");
      await page.getByRole("button", { name: "close", exact: true }).click();

      await head(page, "tools");
      await page.locator(".side").waitFor();
      const [side] = await boxes(page, ".side");
      const [main] = await boxes(page, ".conversation-main");
      const [sidebar] = await boxes(page, ".sidebar");
      const isSheet = await page.locator(".scrim").isVisible();
      if (!(await isSafe())) fault("nobody sees beside the tools that Safe Mode is on");
      if (isSheet !== width < 992) fault(`a sheet: ${isSheet}`);
      if (!isSheet && side.x < main.right - 1) fault("it covers the conversation");
      if (!isSheet && main.width < 360) fault(`the conversation has ${main.width} px left`);
      if (width >= 900 && !sidebar.free) fault("the sidebar is covered");
      if (side.right > width + 1) fault("it is cut off");
      const ways = [() => page.keyboard.press("Escape"), () => page.locator(".side").getByRole("button", { name: "close" }).click()];
      if (isSheet) ways.push(() => page.locator(".scrim").click({ position: { x: 10, y: 10 } }));
      for (const [number, close] of ways.entries()) {
        if (number > 0) await head(page, "tools");
        await page.waitForFunction(() => document.activeElement?.closest(".side"));
        await close();
        await page.locator(".side").waitFor({ state: "detached" });
        // What opened it has the keyboard again: its button, or the menu where that is folded away.
        const opener = (await page.locator(".conversation-head .only-small").first().isVisible()) ? "more" : "tools";
        await page.waitForFunction((words) => document.activeElement?.textContent.trim() === words, opener, { timeout: 5_000 })
          .catch(async () => fault(`after way ${number} the focus is at ${await place(page)} and not at ${opener}`));
      }
    }
    seen.problems.push(...problems);
    await page.context().close();
  }

  // A question comes up while a sheet covers where it is asked: the sheet goes, and the question has the keyboard.
  const { page, context, problems } = await visitor({ viewport: { width: 390, height: 800 } });
  await page.goto(`${url}/omega/c/${id}`);
  await shown(page, "it was as you said");
  await head(page, "tools");
  await page.locator(".side").waitFor();
  await context.request.post(`${url}/api/omega/conversations/${id}/messages`, { data: { message: "weather" }, headers: { authorization: `Bearer ${key}`, prefer: "respond-async" } });
  await shown(page, "May acmeWeather run");
  await page.locator(".side").waitFor({ state: "detached", timeout: 20_000 });
  const [ask] = await boxes(page, ".ask");
  if (!ask.free) seen.faults.push("the question is covered");
  // What takes a second step is all in sight as it comes up.
  for (const opens of ["deny...", "edit input...", "always..."]) {
    await settle(page);
    await page.getByRole("button", { name: opens, exact: true }).click();
    await page.getByRole("button", { name: "back", exact: true }).waitFor();
    await settle(page);
    const step = await boxes(page, ".ask :is(input, textarea, .ask-buttons button)");
    if (step.length < 2 || step.some(({ free }) => !free)) seen.faults.push(`${opens} is not in sight: ${JSON.stringify(step)}`);
    await page.getByRole("button", { name: "back", exact: true }).click();
  }
  // And what leads elsewhere in the conversation does not leave it covered.
  await settle(page);
  await page.getByRole("button", { name: "allow once" }).click();
  await page.locator(".turn-foot").nth(1).waitFor({ timeout: 20_000 });
  await head(page, "tools");
  await page.locator(".timeline-head").last().click();
  await page.getByRole("button", { name: "show in conversation" }).click();
  await page.locator(".side").waitFor({ state: "detached", timeout: 20_000 });

  // A conversation in which nothing is yet is read from its top.
  const made = await context.request.post(`${url}/api/omega/conversations`, { data: {}, headers: { authorization: `Bearer ${key}` } });
  await page.goto(`${url}/omega/c/${(await made.json()).data.id}`);
  await shown(page, "Nothing here yet");
  await page.waitForTimeout(300);
  const [words, sample] = await Promise.all([boxes(page, ".transcript .note"), boxes(page, ".transcript .sample")]);
  if (!words[0].free || !sample[0].free) seen.faults.push(`an empty conversation begins at ${JSON.stringify(words)}`);
  seen.problems.push(...problems);
}

/** A message is edited, asked again, and asked again while somebody else reads its answer. */
async function versions() {
  const { page, problems } = await visitor();
  const reader = await visitor();
  const say = async (words) => {
    await page.locator("#message").fill(words);
    await page.keyboard.press("Enter");
  };
  await page.goto(`${url}/omega/c/${id}`);
  await say("alpha one");
  await shown(page, "about alpha one");
  await page.getByRole("button", { name: "edit the message and send it again" }).last().click();
  seen.filled = await page.locator("#message").inputValue();
  await shown(page, "edits an earlier message");
  await say("alpha two");
  await page.getByText("about alpha two").waitFor();
  const count = () => page.locator(".turn.user").count();
  const fold = page.locator(".earlier button");
  seen.folded = [await count(), await fold.textContent(), await fold.getAttribute("aria-expanded")];
  await fold.click();
  seen.opened = [await count(), await page.getByText("about alpha one").isVisible(), await fold.getAttribute("aria-expanded")];
  await fold.click();
  seen.closed = await count();
  // By the newer one's own mark.
  await page.getByRole("button", { name: "version 2" }).click();
  await page.getByText("about alpha one").waitFor();
  seen.gone = await page.locator(".turn.user").first().evaluate((turn) => Math.round(turn.getBoundingClientRect().top - document.querySelector(".transcript").getBoundingClientRect().top));
  await fold.click();

  // An edit that is given up is a message of its own.
  await page.getByRole("button", { name: "edit the message and send it again" }).last().click();
  await shown(page, "edits an earlier message");
  await page.locator("#message").fill("");
  seen.given = await page.getByText("edits an earlier message").count();
  await say("beta");
  await page.getByText("about beta").waitFor();
  seen.own = await count();

  // Again, while another one reads the answer that is replaced: for them it stays where it is.
  await reader.page.goto(`${url}/omega/c/${id}`);
  await shown(reader.page, "about beta");
  await reader.page.locator(".transcript").hover();
  await reader.page.mouse.wheel(0, -80);
  await reader.page.waitForTimeout(200);
  const top = () => reader.page.getByText("about beta").first().evaluate((words) => words.getBoundingClientRect().top);
  const before = await top();
  seen.inSight = before > 100 && before < 700;
  await page.getByRole("button", { name: "ask again, by the model chosen below" }).last().click();
  await page.locator(".earlier").nth(1).waitFor();
  await reader.page.locator(".earlier").nth(1).waitFor();
  await reader.page.waitForTimeout(200);
  seen.moved = Math.abs((await top()) - before);
  await page.reload();
  await shown(page, "about beta");
  seen.later = [await count(), await page.locator(".earlier").count()];
  seen.problems.push(...problems, ...reader.problems);
}

try {
  await { rooms, versions }[what]();
} catch (error) {
  seen.error = `${error.message} ${error.stack}`;
  for (const context of browser.contexts()) for (const page of context.pages()) seen.error += `\n${(await page.evaluate(() => document.body.innerText)).slice(-800)}`;
}
await done(seen);
