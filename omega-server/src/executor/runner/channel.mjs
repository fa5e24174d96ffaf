// The way to the host: lines in, frames out. A frame is a line that begins with this call's secret token, so that nothing
// a tool writes to stdout can pass for one. What is used here is taken hold of before any tool could replace it.
const { stringify } = JSON;
export const parse = JSON.parse;
export const exit = Deno.exit.bind(Deno);
const encoder = new TextEncoder();
const encode = encoder.encode.bind(encoder);
const decoder = new TextDecoder();
const decode = decoder.decode.bind(decoder);
const writeSync = Deno.stdout.writeSync.bind(Deno.stdout);
const core = Deno[Deno.internal]?.core;

let token = "";
let maxOutput = 32 << 20;
let pending = "";

export function start(job) {
  token = job.token;
  maxOutput = job.maxOutput ?? maxOutput;
}

export function emit(frame) {
  const bytes = encode(token + stringify(frame) + "\n");
  for (let written = 0; written < bytes.length;) written += writeSync(bytes.subarray(written));
}

/** Cuts an output at the host's limit: what is left of its JSON, as a string. */
export function bounded(output) {
  const text = stringify(output ?? null) ?? "null";
  if (text.length <= maxOutput) return { output };
  return { output: text.slice(0, maxOutput), truncated: true };
}

/** The next line from the host; undefined when it closed its end. `idle` reads do not keep the process alive. */
export async function nextLine({ idle = false } = {}) {
  const buffer = new Uint8Array(65536);
  for (;;) {
    const end = pending.indexOf("\n");
    if (end >= 0) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      return line;
    }
    const count = await read(buffer, idle);
    if (count === null) return undefined;
    pending += decode(buffer.subarray(0, count), { stream: true });
  }
}

/** Calls back for every later message of the host, with undefined at its end. */
export async function onHostMessage(handle) {
  for (;;) {
    const line = await nextLine({ idle: true });
    if (line === undefined) return handle(undefined);
    handle(parse(line));
  }
}

// A tool whose promise can never settle should end at once ("never resolved"), not at its deadline: so the wait for a
// cancellation must not hold the event loop. Deno has no public way to say this of stdin.
function read(buffer, idle) {
  if (!idle || !core?.unrefOpPromise) return Deno.stdin.read(buffer);
  const reading = core.read(0, buffer);
  core.unrefOpPromise(reading);
  return reading.then((count) => (count === 0 ? null : count));
}
