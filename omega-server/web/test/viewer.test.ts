import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf } from "../src/viewer/json-layout";
import { MOST, find } from "../src/viewer/find";
import { Held } from "../src/viewer/held";
import { COLUMNS, Entries, Lines, type Splitter } from "../src/viewer/lines";
import { Scale } from "../src/viewer/scale";
import { gridOf, rowsOf } from "../src/viewer/value-table";

function laidOut(document: string, cut: (at: number) => number): string {
  const layout = layoutOf(document);
  let out = "";
  for (let at = 0; at < document.length; ) {
    const to = at + cut(at);
    out += layout.push(document.slice(at, to));
    at = to;
  }
  return out + layout.end();
}

const values: unknown[] = [
  "", "plain", 'two\nlines\tand \\ "quotes"', "\b\f\u2028\u0001 \ud83d\ude00 é", "ends with \\", "\\\\", 'a"', 0, -1.5e-7, true, null, [], {}, [[]], [{}], [1, "a,b", [2, { c: "}" }]],
  { a: { b: ["x", { 'c"d': null }], e: {} }, "": "[{" },
];

test("a text is laid out as itself and a value with a line for each part, however it is cut", () => {
  for (const value of values) {
    const document = JSON.stringify(value);
    const right = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    for (const size of [1, 2, 3, 5, 7, 1000]) assert.equal(laidOut(document, () => size), right, `${document} by ${size}`);
    for (let at = 1; at < document.length; at += 1) assert.equal(laidOut(document, (now) => (now === 0 ? at : document.length)), right, `${document} at ${at}`);
  }
});

test("a document that is broken is laid out as far as it goes", () => {
  for (const document of ['"abc', '{"a": [1, 2', "]]]}", '"a\\', '"\\uZZZZ"', '{"a"', "nonsense"]) {
    assert.ok(laidOut(document, () => 2).length >= document.length - 4, document);
  }
});

test("a text within a value goes on below behind each of its line breaks, and is the same text", () => {
  const value = { log: "one\ntwo\n\nlast\n", "a\nb": ["\n", "x\\n", "\r\n\\"], plain: "no break" };
  const document = JSON.stringify(value);
  const right = laidOut(document, () => document.length);
  assert.match(right, /"log": "one\\n\n {4}two\\n\n {4}\\n\n {4}last\\n",\n/);
  for (const size of [1, 2, 3, 5]) assert.equal(laidOut(document, () => size), right, String(size));
  assert.deepEqual(JSON.parse(right.replaceAll(/\\n\n */g, "\\n")), value);
});

const mixed = ["short", "", "x".repeat(COLUMNS * 2 + 5), "😀".repeat(COLUMNS), "end without a break"].join("\n");

test("rows are the lines, cut where they are long, however the text comes", () => {
  const document = JSON.stringify(mixed);
  for (const size of [1, 7, 100, 10_000]) {
    const lines = new Lines(layoutOf('"'));
    const rows: string[] = [];
    for (let at = 0; at < document.length; at += size) rows.push(...lines.push(document.slice(at, at + size)));
    rows.push(...lines.end());
    assert.equal(rows.join(""), mixed.replaceAll("\n", ""), String(size));
    assert.ok(rows.every((row) => row.length <= COLUMNS + 1), String(size));
    assert.deepEqual(rows.slice(0, 2), ["short", ""]);
  }
});

async function heldOf(document: string, splitter: Splitter): Promise<Held> {
  const held = new Held(splitter);
  await held.take(document, () => undefined, new AbortController().signal);
  return held;
}

/** The rows that a document has when it is taken in at once. */
function rowsAtOnce(document: string, splitter: Splitter): string[] {
  return [...splitter.push(document), ...splitter.end()];
}

test("rows of what is held are the same wherever one looks, and words are found in all of them", async () => {
  const texts: unknown[] = [
    (mixed + "\n").repeat(900), "é".repeat(300_000), "\n".repeat(200_000), "word \u202e".repeat(40_000),
    Array.from({ length: 30_000 }, (_, n) => ({ id: n, name: `name ${n}`, log: "a\nb" })), { deep: [[[["x".repeat(400_000)]]]], after: null },
  ];
  for (const value of texts) {
    const document = JSON.stringify(value);
    for (const make of [() => new Lines(layoutOf(document)), () => new Entries()]) {
      const right = rowsAtOnce(document, make());
      const held = await heldOf(document, make());
      assert.equal(held.count, right.length);
      assert.deepEqual(held.slice(0, held.count), right);
      for (let at = 0; at < right.length; at += Math.ceil(right.length / 17)) assert.deepEqual(held.slice(at, at + 50), right.slice(at, at + 50));
      assert.deepEqual(held.slice(held.count - 3, held.count + 50), right.slice(-3));
      const word = (right.at(-1) ?? "").slice(-8).toLowerCase();
      if (!word) continue;
      let hits: number[] = [];
      await find(held, word, (found) => { hits = found; }, new AbortController().signal);
      const found = new Set(hits);
      const some = right.flatMap((row, n) => (row.toLowerCase().includes(word) ? [n] : [])).slice(0, MOST);
      assert.ok(hits.length === MOST || some.every((n) => found.has(n)), `${word}: ${hits.length} of ${some.length}`);
    }
  }
});

test("no piece of a document is long to make, however deep or broken it is", async () => {
  const deep = (leaf: unknown) => Array.from({ length: 60 }).reduce<unknown>((inner) => [inner], leaf);
  for (const value of [Array.from({ length: 20_000 }, () => deep(1)), "\n".repeat(1_000_000), Array.from({ length: 500_000 }, () => 1), "x".repeat(2_000_000)]) {
    const document = JSON.stringify(value);
    const held = await heldOf(document, new Lines(layoutOf(document)));
    for (let at = 0; at < held.pieces; at += 1) {
      const { rows } = held.piece(at);
      const length = rows.reduce((sum, row) => sum + row.length, 0);
      assert.ok(length < 3_000_000 && rows.length < 100_000, `${document.slice(0, 20)}: ${rows.length} rows, ${length} characters`);
    }
    assert.ok(held.pieces < document.length / 4_000 + 10, `${held.pieces} pieces`);
  }
});

test("words are found where a long line is cut", async () => {
  const held = await heldOf(JSON.stringify(`${"-".repeat(COLUMNS - 3)}needle${"-".repeat(COLUMNS)}`), new Lines(layoutOf('"')));
  let hits: number[] = [];
  await find(held, "NEEDLE", (found) => { hits = [...found]; }, new AbortController().signal);
  assert.deepEqual(hits, [0]);
});

test("any row is reached by small steps and by long ones, and a small step moves as far as it says", () => {
  for (const total of [100, 400, 5_000, 8_000_000, 8_000_100, 90_000_000, 1_800_000_000]) {
    const scale = new Scale(total, 360);
    const ends = Math.max(0, total - 360);
    const end = Math.max(0, Math.floor(scale.height - 360));
    const to = (place: number) => scale.scrolled(Math.min(end, Math.max(0, place)));
    assert.ok(scale.height <= 8_000_000);
    let at = to(end);
    assert.equal(scale.position, ends, String(total));
    at = to(0);
    assert.equal(scale.position, 0, String(total));
    for (const start of [0, 0.0001, 0.3, 0.999, 1]) {
      at = scale.go(ends * start);
      assert.ok(at >= 0 && at <= end && scale.position >= 0 && scale.position <= ends);
      for (const step of [100, -100, 37.5, -37.5]) {
        for (let n = 0; n < 300; n += 1) {
          const before = scale.position;
          at = to(at + step);
          const moved = scale.position - before;
          // At an end it moves as far as there is.
          const wanted = Math.min(ends, Math.max(0, before + step)) - before;
          assert.ok(Math.abs(moved - wanted) < 0.01, `${total} ${start} ${step}: ${moved} of ${wanted} at ${before}`);
        }
      }
    }
    // By small steps to both ends.
    at = scale.go(3_000);
    for (let n = 0; n < 40; n += 1) at = to(at - 100);
    assert.equal(scale.position, 0, `${total}: the beginning`);
    at = scale.go(ends - 3_000);
    for (let n = 0; n < 40; n += 1) at = to(at + 100);
    assert.equal(scale.position, ends, `${total}: the end`);
  }
});

test("10 MB of lines are taken in within a second of work", async () => {
  const line = `${"a line of a log with some words in it ".repeat(2)}\n`;
  const piece = JSON.stringify(line.repeat(Math.ceil(1_000_000 / line.length))).slice(1, -1);
  const before = process.cpuUsage();
  const held = await heldOf(`"${piece.repeat(10)}"`, new Lines(layoutOf('"')));
  const used = process.cpuUsage(before);
  assert.ok(held.count > 100_000);
  assert.ok((used.user + used.system) / 1000 < 1000, `${(used.user + used.system) / 1000} ms`);
});

test("entries of a list stand as a table when the first of them do", () => {
  const rows = Array.from({ length: 50 }, (_, n) => ({ id: n, "na\u202eme": `na,[{"me ${n}` }));
  for (const value of [rows, { total: 50, rows, more: [1] }]) {
    const entries = rowsAtOnce(JSON.stringify(value), new Entries());
    assert.equal(entries.length, 50);
    const grid = gridOf(entries.slice(0, 10));
    assert.deepEqual(grid?.cells(entries[49] as string), ["49", 'na,[{"me 49']);
    assert.deepEqual(grid?.cells('{"id":1,"new":[2]}'), ["1", " new: [2]"]);
    assert.deepEqual(grid?.cells("null"), ["null"]);
  }
  for (const value of ["a text", [], [1, 2], { a: { b: 1 } }, [[1]], [{ a: [1] }]]) assert.equal(gridOf(rowsAtOnce(JSON.stringify(value), new Entries())), null);
});

test("a list of flat objects is a table, and nothing else is", () => {
  assert.equal(rowsOf([{ a: 1, b: "x" }, { a: 2 }])?.length, 2);
  assert.equal(rowsOf({ total: 2, rows: [{ a: 1 }, { a: null }] })?.length, 2);
  for (const value of [[], {}, null, 1, "a", [1], [{}], [{ a: [1] }], [{ a: 1 }, 2], { a: [{ b: 1 }], c: [{ d: 1 }] }]) assert.equal(rowsOf(value), null, JSON.stringify(value));
});
