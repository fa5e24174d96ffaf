// The tool's stdin: it is at its end. The real one is the way to the host, and who would wait for a line there waited for ever.
import { createRequire, syncBuiltinESMExports } from "node:module";
import process from "node:process";

const PLACES = new Set([0, "/dev/stdin", "/proc/self/fd/0"]);

/** Afterwards whatever reads stdin sees its end at once. */
export function closeStdin() {
  const load = createRequire(import.meta.url);
  let empty;
  // Made when somebody looks: streams take a moment to load.
  const stdin = () => (empty ??= Object.assign(load("node:stream").Readable.from([]), { fd: 0, isTTY: false }));
  for (const owner of new Set([process, globalThis.process])) {
    Object.defineProperty(owner, "stdin", { get: stdin, configurable: true, enumerable: true });
  }
  const ended = {
    read: async () => null,
    readSync: () => null,
    get readable() { return new ReadableStream({ start: (stream) => stream.close() }); },
    isTerminal: () => false,
    setRaw() {},
    close() {},
  };
  Object.defineProperty(Deno, "stdin", { value: ended, configurable: true, enumerable: true });
  const fs = load("node:fs");
  const { readFileSync, readSync } = fs;
  fs.readFileSync = (place, options) => {
    if (!PLACES.has(place)) return readFileSync(place, options);
    return typeof (options?.encoding ?? options) === "string" ? "" : load("node:buffer").Buffer.alloc(0);
  };
  fs.readSync = (place, ...rest) => (place === 0 ? 0 : readSync(place, ...rest));
  syncBuiltinESMExports();
}
