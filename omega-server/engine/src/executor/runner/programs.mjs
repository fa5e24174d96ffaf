// Programs that a tool starts, none of which runs here. Whoever starts one hears of it as from Node where a program may not be run: by the
// event, the callback or the result that it waits for, so that what can do without it does, and what needs it fails and names it.
import { EventEmitter } from "node:events";
import { createRequire, syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { Readable, Writable } from "node:stream";
import { promisify } from "node:util";

const NODE = /(?:^|\/)(?:node|nodejs|bun|deno|tsx)$/;
const SCRIPT = /\.[cm]?js$/;
const REFUSED = -13;
const later = process.nextTick.bind(process);
let wanted;
let become;

/** Whoever starts Node with a script, and leaves it its own stdin and stdout, has `run` called with it instead, once. */
export const inPlaceOfNode = (run) => void (become = run);

/** Whether one was to be started. */
export const wasWanted = () => wanted === true;

export function startNone() {
  if (wanted !== undefined) return;
  wanted = false;
  const child = createRequire(import.meta.url)("node:child_process");
  const listOf = (args) => (Array.isArray(args) ? args.map(String) : []);
  const spawn = (file, args, options) => started(`${file}`, listOf(args), (Array.isArray(args) ? options : args)?.stdio) ?? notStarted("spawn", `${file}`, listOf(args));
  const called = (run) => (...given) => {
    const done = given.findLast((one) => typeof one === "function");
    const started = run(...given);
    if (done) started.once("error", (error) => done(error, "", ""));
    return started;
  };
  const promised = (run) =>
    Object.defineProperty(run, promisify.custom, {
      value: (...given) => new Promise((_, reject) => run(...given).once("error", (error) => reject(Object.assign(error, { stdout: "", stderr: "" })))),
    });
  child.spawn = spawn;
  child.fork = (file, args, options) => spawn(process.execPath, [file, ...listOf(args)], { stdio: "inherit", ...(Array.isArray(args) ? options : args) });
  child.exec = promised(called((command) => spawn("/bin/sh", ["-c", command])));
  child.execFile = promised(called(spawn));
  child.spawnSync = (file) => ({ pid: 0, output: null, stdout: null, stderr: null, status: null, signal: null, error: refused("spawnSync", `${file}`, []) });
  syncBuiltinESMExports();
}

/** What goes on in place of a program, as one that runs; undefined where none does. */
function started(file, args, stdio) {
  const at = args.findIndex((one) => SCRIPT.test(one));
  const isItsOwn = stdio === "inherit" || (Array.isArray(stdio) && stdio[0] === "inherit" && stdio[1] === "inherit");
  if (become === undefined || at < 0 || !isItsOwn || !(NODE.test(file) || file === process.execPath)) return undefined;
  const run = become;
  [become, wanted] = [undefined, true];
  later(() => run(args[at], args.slice(at + 1)));
  const running = new EventEmitter();
  return Object.assign(running, { pid: process.pid, stdin: null, stdout: null, stderr: null, connected: true, killed: false, exitCode: null, kill: () => false, ref() {}, unref() {}, disconnect() {}, send: () => false });
}

function refused(syscall, path, spawnargs) {
  wanted = true;
  const name = path.split("/").pop();
  return Object.assign(new Error(`${syscall} ${name} EACCES`), { errno: REFUSED, code: "EACCES", syscall: `${syscall} ${name}`, path, spawnargs });
}

function notStarted(syscall, file, args) {
  wanted = true;
  const started = new EventEmitter();
  const output = () => Readable.from([]);
  const [stdout, stderr] = [output(), output()];
  const stdin = new Writable({ write: (_chunk, _encoding, done) => done() });
  Object.assign(started, {
    stdin, stdout, stderr, stdio: [stdin, stdout, stderr], pid: undefined, connected: false, killed: false, exitCode: REFUSED,
    signalCode: null, spawnfile: file, spawnargs: [file, ...args],
    kill: () => false, ref() {}, unref() {}, disconnect() {}, send: () => false,
  });
  later(() => {
    // Nobody listens who never thought that it could fail: then it is as a program that came to nothing.
    if (started.listenerCount("error") > 0) started.emit("error", refused(syscall, file, args));
    started.emit("close", REFUSED, null);
  });
  return started;
}
