import assert from "node:assert/strict";
import { test } from "node:test";
import { highlight } from "../src/highlight/highlight";
import { LANGUAGES } from "../src/highlight/languages";

const kinds = (code: string, language: string) => Object.fromEntries((highlight(code, language) ?? []).filter(([kind]) => kind).map(([kind, text]) => [text, kind]));

test("what looks like a comment, a string, a number or a word of the language is one", () => {
  assert.deepEqual(kinds('fn a() -> u8 { "x" } // c', "rust"), { fn: "word", a: "name", u8: "word", '"x"': "string", "// c": "comment" });
  assert.deepEqual(kinds("# c\ndef f(): return 'a' + 1", "python"), { "# c": "comment", def: "word", f: "name", return: "word", "'a'": "string", 1: "number" });
  assert.deepEqual(kinds('{"a": [1, true, "b"]}', "json"), { '"a"': "type", 1: "number", true: "word", '"b"': "string" });
  assert.deepEqual(kinds("-old\n+new\n same", "diff"), { "-old": "removed", "+new": "added" });
  assert.deepEqual(kinds("SELECT a FROM b -- c", "sql"), { SELECT: "word", FROM: "word", "-- c": "comment" });
  assert.equal(kinds("let s = `a ${b}`;", "ts")["let"], "word");
  assert.equal(kinds("&'a str", "rs")["'a"], "type");
});

test("a language that nobody knows has no colours", () => {
  for (const name of ["", "text", "constructor", "__proto__", "toString", "brainfuck"]) assert.equal(highlight("a", name), null, name);
});

test("the pieces are the text, whatever it holds", () => {
  let state = 7;
  const next = (most: number) => (state = (state * 48_271) % 2_147_483_647) % most;
  const units = ['"', "'", "`", "\\", "/*", "*/", "//", "#", "<!--", "-->", "\n", " ", "a", "fn", "1e5", "{", "}", "(", ":", "$", "@", "-", "+", "😀", "\u0000", '"""', "[[", "]]", ";", "é"];
  for (const language of Object.keys(LANGUAGES)) {
    for (let round = 0; round < 40; round += 1) {
      const code = Array.from({ length: next(60) }, () => units[next(units.length)]).join("");
      assert.equal((highlight(code, language) ?? []).map(([, text]) => text).join(""), code, language);
    }
  }
});

test("colours take time that grows with the length of the code", () => {
  const units = ['"', "'a", "`", "\\", "/*", "/* a ", "//", "a:", "a ", "a(", "a.", "<a ", "<!--", "{", "[[", '"""', "#[", "$(", "${", "\n ", "\n- ", "1.", "@a", "r#", "'''", "- ", "a-", "&", "a b c {", "a: b", " "];
  const spent = (code: string, language: string) => {
    let least = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 2; tries += 1) {
      const before = process.cpuUsage();
      highlight(code, language);
      const used = process.cpuUsage(before);
      least = Math.min(least, (used.user + used.system) / 1000);
    }
    return least;
  };
  const rules = new Map(Object.entries(LANGUAGES).map(([name, rule]) => [rule, name]));
  for (const language of rules.values()) {
    for (const unit of units) {
      const tries: (readonly [number, number])[] = [];
      const isLinear = () => tries.some(([once, twice]) => twice < 30 || twice < 3 * once);
      const code = (length: number) => unit.repeat(Math.ceil(length / unit.length));
      while (tries.length < 3 && !isLinear()) tries.push([spent(code(20_000), language), spent(code(40_000), language)]);
      assert.ok(isLinear(), `${language} ${JSON.stringify(unit)}: ${tries.join("; ")} ms`);
    }
  }
});
