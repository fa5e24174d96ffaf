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
const after = globalThis.setTimeout;
const forget = globalThis.clearTimeout;
const LISTEN_AFTER_MS = 50;

let token = "";
let maxOutput = 32 << 20;
let pending = "";
let sockets;

export function start(job) {
  token = job.token;
  maxOutput = job.maxOutput ?? maxOutput;
}

/** On a line of its own, also after a tool that wrote half a line. */
export function emit(frame) {
  const bytes = encode("\n" + token + stringify(frame) + "\n");
  for (let written = 0; written < bytes.length;) written += writeSync(bytes.subarray(written));
}

/** Cuts an output at the host's limit: what is left of its JSON, as a string. */
export function bounded(output) {
  const text = stringify(output ?? null) ?? "null";
  if (text.length <= maxOutput) return { output };
  return { output: text.slice(0, maxOutput).toWellFormed(), truncated: true };
}

/** The next line from the host, before `onHostMessage`. Who waits for long has time to load what listening needs. */
export async function nextLine() {
  const buffer = new Uint8Array(65536);
  const idle = after(loadSockets, LISTEN_AFTER_MS);
  for (;;) {
    const line = takeLine();
    if (line !== undefined) {
      forget(idle);
      return line;
    }
    const count = await Deno.stdin.read(buffer);
    if (count === null) exit(0); // the host is gone
    pending += decode(buffer.subarray(0, count), { stream: true });
  }
}

export const loadSockets = () => (sockets ??= import("node:net"));

/**
 * Calls back for every later message of the host, with undefined at its end.
 *
 * A tool whose promise can never settle should end at once ("never resolved") and not at its deadline, so this wait must not hold
 * the event loop. Only a socket can be told so, and loading sockets takes longer than most tools: hence the delay, unless
 * they are loaded.
 */
export function onHostMessage(handle) {
  const listen = async () => {
    const { Socket } = await loadSockets();
    const host = new Socket({ fd: 0, readable: true, writable: false });
    const take = (bytes) => {
      pending += decode(bytes, { stream: true });
      for (let line = takeLine(); line !== undefined; line = takeLine()) handle(parse(line));
    };
    host.on("data", take).on("end", () => handle(undefined)).on("error", () => handle(undefined));
    host.unref();
    take(new Uint8Array());
  };
  if (sockets) listen();
  else after(listen, LISTEN_AFTER_MS);
}

function takeLine() {
  const end = pending.indexOf("\n");
  if (end < 0) return undefined;
  const line = pending.slice(0, end);
  pending = pending.slice(end + 1);
  return line;
}
