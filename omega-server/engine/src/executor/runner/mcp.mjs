// An MCP server of the package (its `bin`, over stdio: https://modelcontextprotocol.io/specification/2025-06-18/basic/transports),
// started in this process behind a stdin and a stdout of its own, and asked as a client does. What it writes is read as messages of
// bounded length; what is none is left out, and nothing that it writes can pass for a frame of the host's channel.
import { createRequire } from "node:module";
import process from "node:process";
import { missingSecrets } from "./env.mjs";
import { Failure, messageOf } from "./failure.mjs";
import { answerForServices } from "./insist.mjs";
import { isListening, listenToNobody } from "./listening.mjs";
import { entered, toolBegins } from "./package.mjs";
import { inPlaceOfNode, startNone } from "./programs.mjs";
import { work } from "./work.mjs";

const PREFIX = "mcp:";
const PROTOCOL = "2025-06-18";
// A server that does nothing for so long will not answer; one that works, on a machine that is busy, may take some times as long.
const HANDSHAKE_MS = 12_000;
const LIST_MS = 10_000;
const INSISTING_MS = 4_000;
const PATIENCE = 3;
const LOOK_MS = 1_000;
const WORK_OF_A_LOOK_MICROS = 20_000;
const DEAF_MS = 2_000;
const ASKED_MS = 10;
const LEARNED_MS = 200;
const LAST_WORDS_MS = 400;
const TASK_MS = 600_000;
const POLL_MS = 100;
const LONGEST_POLL_MS = 2_000;
const MOST_PAGES = 20;
const MOST_TOOLS = 500;
const MOST_KEYS = 10;
const MOST_LINE = 32 << 20;
const METHOD_NOT_FOUND = -32601;
// The same as the SDK's servers give it, as a result.
const REFUSED = /^MCP error -32601\b.*\btask/;
// Where servers keep what they are told, when they are asked to keep it elsewhere than beside their script, where nobody may write.
const STORES = ["MEMORY", "STORAGE", "DATA", "STATE", "STORE"].flatMap((what) => ["FILE_PATH", "PATH", "FILE", "DIR"].map((where) => `${what}_${where}`));
// How servers are told which way of the protocol to take, where they know several.
const TRANSPORTS = ["TRANSPORT", "MCP_TRANSPORT", "TRANSPORT_TYPE", "TRANSPORT_MODE", "MCP_TRANSPORT_TYPE", "MCP_TRANSPORT_MODE", "MCP_MODE"];
const after = globalThis.setTimeout;
const forget = globalThis.clearTimeout;
const { parse, stringify } = JSON;
const chdir = Deno.chdir.bind(Deno);
const pause = (ms) => new Promise((resolve) => after(resolve, ms));
const realPath = Deno.realPathSync.bind(Deno);
const readText = Deno.readTextFileSync.bind(Deno);

/** The tools of the server, as a description has them; throws what the server fails with. */
export async function describeServer(job) {
  const server = await started(job);
  const [tools, names] = [[], new Set()];
  let cursor;
  for (let page = 0; page < MOST_PAGES && tools.length < MOST_TOOLS; page++) {
    const listed = await server.ask("tools/list", cursor === undefined ? {} : { cursor }, LIST_MS);
    for (const tool of Array.isArray(listed?.tools) ? listed.tools : []) {
      // A name with the mark that parts an id into package and tool would be another one's, and what is told of it twice is told once.
      const isNew = typeof tool?.name === "string" && tool.name !== "" && !tool.name.includes("::") && !names.has(tool.name);
      if (isNew) tools.push(described(tool));
      if (isNew) names.add(tool.name);
    }
    if (typeof listed?.nextCursor !== "string" || listed.nextCursor === cursor) break;
    cursor = listed.nextCursor;
  }
  const missing = missingSecrets().slice(0, MOST_KEYS);
  if (tools.length === 0 && missing.length > 0) {
    // Some list only what they have keys for.
    throw new Failure("MISSING_ENV_VARS", `the server lists no tools without ${missing.join(", ")}`, { missing, optional: true });
  }
  return tools.slice(0, MOST_TOOLS);
}

function described({ name, title, description, inputSchema, annotations }) {
  return {
    name: PREFIX + name,
    shape: "mcp",
    description: String(description ?? title ?? annotations?.title ?? ""),
    inputSchema: inputSchema !== null && typeof inputSchema === "object" ? inputSchema : { type: "object", properties: {} },
    // A hint may add a question and never takes one away.
    destructive: annotations?.destructiveHint === true,
    envRead: [],
  };
}

/** Calls one tool of the server: the first call of a process starts it, those that a session has behind it find it. */
export async function callServer(job, signal) {
  const server = await started(job);
  const abort = signal();
  toolBegins();
  // Whoever has ended is asked for nothing more.
  if (isOver) await server.ended;
  const call = { name: job.name.slice(PREFIX.length), arguments: job.input ?? {} };
  const ask = (method, params) => server.ask(method, params, undefined, abort);
  const plain = await ask("tools/call", call).catch((error) => {
    // So a tool refuses that is only called as a task.
    if (error?.refusal !== METHOD_NOT_FOUND) throw error;
    return undefined;
  });
  const isRefused = plain === undefined || (plain?.isError === true && REFUSED.test(textOf(plain)));
  const result = isRefused ? await asTask(ask, call) : plain;
  const content = contentOf(result);
  const text = textOf(result);
  if (result?.isError === true) throw new Error(text || "the tool failed and did not say why");
  if (result?.structuredContent !== undefined) {
    const others = content.filter((part) => part?.type !== "text");
    return others.length ? { ...result.structuredContent, content: others } : result.structuredContent;
  }
  const isText = content.length > 0 && content.every((part) => part?.type === "text");
  return isText ? text : { content };
}

const contentOf = (result) => (Array.isArray(result?.content) ? result.content : []);
const textOf = (result) => contentOf(result).filter((part) => part?.type === "text").map((part) => part.text).join("\n");

/** What a call comes to that goes on behind its answer (https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks). */
async function asTask(ask, call) {
  const begun = await ask("tools/call", { ...call, task: { ttl: TASK_MS } });
  // A server that knows no tasks answers as ever.
  if (typeof begun?.task?.taskId !== "string") return begun;
  const { taskId } = begun.task;
  for (let now = begun.task; now?.status === "working"; now = await ask("tasks/get", { taskId })) {
    await pause(Math.min(Math.max(Number(now.pollInterval) || POLL_MS, POLL_MS), LONGEST_POLL_MS));
  }
  return await ask("tasks/result", { taskId });
}

class Exited extends Error {}

let greeted;
let isGreeted = false;
// Once it has ended it stays so, whatever it still has to say.
let isOver = false;

/** Whether another call would find the server. */
export const goesOn = () => isGreeted && !isOver;

const started = (job) => (greeted ??= start(job));

/** The server, greeted. */
async function start({ entry, bin, arguments: given, env, insists }) {
  const home = env?.HOME ?? ".";
  for (const name of STORES) process.env[name] ??= `${home}/${name.toLowerCase()}`;
  for (const name of TRANSPORTS) process.env[name] ??= "stdio";
  const args = (given ?? []).map((argument) => argument.text ?? home);
  const stdio = ownStdio({ ping: {}, "roots/list": { roots: [{ uri: String(new URL(`file://${home}`)), name: "folder" }] } });
  const path = realPath((await entered(entry)).place(bin));
  process.argv = [process.execPath, path, ...args];
  // As where somebody started it: its own folder is nobody's to write to.
  chdir(home);
  let failed;
  const ended = new Promise((_, reject) => (failed = reject));
  ended.catch(() => (isOver = true));
  const exit = (code) => {
    if (insists) return;
    isOver = true;
    const error = new Exited(stdio.said() || `the server ended with exit code ${code ?? 0}`);
    // What it has begun to answer it says, as it does where a service that it tries takes a moment to refuse.
    after(() => failed(error), LAST_WORDS_MS);
    // Whoever ends does not go on; nothing but this process's end stops it.
    throw new Exited("the server ended");
  };
  if (insists) answerForServices();
  listenToNobody();
  // Also where a look saw none started: a tool may be the first to.
  startNone();
  // A program that starts the server as another program of its package's is that one.
  inPlaceOfNode((script, more) => {
    process.argv = [process.execPath, script, ...more];
    run(script).catch((error) => error instanceof Exited || failed(loadFailure(error)));
  });
  // Also where it ends in a timer, it says why.
  globalThis.addEventListener("error", (event) => event.error instanceof Exited && event.preventDefault());
  for (const owner of new Set([process, globalThis.process])) owner.exit = exit;
  Object.defineProperty(Deno, "exit", { value: exit, configurable: true });
  run(path).catch((error) => error instanceof Exited || failed(loadFailure(error)));
  const server = { ended, ask: (method, params, patience, abort) => asked(stdio, ended, method, params, patience, abort) };
  const hello = { protocolVersion: PROTOCOL, capabilities: { roots: {} }, clientInfo: { name: "omega", version: "1" } };
  await server.ask("initialize", hello, insists ? INSISTING_MS : HANDSHAKE_MS);
  stdio.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  // Who asks for the folder now says nowhere when it knows it.
  await pause(ASKED_MS);
  if (stdio.isAsked()) await pause(LEARNED_MS);
  isGreeted = true;
  return server;
}

/** As a program is run: some do nothing when they are only loaded. */
async function run(path) {
  const load = createRequire(import.meta.url);
  const isModule = /\.mjs$/.test(path) || (/(?:\.js|\/[^./]+)$/.test(path) && typeOf(path) === "module");
  if (isModule) return await import(String(new URL(`file://${path}`)));
  return load("node:module")._load(path, null, true);
}

/** What the nearest package.json says of its scripts. */
function typeOf(path) {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    try {
      return parse(readText(`${path.slice(0, at)}/package.json`)).type;
    } catch {
      // The one above it.
    }
  }
  return undefined;
}

function loadFailure(error) {
  const failure = new Failure("IMPORT_FAILED", messageOf(error));
  failure.cause = error;
  return failure;
}

let lastId = 0;

/** The answer to a request; an error that it is answered with, the server's end, and the end of patience are failures. */
async function asked(stdio, ended, method, params, patience, abort) {
  const id = ++lastId;
  let timer;
  // Something has to hold the event loop, or a server that only waits would end the process.
  const late = new Promise((_, reject) => {
    const words = `the MCP server did not answer ${method} in time`;
    let [idle, looks, worked] = [0, 0, work()];
    const look = () => {
      const now = work();
      idle = now - worked < WORK_OF_A_LOOK_MICROS ? idle + LOOK_MS : 0;
      worked = now;
      // Who serves HTTP alone reads no stdin, however long one waits.
      if (idle >= DEAF_MS && isListening() && !stdio.isRead()) return reject(new Failure("TOOL_ERROR", "it waits for connections on a port, and not for messages on its stdin"));
      // Some only say how they would end, and have nothing to do any more.
      if (idle >= DEAF_MS && process.exitCode) {
        isOver = true;
        return reject(new Exited(stdio.said() || `the server ended with exit code ${process.exitCode}`));
      }
      if (idle >= patience || ++looks * LOOK_MS >= PATIENCE * patience) return reject(new Failure("TOOL_ERROR", words));
      timer = after(look, LOOK_MS);
    };
    timer = patience === undefined ? after(() => {}, 1 << 30) : after(look, LOOK_MS);
  });
  const aborted = new Promise((_, reject) => abort?.addEventListener("abort", () => reject(abort.reason)));
  try {
    const answered = stdio.answer(id);
    stdio.send({ jsonrpc: "2.0", id, method, params });
    const answer = await Promise.race([answered, ended, late, aborted]);
    if (answer.error !== undefined) throw refusal(answer.error);
    return answer.result;
  } finally {
    forget(timer);
  }
}

function refusal(error) {
  const message = typeof error?.message === "string" ? error.message : "the MCP server refused the call and did not say why";
  return error?.code === -32602 ? new Failure("INVALID_INPUT", message) : Object.assign(new Error(message), { refusal: error?.code });
}

/** A stdin and a stdout that lead here in place of the process's own, and what was written to stderr. */
function ownStdio(offered) {
  const { PassThrough, Writable } = createRequire(import.meta.url)("node:stream");
  const stdin = Object.assign(new PassThrough(), { fd: 0, isTTY: false, setRawMode() {} });
  const waiting = new Map();
  let pending = "";
  let errors = "";
  let isAsked = false;
  const decoder = new TextDecoder();
  const send = (message) => {
    try {
      stdin.write(`${stringify(message)}\n`);
    } catch (error) {
      // Who ends when it reads this ends, and says so at its end.
      if (!(error instanceof Exited)) throw error;
    }
  };
  const take = (line) => {
    let message;
    try {
      message = parse(line);
    } catch {
      return; // a banner, a log line
    }
    if (message === null || typeof message !== "object") return;
    if (message.method === undefined) return void waiting.get(message.id)?.(message);
    if (message.id === undefined) return;
    const answer = offered[message.method];
    isAsked ||= answer !== undefined;
    send({ jsonrpc: "2.0", id: message.id, ...(answer ? { result: answer } : { error: { code: METHOD_NOT_FOUND, message: "not offered here" } }) });
  };
  const writable = (heard) => Object.assign(new Writable({ write: (chunk, _, done) => (heard(chunk), done()) }), { isTTY: false });
  const stdout = writable((chunk) => {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    lines[0] = pending + lines[0];
    pending = lines.pop();
    if (pending.length > MOST_LINE) pending = "";
    lines.forEach(take);
  });
  const stderr = writable((chunk) => (errors = `${errors}${chunk}`.slice(-4000)));
  for (const owner of new Set([process, globalThis.process])) {
    for (const [name, value] of Object.entries({ stdin, stdout, stderr })) {
      Object.defineProperty(owner, name, { value, configurable: true, enumerable: true, writable: true });
    }
  }
  for (const name of ["error", "warn"]) {
    const log = console[name].bind(console);
    console[name] = (...parts) => {
      errors = `${errors}${parts.map(String).join(" ")}\n`.slice(-4000);
      log(...parts);
    };
  }
  const answer = (id) => new Promise((resolve) => waiting.set(id, resolve));
  return { send, answer, said: () => errors.trim(), isAsked: () => isAsked, isRead: () => ["data", "readable"].some((event) => stdin.listenerCount(event) > 0) };
}
