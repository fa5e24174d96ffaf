import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf } from "../src/viewer/json-layout";
import { COLUMNS, Lines } from "../src/viewer/lines";
import { rowsOf } from "../src/viewer/value-table";

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

test("rows are the lines, cut where they are long, however the text comes", () => {
  const text = ["short", "", "x".repeat(COLUMNS * 2 + 5), "😀".repeat(COLUMNS), "end without a break"].join("\n");
  for (const size of [1, 7, 100, 10_000]) {
    const lines = new Lines();
    for (let at = 0; at < text.length; at += size) lines.push(text.slice(at, at + size));
    lines.end();
    assert.equal(lines.rows.join(""), text.replaceAll("\n", ""), String(size));
    assert.ok(lines.rows.every((row) => row.length <= COLUMNS + 1), String(size));
    assert.deepEqual(lines.rows.slice(0, 2), ["short", ""]);
  }
});

test("10 MB of lines are taken in within a second of work", () => {
  const line = `${"a line of a log with some words in it ".repeat(2)}\n`;
  const piece = JSON.stringify(line.repeat(Math.ceil(1_000_000 / line.length))).slice(1, -1);
  const before = process.cpuUsage();
  const layout = layoutOf('"');
  const lines = new Lines();
  lines.push(layout.push('"'));
  for (let n = 0; n < 10; n += 1) lines.push(layout.push(piece));
  const used = process.cpuUsage(before);
  assert.ok(lines.rows.length > 100_000);
  assert.ok((used.user + used.system) / 1000 < 1000, `${(used.user + used.system) / 1000} ms`);
});

test("a list of flat objects is a table, and nothing else is", () => {
  assert.equal(rowsOf([{ a: 1, b: "x" }, { a: 2 }])?.length, 2);
  assert.equal(rowsOf({ total: 2, rows: [{ a: 1 }, { a: null }] })?.length, 2);
  for (const value of [[], {}, null, 1, "a", [1], [{}], [{ a: [1] }], [{ a: 1 }, 2], { a: [{ b: 1 }], c: [{ d: 1 }] }]) assert.equal(rowsOf(value), null, JSON.stringify(value));
});
