// Builds the page into dist/, or (with --test) the tests into .test/. The name of every asset holds the hash of its
// content, so the server may let browsers keep it for ever; index.html names the assets and is asked for each time. Each
// asset that is smaller in brotli lies there in brotli, too.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { build } from "esbuild";

const root = path.dirname(fileURLToPath(import.meta.url));
const inside = (...parts) => path.join(root, ...parts);
/** What is in the page that is not ours. */
const LICENCES = [
  ["Geist, Geist Mono", "@fontsource-variable/geist/LICENSE"],
  ["Lucide", "lucide/LICENSE"],
  ["marked", "marked/LICENSE"],
  ["Noto Sans Math", "@fontsource/noto-sans-math/LICENSE"],
  ["preact", "preact/LICENSE"],
  ["Temml", "temml/LICENSE"],
];
const jsx = { jsx: "automatic", jsxImportSource: "preact" };

async function buildTests() {
  await rm(inside(".test"), { recursive: true, force: true });
  const names = (await readdir(inside("test"))).filter((name) => /\.test\.tsx?$/.test(name));
  await build({
    entryPoints: names.map((name) => inside("test", name)),
    outdir: inside(".test"),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    ...jsx,
    sourcemap: "inline",
  });
}

async function buildPage() {
  const out = inside("dist");
  const before = await packedBefore(out);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const options = {
    outdir: out,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    target: ["es2022"],
    loader: { ".woff2": "file" },
    legalComments: "none",
    metafile: true,
    absWorkingDir: root,
  };
  // What is not needed for the first look is loaded when it is: `import()` makes it a file of its own.
  const app = build({ ...options, ...jsx, entryPoints: { app: inside("src/main.tsx") }, format: "esm", splitting: true });
  // Before the first paint, so not a module: those wait for the document.
  const rest = build({ ...options, entryPoints: { theme: inside("src/theme.ts"), style: inside("src/style/index.css") }, format: "iife" });
  const found = (await Promise.all([app, rest])).flatMap(({ metafile }) => Object.keys(metafile.outputs).map((file) => path.basename(file)));
  const built = (start, end) => found.find((name) => name.startsWith(start) && name.endsWith(end));
  const names = {
    app: built("app-", ".js"),
    theme: built("theme-", ".js"),
    style: built("style-", ".css"),
    sans: built("geist-latin-wght-normal-", ".woff2"),
    mono: built("geist-mono-latin-wght-normal-", ".woff2"),
    icon: await copied("icon", ".svg", inside("src/icon.svg")),
    waiting: await copied("icon-waiting", ".svg", inside("src/icon-waiting.svg")),
  };
  // The licences of what is built in go along with it.
  const licences = await Promise.all(LICENCES.map(async ([name, file]) => `${name}\n\n${await readFile(inside("node_modules", file), "utf8")}`));
  await written("licences", ".txt", licences.join(`\n${"=".repeat(72)}\n\n`));
  let shell = await readFile(inside("src/index.html"), "utf8");
  for (const [name, file] of Object.entries(names)) shell = shell.replaceAll(`{${name}}`, file);
  for (const name of await readdir(out)) await pack(name);
  await writeFile(path.join(out, "index.html"), shell);

  async function copied(name, ending, from) {
    return written(name, ending, await readFile(from));
  }

  async function written(name, ending, content) {
    const file = `${name}-${createHash("sha256").update(content).digest("hex").slice(0, 8)}${ending}`;
    await writeFile(path.join(out, file), content);
    return file;
  }

  // Another version of the compressor packs the same content into other bytes: what is there and unpacks to it stays.
  async function pack(name) {
    const content = await readFile(path.join(out, name));
    const known = before.get(`${name}.br`);
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    const packed = known && brotliDecompressSync(known).equals(content) ? known : brotliCompressSync(content, { params });
    if (packed.length < content.length) await writeFile(path.join(out, `${name}.br`), packed);
  }
}

async function packedBefore(out) {
  const names = (await readdir(out).catch(() => [])).filter((name) => name.endsWith(".br"));
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(path.join(out, name))])));
}

await (process.argv.includes("--test") ? buildTests() : buildPage());
