// Two people, each at a keyboard alone: sharing, a guest's messages and questions, Safe Mode and a plan's tools, export, large
// outputs, statistics and credentials, each to its end; and axe in what comes up on the way. Started by
// `two_people_go_through_every_flow_with_keyboards`.
import { readFile } from "node:fs/promises";
import { hands } from "./hands.mjs";
import { done, settle, shown, url, visitor } from "./visitor.mjs";

const { OMEGA_GUEST: guestKey } = process.env;
const seen = { lost: [], faults: [], problems: [], steps: [] };
const ada = await visitor();
const grace = await visitor({}, url, guestKey);
const { page } = ada;
const guest = grace.page;
const A = await hands(page, seen, "ada: ");
const G = await hands(guest, seen, "grace: ");

const said = (words, nth = 0) => page.getByRole("log").getByText(words).nth(nth).waitFor({ timeout: 30_000 });

/** A file that comes from a key pressed at a control. */
async function saved(control, what) {
  const [file] = await Promise.all([page.waitForEvent("download", { timeout: 90_000 }), A.at(control, what)]);
  return readFile(await file.path(), "utf8");
}

try {
  await page.goto(`${url}/omega`);
  await shown(page, "Ask for an outcome");
  await A.say("hello");
  await said("hello to you");

  // Sharing: the guest opens the link, both see what either says.
  await A.activate("share");
  const link = await page.locator("#share-link").inputValue();
  await A.press("Escape", "close the share dialog");
  await page.waitForTimeout(150);
  seen.backAtShare = await A.place();
  await guest.goto(link);
  await shown(guest, "hello to you");
  await page.getByText("2 participants").waitFor({ timeout: 20_000 });
  await G.say("weather for the guest");
  await said("it was as you said");
  await shown(guest, "it was as you said");
  await G.look("a guest's conversation");

  // What the guest thinks of an answer, and takes back.
  await G.activate("bad");
  await guest.locator(".feedback textarea").waitFor({ timeout: 20_000 });
  // Of radio buttons Tab reaches one, and arrows go on from there.
  for (let steps = 0; steps < 5 && !(await guest.evaluate(() => document.activeElement.type === "radio")); steps += 1) await G.press("Shift+Tab", "back to whether it was like an agent");
  for (let turns = 0; turns < 4 && !(await guest.getByLabel("no", { exact: true }).isChecked()); turns += 1) await G.press("ArrowRight", "not like an agent");
  await G.activate("save");
  await page.locator(".answer", { hasText: "found it bad, not like a real agent" }).waitFor({ timeout: 20_000 });
  await G.activate("bad");
  await G.activate("take back");
  await page.locator(".answer", { hasText: "found it bad" }).waitFor({ state: "detached", timeout: 20_000 });
  await G.hasKeyboard("feedback is taken back");

  // Safe Mode holds for both; the guest's own call is the guest's to allow.
  await A.activate("safe mode", "switch");
  await page.getByRole("switch", { checked: true }).waitFor();
  await guest.locator(".badge", { hasText: "safe mode" }).filter({ visible: true }).waitFor({ timeout: 20_000 });
  await G.say("weather once more");
  await shown(guest, "May acmeWeather run");
  await settle(guest);
  await G.activate("allow once");
  await said("it was as you said", 1);
  await A.activate("share");
  await A.look("the share dialog of two");
  await A.press("Escape", "close the share dialog again");

  // A plan, and its tools in one answer.
  await A.say("Look up the weather of Oslo, compare it with my account, then write a report.");
  await shown(page, "2 plans are proposed");
  await settle(page);
  await A.at(page.getByRole("button", { name: "run this plan" }).first(), "run this plan");
  await shown(page, "May acmeWeather run");
  await settle(page);
  await A.activate("edit input...");
  await A.look("editing an input");
  await A.activate("back");
  await A.activate("deny...");
  await A.look("denying");
  await settle(page);
  await A.activate("back");
  await A.activate("always...");
  await A.look("always");
  await settle(page);
  await A.activate("back");
  await A.activate("the plan's tools...");
  seen.planned = await page.locator(".ask-tools li").count();
  await A.look("the plan's tools");
  await settle(page);
  await A.activate("yes, the plan's tools");
  await page.locator(".plan-record summary", { hasText: "2 of 2 steps done" }).waitFor({ timeout: 20_000 });
  await A.at(page.locator(".plan-record summary").first(), "open the plan");
  await A.look("a plan that was followed");
  await A.activate("safe mode", "switch");
  await page.getByRole("switch", { checked: false }).waitFor();

  // The guest's message lacks a variable: the guest is told whose it is, and the owner gives it.
  await G.say("keyed");
  await shown(guest, "can give that");
  await G.look("waiting for the owner");
  await page.locator("#value-ACME_API_KEY").waitFor({ timeout: 20_000 });
  await settle(page);
  await A.at(page.locator("#value-ACME_API_KEY"), "the variable", null);
  await page.keyboard.type("acme-key-000000000000");
  await A.activate("give and go on");
  await page.locator(".answer", { hasText: "ACME_API_KEY" }).waitFor({ timeout: 20_000 });

  // A tool that does not work, and another one in its place.
  await A.say("forecast");
  await shown(page, "which tool instead?");
  await settle(page);
  await A.activate("use it: sunny-weather::acmeWeather");
  await shown(page, "Sunny.");

  // A run that fails is tried again.
  await A.say("broken");
  await page.locator(".run-end.failed").waitFor({ timeout: 30_000 });
  await A.look("a run that failed");
  await A.activate("provider keys", "link");
  await shown(page, "Model Providers");
  await page.goBack();
  await page.locator(".run-end.failed").waitFor({ timeout: 30_000 });
  await A.activate("send again");
  await said("mended it is");

  // Large outputs, as lines and as a table, and the record behind them.
  await A.say("large");
  await said("it is large");
  const card = page.locator(".tool-head").last();
  await A.at(card, "open the call");
  await page.locator(".rows-box .row").nth(5).waitFor({ timeout: 20_000 });
  await page.locator(".rows-box").last().scrollIntoViewIfNeeded();
  await A.look("a large output");
  await A.at(page.getByRole("searchbox", { name: "find in output" }).last(), "find in the output", null);
  await page.keyboard.type("é");
  await page.locator(".rows-view [role=status]", { hasText: /rows/ }).last().waitFor({ timeout: 20_000 });
  await A.press("Enter", "the next hit");
  seen.hits = await page.locator(".rows-view [role=status]").last().textContent();
  await A.at(page.locator(".rows-box").last(), "the rows", "End");
  await page.waitForTimeout(300);
  seen.scrolled = await page.locator(".rows-box").last().evaluate((box) => box.scrollTop > 1000);
  seen.output = (await saved(page.locator(".tool-part").last().getByRole("button", { name: "download", exact: true }), "download the output")).length;
  await A.say("table");
  await said("it is a table");
  await A.at(page.locator(".tool-head").last(), "open the table");
  await page.locator(".rows-box [role=columnheader]").first().waitFor({ timeout: 20_000 });
  await page.locator(".rows-box").last().scrollIntoViewIfNeeded();
  await A.look("a table");
  await A.at(page.getByRole("button", { name: "table", exact: true }).last(), "the table as lines");
  await page.locator(".rows-box .row").nth(5).waitFor({ timeout: 20_000 });
  await A.at(page.getByRole("button", { name: "view raw", exact: true }).last(), "the record");
  await A.look("a record");

  // Export.
  await A.at(page.locator(".conversation-head summary", { hasText: "export" }), "export");
  await A.look("the export menu");
  // Where the page was narrow in between, the menu was gone, and is closed.
  if (!(await page.getByRole("link", { name: "markdown", exact: true }).isVisible())) await A.at(page.locator(".conversation-head summary", { hasText: "export" }), "export once more");
  seen.markdown = (await saved(page.getByRole("link", { name: "markdown", exact: true }), "export as Markdown")).includes("Sunny.");
  await A.press("Escape", "close the menu");
  await A.at(page.locator(".conversation-head summary", { hasText: "export" }), "export again");
  seen.json = JSON.parse(await saved(page.getByRole("link", { name: "json", exact: true }), "export as JSON")).format;
  await A.press("Escape", "close the menu again");
  seen.backAtExport = await A.place();

  // On a telephone: the drawer and the menu.
  await page.setViewportSize({ width: 390, height: 800 });
  await A.at(page.locator(".conversation-head summary", { hasText: "more" }), "more");
  await A.look("the menu of a narrow page");
  await A.press("Escape", "close the narrow menu");
  await A.activate("menu");
  await A.look("the drawer");
  await A.press("Escape", "close the drawer");
  await page.waitForTimeout(150);
  seen.backAtMenu = await A.place();
  await A.at(page.locator("#message"), "the message again", null);
  await page.setViewportSize({ width: 1280, height: 800 });

  // Settings: a credential, a system prompt and what was used.
  await A.activate("settings", "link");
  await shown(page, "Model Providers");
  await A.at(page.locator("#credential-name"), "a credential's name", null);
  await page.keyboard.type("GITHUB_TOKEN");
  await A.at(page.locator("#credential-value"), "a credential's value", null);
  await page.keyboard.type("ghp_0000000000000000000000000000000000");
  await A.press("Enter", "save a credential");
  await page.getByRole("button", { name: "delete GITHUB_TOKEN of all tools", exact: true }).waitFor({ timeout: 20_000 });
  await A.activate("delete GITHUB_TOKEN of all tools");
  await A.look("asked whether to delete");
  await A.activate("delete now: GITHUB_TOKEN of all tools");
  await page.getByRole("button", { name: "delete GITHUB_TOKEN of all tools", exact: true }).waitFor({ state: "detached", timeout: 20_000 });
  await A.hasKeyboard("a credential is deleted");
  seen.hidden = !(await page.content()).includes("ghp_0000");
  await A.at(page.getByLabel("of the last"), "the period", "m");
  await page.locator('[aria-label="tools that were called most"] tbody tr', { hasText: "acme-tools::acmeWeather" }).waitFor({ timeout: 20_000 });
  seen.period = await page.getByLabel("of the last").evaluate((select) => select.selectedOptions[0].label);
  seen.figures = await page.locator(".figures dt").allTextContents();
  await page.locator(".figures").scrollIntoViewIfNeeded();
  await A.look("statistics");

  // Back, and the guest is blocked.
  await page.goBack();
  await shown(page, "hello to you");
  await A.hasKeyboard("back");
  await A.activate("share");
  await A.at(page.getByRole("dialog").getByRole("button", { name: /^block Grace$/ }), "block");
  await A.at(page.getByRole("dialog").getByRole("button", { name: /^block now: Grace$/ }), "block now");
  await page.getByRole("dialog").getByRole("button", { name: "unblock Grace" }).waitFor({ timeout: 20_000 });
  await A.hasKeyboard("the guest is blocked");
  await guest.reload();
  await shown(guest, "This Conversation Can't Be Opened");
  await G.look("a conversation that can't be opened");

  // Elsewhere: the API's page, and signing out.
  await guest.goto(`${url}/api/omega/docs`);
  await guest.waitForTimeout(300);
  await G.look("the API's page");
  seen.problems = [...ada.problems, ...grace.problems];
} catch (error) {
  seen.error = `${error.message}\nafter ${seen.steps.slice(-6).join(", ")}\n${(await page.evaluate(() => document.body.innerText)).slice(-1500)}`;
}
await done(seen);
