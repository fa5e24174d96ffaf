// Settings of a program of which nobody knows the names, while a package is looked into: what is asked of them that opens something, or says
// which of several is meant, is there, and noted; everything else is not. Only what describes tools ever gets them; no call does.
const OPENS = /(?:key|token|secret|passw(?:or)?d|credential)$/i;
const SAYS_WHICH = /(?:Id|_id)$/;
const MOST = 1_000;

/** Some whose texts are `text`: `value`, and the `names` of what was asked for and is there, in that order. What `without` has is not. */
export function settings(text, without = []) {
  const names = new Set();
  let looked = 0;
  const value = new Proxy(Object.create(null), {
    get(_, key) {
      if (++looked > MOST) throw new Error("it looks without end at what it was given");
      if (key === "config") return value;
      if (key === "configuration") return {};
      if (typeof key !== "string" || without.includes(key) || !(OPENS.test(key) || SAYS_WHICH.test(key))) return undefined;
      names.add(key);
      return text;
    },
  });
  return { value, names: () => [...names] };
}

/** The variable that an option of a package's is given by: `clientSecret` of `@acme/kit` by `ACME_CLIENT_SECRET`. */
export function variableOf(option, name) {
  const own = name.replace(/^@/, "").split("/")[0];
  const words = (text) => text.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  const [vendor, wanted] = [words(own).split("_").filter((word) => !/^(?:AI|SDK|TOOLS?|TOOLKIT|AGENT|AGENTS|KIT|JS|NODE|MCP)$/.test(word))[0], words(option)];
  return vendor === undefined || wanted.startsWith(vendor) || wanted.replaceAll("_", "").startsWith(vendor) ? wanted : `${vendor}_${wanted}`;
}

// Such as "Expected sk_*", "must start with 'xoxb-'".
const FORM = /\b(?:start(?:s|ing)?|begin(?:s|ning)?|prefix(?:ed)?|expected|format|like)\b[^\w\n]{0,4}(?:with\b|is\b|be\b|the prefix\b)?[^\w\n]{0,4}([A-Za-z][A-Za-z0-9]{0,11}[-_](?:[A-Za-z0-9]{1,8}[-_])?)(?![A-Za-z0-9])/i;

/** What a text says that a key has to begin with. */
export const beginningIn = (text) => FORM.exec(text)?.[1];
