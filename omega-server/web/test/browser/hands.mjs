// Somebody at a keyboard who never touches the mouse: after each key there is something that has the keyboard, and there still is
// when the next one is pressed. And axe, which looks at what is there in both themes and four widths.
import { readFile } from "node:fs/promises";

/** To be looked at by a person: OMEGA_SHOTS names a folder for pictures of each state. */
const shots = process.env.OMEGA_SHOTS;
const WIDTHS = shots ? [1440, 1024, 768, 390] : [1280, 768, 390, 320];

const axe = await readFile(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/**
 * In the page: what axe finds. What a theme changes is colours, so in the dark those alone are looked at. A part of the page that was
 * in sight as it is now, at this width and in this theme, was looked at then, and of many of a kind
 * the first twenty; once for each state it is the whole page.
 */
async function faultsIn([at, isWhole]) {
  const looked = ((globalThis.looked ??= {})[at] ??= new Set());
  const parts = [...document.querySelectorAll(".turn, .sidebar, .conversation-head, .composer, .ask, .side, section, nav, header, figure, table")];
  const isInSight = (part) => {
    const { left, top, right, bottom } = part.getBoundingClientRect();
    return [[left + 2, top + 2], [right - 2, bottom - 2]].every(([x, y]) => part.contains(document.elementFromPoint(x, y)));
  };
  const many = [...document.querySelectorAll(":is(section, li, tr):nth-of-type(n+20)")];
  const exclude = isWhole ? [] : [...many, ...parts.filter((part) => looked.has(part.outerHTML))];
  const only = at.startsWith("dark") ? { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } } : {};
  const { violations } = await globalThis.axe.run({ include: [document], exclude }, { resultTypes: ["violations"], preload: false, ...only });
  for (const part of parts.filter(isInSight)) looked.add(part.outerHTML);
  return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) }));
}

/** Hands for a page; `seen` gets what was lost (`lost`), what axe finds (`faults`) and the way (`steps`). */
export async function hands(page, seen, who = "") {
  /** A page that was just opened has nothing yet. */
  let isNew = true;
  page.on("load", () => {
    isNew = true;
  });

  /** Where the keyboard is, by what a person would call it. */
  const place = () =>
    page.evaluate(() => {
      const { activeElement: at } = document;
      return !at || at === document.body ? null : at.getAttribute("aria-label") || at.id || at.textContent.trim().slice(0, 40);
    });

  async function hasKeyboard(what) {
    seen.steps.push(who + what);
    await page.waitForTimeout(50);
    if ((await place()) === null) seen.lost.push(who + what);
    isNew = false;
  }

  /** What came in since the last key has taken nothing away. */
  async function stillHasKeyboard(what) {
    if (!isNew && (await place()) === null) seen.lost.push(`${who}before ${what}`);
  }

  async function press(keys, what = keys) {
    await stillHasKeyboard(what);
    await page.keyboard.press(keys);
    await hasKeyboard(what);
  }

  /** Walks by Tab or Shift+Tab to a control, and presses a key there. */
  async function at(wanted, what, keys = "Enter") {
    await wanted.waitFor({ timeout: 20_000 });
    await stillHasKeyboard(what);
    for (let steps = 0; steps < 160; ) {
      // The shorter way: back where it stands before what has the keyboard. Most of it at once, and what is left of it one by one:
      // of radio buttons Tab reaches one, and a browser knows of places of its own.
      const [way, places] = await wanted.evaluate((element) => {
        const { activeElement: from } = document;
        if (element === from) return ["there", 0];
        const isBack = Boolean(from && from.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING);
        const all = [...document.querySelectorAll("a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex='0']")];
        const between = all.filter((one) => {
          if (one === from || !one.checkVisibility({ visibilityProperty: true }) || one.closest("[inert]") || one.type === "radio") return false;
          const [first, last] = isBack ? [element, from] : [from ?? document.body, element];
          return Boolean(first.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) && Boolean(last.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING);
        });
        return [isBack ? "Shift+Tab" : "Tab", between.length];
      });
      if (way === "there") {
        if (keys) await page.keyboard.press(keys);
        return hasKeyboard(what);
      }
      for (let at = 0; at < Math.max(1, places); at += 1, steps += 1) await page.keyboard.press(way);
    }
    throw new Error(`${what} is not reached by Tab; at ${await place()}`);
  }

  const activate = (name, role = "button") => at(page.getByRole(role, { name, exact: true }).last(), `${role} ${name}`);

  async function look(state) {
    const size = page.viewportSize();
    for (const colorScheme of ["light", "dark"]) {
      for (const width of WIDTHS) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 800 });
        if (shots) await page.screenshot({ path: `${shots}/${`${who}${state}`.replace(/\W+/g, "-")}-${width}-${colorScheme}.png` });
        if (await page.evaluate(() => !globalThis.axe)) await page.evaluate(axe);
        const violations = await page.evaluate(faultsIn, [`${colorScheme} ${width}`, colorScheme === "light" && width === WIDTHS[0]]);
        for (const { id, nodes } of violations) seen.faults.push(`${state} ${colorScheme} ${width}: ${id} ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) seen.faults.push(`${state} ${width}: ${wide} px too wide`);
        // The frame itself does not scroll, only what is in it; what is hidden from sight must not make it longer.
        const tall = await page.evaluate(() => (document.querySelector("#app") ? document.documentElement.scrollHeight - innerHeight : 0));
        if (tall > 0) seen.faults.push(`${state} ${width}: ${tall} px too tall`);
      }
    }
    seen.states = [...(seen.states ?? []), state];
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
    await page.setViewportSize(size);
  }

  /** Writes a message and sends it; the composer is reached by Tab like anything else. */
  async function say(text) {
    await at(page.locator("#message"), "the message", null);
    await page.keyboard.type(text);
    await press("Enter", `say ${text}`);
  }

  return { press, at, activate, look, say, hasKeyboard, place };
}
