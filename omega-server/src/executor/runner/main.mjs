// Runs one job and ends: a job comes as one line on stdin, the result leaves as one frame on stdout.
// Nothing of the tool's package is loaded before the environment stands.
//
// A process may be started before its job is known, and wait; it may also be told to load a package meanwhile ("preload").
// Then it says which variables were asked for on the way, so that no job that grants one of those is given to it.
import { emit, exit, loadSockets, nextLine, onHostMessage, parse, start } from "./channel.mjs";
import { captureConsole } from "./console.mjs";
import { everythingAskedFor, grant, traceEnvironment } from "./env.mjs";
import { explain } from "./failure.mjs";

// Loaded while the job is on its way.
const executing = import("./execute.mjs");

globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error("unhandled rejection:", event.reason?.message ?? event.reason);
});

let job = parse(await nextLine());
start(job);
traceEnvironment(job.env ?? {});
captureConsole();

if (job.op === "preload") {
  const { importPackage } = await import("./package.mjs");
  let ok = true;
  await Promise.all([loadSockets(), executing, importPackage(job.entry).catch(() => (ok = false))]);
  emit({ ev: "preloaded", ok, read: everythingAskedFor() });
  job = parse(await nextLine());
  start(job);
  grant(job.env ?? {});
}

emit({ ev: "started" });
// A process that was started for any package is elsewhere.
Deno.chdir(new URL(".", job.entry));

const abort = new AbortController();
let watched = false;
const signal = () => ((watched = true), abort.signal);
onHostMessage((message) => {
  if (message === undefined) exit(0); // the host is gone
  if (message.op !== "cancel") return;
  abort.abort(new DOMException("the call was cancelled", "AbortError"));
  // Who never looked at the signal has nothing to clean up by.
  if (!watched) exit(0);
});

let result;
try {
  if (job.op === "describe") {
    const { describe } = await import("./describe.mjs");
    result = { success: true, output: await describe(job) };
  } else {
    const { execute } = await executing;
    result = await execute(job, signal);
  }
} catch (error) {
  result = { success: false, error: explain(error) };
}
emit({ ev: "result", ...result });
exit(0);
