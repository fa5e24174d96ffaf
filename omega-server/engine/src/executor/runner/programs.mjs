// Programs that a tool starts, none of which runs here. Whoever starts one hears of it as from Node where a program may not be run: by the
// event, the callback or the result that it waits for, so that what can do without it does, and what needs it fails and names it.
import { EventEmitter } from "node:events";
import { createRequire, syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { Readable, Writable } from "node:stream";
import { promisify } from "node:util";

const REFUSED = -13;
const later = process.nextTick.bind(process);
let wanted;

/** Whether one was to be started. */
export const wasWanted = () => wanted === true;

export function startNone() {
  if (wanted !== undefined) return;
  wanted = false;
  const child = createRequire(import.meta.url)("node:child_process");
  const listOf = (args) => (Array.isArray(args) ? args.map(String) : []);
  const spawn = (file, args) => notStarted("spawn", `${file}`, listOf(args));
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
  child.fork = (file, args) => spawn(process.execPath, [file, ...listOf(args)]);
  child.exec = promised(called((command) => spawn("/bin/sh", ["-c", command])));
  child.execFile = promised(called(spawn));
  child.spawnSync = (file) => ({ pid: 0, output: null, stdout: null, stderr: null, status: null, signal: null, error: refused("spawnSync", `${file}`, []) });
  syncBuiltinESMExports();
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
