// Builds the page into dist/, or (with --test) the tests into .test/. The name of every asset holds the hash of its
// content, so the server may let browsers keep it for ever; index.html names the assets and is asked for each time.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { build } from "esbuild";

const root = path.dirname(fileURLToPath(import.meta.url));
const inside = (...parts) => path.join(root, ...parts);

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
    jsx: "automatic",
    jsxImportSource: "preact",
    sourcemap: "inline",
  });
}

async function buildPage() {
  const out = inside("dist");
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const { metafile } = await build({
    entryPoints: { app: inside("src/main.tsx"), theme: inside("src/theme.ts"), style: inside("src/style/index.css") },
    outdir: out,
    entryNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    metafile: true,
    absWorkingDir: root,
  });
  const icon = await readFile(inside("src/icon.svg"));
  const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
  await writeFile(path.join(out, iconName), icon);
  const built = (start, end) => {
    const found = Object.keys(metafile.outputs).map((file) => path.basename(file));
    return found.find((name) => name.startsWith(start) && name.endsWith(end));
  };
  const shell = (await readFile(inside("src/index.html"), "utf8"))
    .replaceAll("{app}", built("app-", ".js"))
    .replaceAll("{theme}", built("theme-", ".js"))
    .replaceAll("{style}", built("style-", ".css"))
    .replaceAll("{icon}", iconName);
  await writeFile(path.join(out, "index.html"), shell);
}

await (process.argv.includes("--test") ? buildTests() : buildPage());
