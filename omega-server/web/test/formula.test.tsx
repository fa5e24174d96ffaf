import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { mathMl, texOf } from "../src/markdown/formula";
import { formula } from "../src/math/math";

const drawn = (tex: string, isBlock = false) => {
  const tree = formula(tex, isBlock);
  return tree && renderToString(<>{mathMl(tree)}</>);
};

test("what stands between the signs is the formula", () => {
  for (const text of ["$x^2$", "$$x^2$$", "$$\nx^2\n$$", "\\(x^2\\)", "\\[ x^2 \\]"]) assert.equal(texOf(text), "x^2", text);
});

test("formulas are MathML", () => {
  const parts: [string, string[]][] = [
    ["\\frac{a}{b}", ["<mfrac><mi>a</mi><mi>b</mi></mfrac>"]],
    ["\\int_0^1 x^2\\,dx", ["<msubsup>", "∫", "<msup>", "<mspace"]],
    ["\\sqrt[3]{x}", ["<mroot>"]],
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", ["<mtable>", "<mtd"]],
    ["\\sum_{i=1}^{n} x_i", ["∑", "<munderover>"]],
    ["\\mathbb{R} \\le \\alpha", ["ℝ", "≤", "α"]],
  ];
  for (const [tex, pieces] of parts) for (const piece of pieces) assert.ok(drawn(tex, true)?.includes(piece), `${tex}: ${drawn(tex, true)}`);
});

test("what is no formula stays as it was written", () => {
  for (const tex of ["x^{2", "\\href{javascript:alert(1)}{x}", "\\includegraphics{http://evil.test/x}", "\\def\\a{\\a\\a}\\a", "\\nosuch", "}"]) assert.equal(drawn(tex), null, tex);
});

test("a formula makes no element but of MathML, and nothing that runs, leads or loads", () => {
  const hostile = [
    "\\text{<img src=x onerror=alert(1)>}", "\\class{x}{y}", "\\style{position:fixed}{x}", "\\htmlData{a=b}{x}", "\\url{http://evil.test}",
    "\\color{red;background:url(//evil.test)}x", "\\text{\u202eabc}", "\\rule{999em}{999em}", "\\kern{9999em}", "\\id{app}{x}", "\\textcolor{red}{x}",
  ];
  for (const tex of hostile) {
    const html = drawn(tex) ?? "";
    for (const [, tag] of html.matchAll(/<\/?([a-z0-9]+)/gi)) assert.match(String(tag), /^m/, `${tex} -> ${html}`);
    const attributes = [...html.matchAll(/<[a-z]+([^>]*)/g)].map(([, inside]) => inside).join();
    assert.doesNotMatch(attributes, /\s(?:on[a-z]+|href|src|id|class|data-[a-z]+)=|url\(|position/i, `${tex} -> ${html}`);
    assert.ok(!html.includes("\u202e"), tex);
  }
});
