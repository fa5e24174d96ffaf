// What stands for a client, or for the settings of a program, while a package is looked into: whatever is asked of it is there, does
// nothing and gives the same. Only what describes tools ever gets one; no call does.
const MOST = 20_000;
const known = new WeakSet();

/** Whether a value is such a one, or part of it. */
export const isLiving = (value) => typeof value === "function" && known.has(value);

/** One whose texts are all `text`; `used` hears of each look at it and may throw. */
export function living(text, used = () => {}) {
  let looked = 0;
  const count = () => {
    used();
    // Whoever goes through something that has no end would never come to one.
    if (++looked > MOST) throw new Error("it looks without end at what it was given");
  };
  const make = () => {
    const parts = new Map();
    const special = new Map([
      [Symbol.toPrimitive, () => text],
      [Symbol.iterator, function* () {}],
      [Symbol.asyncIterator, async function* () {}],
      ["toString", () => text],
      ["length", 0],
      ["name", text],
    ]);
    const value = new Proxy(function () {}, {
      get(_, key) {
        count();
        if (special.has(key)) return special.get(key);
        // A promise it is not, and nothing that has a form of its own in JSON.
        if (typeof key === "symbol" || key === "then" || key === "toJSON" || key.startsWith("~") || key.startsWith("_")) return undefined;
        if (!parts.has(key)) parts.set(key, make());
        return parts.get(key);
      },
      has: (_, key) => typeof key === "string",
      set: (_, key, part) => (parts.set(key, part), true),
      apply: () => (count(), value),
      construct: () => (count(), value),
    });
    known.add(value);
    return value;
  };
  return make();
}

/** Whether a tool that came of one is a tool all the same, and not what was lent. */
export function isOwn(tool, text) {
  const { description } = tool;
  const schema = tool.inputSchema ?? tool.parameters;
  return !isLiving(tool) && !isLiving(schema) && !isLiving(tool.execute) && typeof description === "string" && description !== "" && !description.includes(text);
}
