// Runs one job and ends: a job comes as one line on stdin, the result leaves as one frame on stdout.
// Nothing of the tool's package is loaded before the environment stands.
//
// A process may be started before its job is known, and wait; it may also be told to load a package meanwhile ("preload").
// Then it says which variables were asked for on the way, so that no job that grants one of those is given to it.
//
// Nothing here is exported, and what is imported holds no state that speaks to the host: the tool may import it too.
import { connect } from "./channel.mjs";
import { captureConsole } from "./console.mjs";
import { everythingAskedFor, grant, traceEnvironment } from "./env.mjs";
import { explain, messageOf } from "./failure.mjs";
import { shut } from "./shut.mjs";
import { closeStdin } from "./stdin.mjs";

const chdir = Deno.chdir.bind(Deno);
const after = globalThis.setTimeout;

// Loaded while the job is on its way.
const executing = import("./execute.mjs");
shut();
closeStdin();

globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error("unhandled rejection:", messageOf(event.reason));
});

// What nobody catches ends a program; what a package has begun when it is looked into does not matter to what it holds.
globalThis.addEventListener("error", (event) => {
  if (job?.op !== "describe") return;
  event.preventDefault();
  console.error("uncaught:", messageOf(event.error ?? event.message));
});

const host = await connect();
let job = await host.nextMessage();
traceEnvironment(job.env ?? {});
captureConsole(host.log);

if (job.op === "preload") {
  const { importPackage } = await import("./package.mjs");
  let ok = true;
  await Promise.all([host.loadSockets(), executing, importPackage(job.entry).catch(() => (ok = false))]);
  host.preloaded(ok, everythingAskedFor());
  job = await host.nextMessage();
  grant(job.env ?? {});
}

host.started();
// A process that was started for any package is elsewhere.
chdir(new URL(".", job.entry));

let abort = new AbortController();
let watched = false;
const more = [];
let come = () => {};
const signal = () => ((watched = true), abort.signal);
host.onHostMessage((message) => {
  if (message === undefined) host.end(); // the host is gone
  if (message.op !== "cancel") {
    more.push({ __proto__: null, ...message });
    return come();
  }
  abort.abort(new DOMException("the call was cancelled", "AbortError"));
  // Who never looked at the signal has nothing to clean up by.
  if (!watched) host.end();
});

async function perform(job) {
  try {
    if (job.op === "describe") {
      const { describe } = await import("./describe.mjs");
      return host.succeeded((await describe(job)).found, job.maxOutput);
    }
    const { execute } = await executing;
    const { output, failure } = await execute(job, signal, host.partial);
    if (failure) host.failed(failure);
    else host.succeeded(output, job.maxOutput);
  } catch (error) {
    host.failed(explain(error));
  }
}

await perform(job);
if (job.session === true) {
  const { goesOn } = await import("./mcp.mjs");
  // Something has to hold the event loop while nobody calls.
  after(() => {}, 1 << 30);
  // One that has ended takes no job up: the host gives it to another process.
  while (goesOn()) {
    if (!more.length) await new Promise((resolve) => (come = resolve));
    if (!goesOn()) break;
    [abort, watched] = [new AbortController(), false];
    host.started();
    await perform(more.shift());
  }
}
host.end();
