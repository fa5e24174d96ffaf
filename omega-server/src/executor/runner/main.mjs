// Runs one job and ends: a job comes as one line on stdin, the result leaves as one frame on stdout.
// Nothing of the tool's package is loaded before the environment stands.
import { emit, firstLine, onHostMessage, parse, start, exit } from "./channel.mjs";
import { captureConsole } from "./console.mjs";
import { traceEnvironment } from "./env.mjs";
import { explain } from "./failure.mjs";

const job = parse(await firstLine());
start(job);
traceEnvironment(job.env ?? {});
captureConsole();

const abort = new AbortController();
onHostMessage((message) => {
  if (message === undefined) exit(0); // the host is gone
  if (message.op === "cancel") abort.abort(new DOMException("the call was cancelled", "AbortError"));
});

globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error("unhandled rejection:", event.reason?.message ?? event.reason);
});

let result;
try {
  if (job.op === "describe") {
    const { describe } = await import("./describe.mjs");
    result = { success: true, output: await describe(job) };
  } else {
    const { execute } = await import("./execute.mjs");
    result = await execute(job, abort.signal);
  }
} catch (error) {
  result = { success: false, error: explain(error) };
}
emit({ ev: "result", ...result });
exit(0);
