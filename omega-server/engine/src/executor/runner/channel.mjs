// The way to the host: lines in, frames out. A frame is a line that begins with this process's secret token, so that nothing
// a tool writes to stdout can pass for one.
//
// A tool's code runs in the same realm and may replace whatever it can reach. So the token lives in the closure of `connect`
// alone, which no module gives out; what a frame is made with was taken hold of before; and no step hands the token to
// anything that can be replaced, nor to the heap, which a tool can have written to a file: it is bytes, never text, and of typed
// arrays only elements are used. Whoever imports this module again has the functions but no token: the host says it once.
const { parse, stringify } = JSON;
const encoder = new TextEncoder();
const encodeInto = encoder.encodeInto.bind(encoder);
const decoder = new TextDecoder();
const decode = decoder.decode.bind(decoder);
const writeSync = Deno.stdout.writeSync.bind(Deno.stdout);
const { stdin } = Deno;
const read = stdin.read.bind(stdin);
// A tool that imports this module again finds its own stdin, which is at its end and no way to the host (`stdin.mjs`).
const isHost = Object.getPrototypeOf(stdin) !== Object.prototype;
const exit = Deno.exit.bind(Deno);
const Bytes = Uint8Array;
const Room = ArrayBuffer;
const after = globalThis.setTimeout;
const forget = globalThis.clearTimeout;
// Of strings, as functions of their own: `slice(text, from, to)`.
const call = Function.prototype.call;
const slice = call.bind(String.prototype.slice);
const indexOf = call.bind(String.prototype.indexOf);
const toWellFormed = call.bind(String.prototype.toWellFormed);
const TOKEN_BYTES = 32;
const NEW_LINE = 10;
const LISTEN_AFTER_MS = 50;
const MOST_BYTES_PER_CHARACTER = 3;
// The host keeps no more of a log.
const LOG_LIMIT = 256 << 10;

/** The channel of this process, once the host has greeted it. */
export async function connect() {
  const room = new Room(65536);
  const buffer = new Bytes(room);
  let pending = "";
  let sockets;

  const receive = async () => {
    if (!isHost) await new Promise(() => {});
    const count = await read(buffer);
    if (count === null) exit(0); // the host is gone
    return count;
  };

  // The token is the first line; what came with it is kept.
  const begin = new Bytes(1 + TOKEN_BYTES);
  begin[0] = NEW_LINE;
  for (let heard = 0; heard <= TOKEN_BYTES; ) {
    const count = await receive();
    let at = 0;
    while (at < count && heard < TOKEN_BYTES) begin[++heard] = buffer[at++];
    if (at < count) heard++;
    pending = decode(new Bytes(room, at, count - at), { stream: true });
  }
  pending = slice(pending, 1);
  const send = sender(begin);

  const takeLine = () => {
    const end = indexOf(pending, "\n");
    if (end < 0) return undefined;
    const line = slice(pending, 0, end);
    pending = slice(pending, end + 1);
    return line;
  };

  const loadSockets = () => (sockets ??= import("node:net"));

  /** The next message of the host, before `onHostMessage`. Who waits for long has time to load what listening needs. */
  const nextMessage = async () => {
    const idle = after(loadSockets, LISTEN_AFTER_MS);
    let line = takeLine();
    while (line === undefined) {
      const heard = decode(new Bytes(room, 0, await receive()), { stream: true });
      // The end is looked for in what is new alone: a job may have many megabytes.
      const end = indexOf(heard, "\n");
      if (end < 0) pending += heard;
      else [line, pending] = [pending + slice(heard, 0, end), slice(heard, end + 1)];
    }
    forget(idle);
    return { __proto__: null, ...parse(line) };
  };

  /**
   * Calls back for every later message of the host, with undefined at its end.
   *
   * A tool whose promise can never settle should end at once ("never resolved") and not at its deadline, so this wait must not
   * hold the event loop. Only a socket can be told so, and loading sockets takes longer than most tools: hence the delay, unless
   * they are loaded.
   */
  const onHostMessage = (handle) => {
    const listen = async () => {
      const { Socket } = await loadSockets();
      const host = new Socket({ fd: 0, readable: true, writable: false });
      const take = (bytes) => {
        pending += decode(bytes, { stream: true });
        for (let line = takeLine(); line !== undefined; line = takeLine()) handle(parse(line));
      };
      host.on("data", take).on("end", () => handle(undefined)).on("error", () => handle(undefined));
      host.unref();
      take(new Bytes());
    };
    if (sockets) listen();
    else after(listen, LISTEN_AFTER_MS);
  };

  let logged = 0;

  return {
    __proto__: null,
    nextMessage,
    onHostMessage,
    loadSockets,
    started: () => ((logged = 0), send('{"ev":"started"}')),
    preloaded: (ok, read) => send(`{"ev":"preloaded","ok":${ok === true},"read":${stringify(read)}}`),
    partial: (output) => send(`{"ev":"partial","output":${json(output)}}`),
    log: (level, text) => {
      const line = quoted(text);
      logged += line.length;
      if (logged <= LOG_LIMIT) send(`{"ev":"log","level":${quoted(level)},"text":${line}}`);
    },
    /** An output is cut at the host's limit: what is left of it is its JSON, as a string. */
    succeeded: (output, maxOutput) => {
      const whole = json(output);
      const cut = whole.length > maxOutput;
      const kept = cut ? stringify(toWellFormed(slice(whole, 0, maxOutput))) : whole;
      send(`{"ev":"result","success":true,"output":${kept},"truncated":${cut}}`);
    },
    failed: ({ code, message, details }) =>
      send(`{"ev":"result","success":false,"error":{"code":${quoted(code)},"message":${quoted(message)},"details":${json(details)}}}`),
    end: () => exit(0),
  };
}

/** Writes lines that begin with these bytes, each at once: what another thread writes can't come in between. */
function sender(begin) {
  const length = begin.length;
  return (frame) => {
    const room = new Room(length + frame.length * MOST_BYTES_PER_CHARACTER + 1);
    const bytes = new Bytes(room);
    for (let at = 0; at < length; at++) bytes[at] = begin[at];
    const { written } = encodeInto(frame, new Bytes(room, length));
    const end = length + written;
    bytes[end] = NEW_LINE;
    for (let from = 0; from <= end;) from += writeSync(new Bytes(room, from, end + 1 - from));
  };
}

const json = (value) => stringify(value ?? null) ?? "null";
const quoted = (value) => stringify(`${value}`);
