// Goes through a conversation's life by the keyboard alone: after each key there is something that has it. In each state axe
// looks at the page, light and dark, wide and narrow. Started by `a_keyboard_is_enough_and_never_loses_its_place`.
import { hands } from "./hands.mjs";
import { browser, done, key as apiKey, settle, shown, url } from "./visitor.mjs";

const seen = { lost: [], faults: [], problems: [], steps: [] };
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
const page = await context.newPage();
page.on("pageerror", (error) => seen.problems.push(error.message));
page.on("console", (message) => /content security policy/i.test(message.text()) && seen.problems.push(message.text()));

const { press, activate, look, say, hasKeyboard, place } = await hands(page, seen);

/** Where the keyboard is once what was open is gone. */
const back = () => page.waitForTimeout(150).then(place);

try {
  await page.goto(`${url}/omega`);
  await shown(page, "Sign In");
  await look("sign in");
  await page.keyboard.press("Tab");
  await page.keyboard.type(apiKey);
  await page.keyboard.press("Enter");
  await shown(page, "Ask for an outcome");
  await look("front");
  await activate("find a tool Search for a tool to compare two texts");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("hello");
  await press("Enter", "the first message");
  await shown(page, "hello to you");
  await look("conversation");

  // Safe Mode is the conversation's, and a call waits.
  await activate("safe mode", "switch");
  await page.getByRole("switch", { checked: true }).waitFor();
  await say("weather");
  await shown(page, "May acmeWeather run");
  seen.waiting = [await page.title(), await page.locator('link[rel="icon"]').getAttribute("href"), await place()];
  seen.icon = await page.evaluate(async () => (await fetch(document.querySelector('link[rel="icon"]').href)).status);
  seen.spoken = await page.locator('[role="alert"]', { hasText: "Omega waits for you" }).count();
  await look("approval");
  await settle(page);
  for (const [opens, is] of [["deny...", "deny"], ["edit input...", "allow with this input"], ["always...", "yes, always"]]) {
    await activate(opens);
    await page.getByRole("button", { name: is, exact: true }).waitFor();
    await settle(page);
    await activate("back");
    seen[`back from ${opens}`] = await place();
  }
  await activate("deny...");
  await page.keyboard.type("not today");
  await settle(page);
  await press("Enter", "deny");
  await shown(page, "refused");
  await shown(page, "it was as you said");
  seen.calm = await page.title();

  // What is thought of an answer.
  await activate("good");
  await page.locator(".feedback textarea").waitFor({ timeout: 20_000 });
  await hasKeyboard("say more");
  await look("feedback");
  await page.keyboard.type("it knew");
  await activate("save");
  await page.locator(".answer", { hasText: "found it good: it knew" }).waitFor({ timeout: 20_000 });
  await hasKeyboard("feedback is saved");

  // Safe Mode off; a tool that lacks a variable.
  await activate("safe mode", "switch");
  await page.getByRole("switch", { checked: false }).waitFor();
  await say("keyed");
  await page.locator("#value-ACME_API_KEY").waitFor({ timeout: 20_000 });
  await settle(page);
  await activate("give and go on");
  await shown(page, "Give a value, or go on without");
  seen.lacks = await place();
  await look("credentials");
  await page.keyboard.type("acme-key-000000000000");
  await press("Enter", "give a value");
  await page.getByText("account", { exact: false }).first().waitFor({ timeout: 20_000 });
  await page.getByRole("log").getByText("it was as you said").nth(1).waitFor({ timeout: 20_000 });

  // Beside the conversation.
  await activate("tools");
  await look("tools");
  await page.locator(".timeline-head").last().focus();
  await press("Enter", "open a call");
  await shown(page, "show in conversation");
  await look("a call");
  await activate("run again...");
  await activate("run");
  await page.getByText(/^done in/).waitFor({ timeout: 20_000 });
  await press("Escape", "close the panel");
  seen.backs = [await back()];
  await activate("debug");
  await shown(page, "newest first");
  seen.events = await page.locator(".events li").count();
  await look("debug");
  await press("Escape", "close the events");
  seen.backs.push(await back());

  // The name, and a place in it.
  await activate("rename");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("A better name");
  await press("Enter", "rename");
  await page.getByRole("heading", { name: "A better name" }).waitFor({ timeout: 20_000 });
  await activate("find");
  await page.keyboard.type("weather");
  await press("Enter", "find words");
  await page.locator(".hit").first().waitFor({ timeout: 20_000 });
  await look("find");
  await press("Escape", "close the search");
  seen.backs.push(await back());

  // A message that waits behind another is taken back, and the run goes on.
  await say("slow");
  await shown(page, "running");
  await say("and then this");
  await page.locator(".queue li").waitFor({ timeout: 20_000 });
  await look("queue");
  await activate("edit");
  await page.locator(".queue").waitFor({ state: "detached", timeout: 20_000 });
  seen.edited = await page.locator("#message").inputValue();
  await page.keyboard.press("Control+A");
  await press("Backspace", "empty the message");
  await press("Escape", "cancel the run");
  await shown(page, "Cancelled. What was done before stays above");

  // Plans to choose from; what was chosen stays in the transcript.
  await say("Look up the weather of Oslo, compare it with my account, then write a report.");
  await shown(page, "2 plans are proposed");
  await settle(page);
  await look("plans");
  await activate("propose another");
  await activate("back");
  seen.backFromAnother = await place();
  await page.locator(".ask button").first().focus();
  await press("Enter", "run this plan");
  await page.locator(".plan-record summary", { hasText: "2 of 2 steps done" }).waitFor({ timeout: 20_000 });

  // A tool that does not work, and another one in its place.
  await say("forecast");
  await shown(page, "which tool instead?");
  await settle(page);
  await look("alternatives");
  await activate("use it: sunny-weather::acmeWeather");
  await shown(page, "Sunny.");

  // A file goes along with a message.
  await page.locator("input[type=file]").setInputFiles({ name: "cities.csv", mimeType: "text/csv", buffer: Buffer.from("name,city\nAda,London\n".repeat(5000)) });
  await shown(page, "goes along: cities.csv");
  await hasKeyboard("a file is attached");
  await look("attachment");
  await activate("remove cities.csv");
  await page.locator("input[type=file]").setInputFiles({ name: "picture.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0xff]) });
  await shown(page, "picture.png is no text");
  await page.locator("input[type=file]").setInputFiles({ name: "cities.csv", mimeType: "text/csv", buffer: Buffer.from("name,city\nAda,London\n".repeat(5000)) });
  await shown(page, "goes along: cities.csv");
  await say("how many rows");
  await shown(page, "many rows it has");
  await page.locator(".turn.user summary", { hasText: "data · 102.5 KiB" }).waitFor({ timeout: 20_000 });
  seen.attached = await page.locator(".attachment").count();

  await activate("share");
  await look("share");
  await press("Escape", "close the share dialog");
  seen.backs.push(await back());

  // By the keys that the list of keys has.
  await press("Control+/", "the list of keys");
  await page.getByRole("heading", { name: "Keyboard", exact: true }).waitFor({ timeout: 20_000 });
  await look("the keyboard");
  await press("Escape", "close the list of keys");
  seen.backs.push(await back());
  await press("Control+Shift+F", "find by its keys");
  await page.locator("#find-words").waitFor({ timeout: 20_000 });
  await press("Control+Shift+E", "tool calls by their keys");
  await page.locator(".timeline-head").first().waitFor({ timeout: 20_000 });
  await press("Shift+Escape", "to the message by its keys");
  seen.atMessage = await place();
  await press("Control+Shift+O", "a new conversation by its keys");
  await shown(page, "Ask for an outcome");

  await page.goto(`${url}/omega/settings/`);
  await shown(page, "Model Providers");
  await look("settings");
  await page.locator("#set-safeMode").focus();
  await press("Space", "change a setting");
  await page.locator(".saved", { hasText: "saved" }).first().waitFor({ timeout: 20_000 });
  await activate("pinned tools", "link");
  await page.locator("#pin-tool").focus();
  await page.keyboard.type("weather");
  await page.getByRole("button", { name: "pin acme-tools::acmeWeather", exact: true }).waitFor({ timeout: 20_000 });
  await activate("pin acme-tools::acmeWeather");
  await activate("unpin acme-tools::acmeWeather");
  await shown(page, "No tool is pinned");
  await activate("add key of groq");
  await page.keyboard.type("gsk-000000000000000000");
  await press("Enter", "store a key");
  await page.getByRole("button", { name: "replace key of groq" }).waitFor({ timeout: 20_000 });
  await activate("delete your key of groq");
  await activate("keep");
  seen.kept = await place();
  await activate("delete your key of groq");
  await activate("delete now: your key of groq");
  await page.getByRole("button", { name: "add key of groq" }).waitFor({ timeout: 20_000 });
  await hasKeyboard("a key is deleted");
  await page.mouse.move(700, 400);
  for (let turns = 0; turns < 40; turns += 1) await page.mouse.wheel(0, 500);
  await page.waitForTimeout(200);
  seen.frame = await page.evaluate(() => [document.documentElement.scrollTop, document.documentElement.scrollHeight - innerHeight]);

  for (const path of ["nope", "c/a/b", "settings/x"]) {
    await page.goto(`${url}/omega/${path}`);
    await shown(page, "No Such Page");
  }
  await look("no such page");
} catch (error) {
  seen.error = `${error.message}\nafter ${seen.steps.slice(-6).join(", ")}\n${(await page.evaluate(() => document.body.innerText)).slice(-1500)}`;
}
await done(seen);
