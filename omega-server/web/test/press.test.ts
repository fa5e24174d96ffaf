import assert from "node:assert/strict";
import { test } from "node:test";
import { options } from "preact";
import { holdStill } from "../src/press";

/** A window in which what is pressed is a control or is none. */
class Root extends EventTarget {
  constructor(readonly isControl = true) {
    super();
  }

  closest() {
    return this.isControl ? this : null;
  }

  happens(kind: string, more: object = {}) {
    this.dispatchEvent(Object.assign(new Event(kind), more));
  }
}

const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));

/** What was drawn after each of some events, and at last. */
async function drawn(root: Root, events: readonly (readonly [kind: string, more?: object])[]): Promise<boolean[]> {
  holdStill(root);
  const said: boolean[] = [];
  let isDrawn = false;
  for (const [kind, more] of events) {
    root.happens(kind, more);
    if (said.length === 0) options.debounceRendering?.(() => { isDrawn = true; });
    await wait(0);
    said.push(isDrawn);
  }
  await wait(150);
  return [...said, isDrawn];
}

const mouse = { button: 0 };

test("nothing is drawn between the beginning of a press and its click", async () => {
  for (const [events, said] of [
    [[["pointerdown", mouse], ["pointermove"], ["pointerup"], ["click"]], [false, false, false, true, true]],
    [[["keydown", { key: " " }], ["keydown", { key: " " }], ["keyup", { key: " " }], ["click"]], [false, false, false, true, true]],
    // Let go elsewhere there is no click, and a finger that scrolls presses nothing.
    [[["pointerdown", mouse], ["pointerup"]], [false, false, true]],
    [[["pointerdown", mouse], ["pointercancel"]], [false, true, true]],
    // Keys that press at once, and other buttons of a mouse.
    [[["keydown", { key: "Enter" }]], [true, true]],
    [[["pointerdown", { button: 2 }]], [true, true]],
  ] as const) {
    assert.deepEqual(await drawn(new Root(), events), said, JSON.stringify(events));
  }
  assert.deepEqual(await drawn(new Root(false), [["pointerdown", mouse]]), [true, true], "a text is selected, and nothing is pressed");
});

test("what is pressed for longer than anybody presses holds nothing up", async () => {
  const root = new Root();
  assert.deepEqual(await drawn(root, [["pointerdown", mouse]]), [false, false]);
  let isDrawn = false;
  options.debounceRendering?.(() => { isDrawn = true; });
  await wait(1100);
  assert.equal(isDrawn, true);
});
