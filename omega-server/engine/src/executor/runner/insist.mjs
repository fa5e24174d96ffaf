// A server that gives up before it says which tools it has, because what it looks for is not there: while it is looked into, and only then,
// it is not let go, and whichever service it asks over HTTP answers with nothing in it. What it lists is its own all the same.
import { Buffer } from "node:buffer";
import { createRequire, syncBuiltinESMExports } from "node:module";

const NOTHING = "{}";
const HEADERS = { "content-type": "application/json" };
const nothing = () => ({});

export function answerForServices() {
  globalThis.fetch = async () => new Response(NOTHING, { status: 200, headers: HEADERS });
  const load = createRequire(import.meta.url);
  const { Readable, Writable } = load("node:stream");
  const request = (...given) => {
    const answer = Object.assign(Readable.from([Buffer.from(NOTHING)]), {
      statusCode: 200, statusMessage: "OK", headers: HEADERS, rawHeaders: [], httpVersion: "1.1", complete: true, setTimeout: nothing,
    });
    const asked = Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), {
      path: "/", method: "GET", setHeader: nothing, getHeader: nothing, getHeaders: nothing, removeHeader: nothing, flushHeaders: nothing, abort: nothing,
      setTimeout: nothing, setNoDelay: nothing, setSocketKeepAlive: nothing,
    });
    const done = given.findLast((one) => typeof one === "function");
    if (done) asked.once("response", done);
    return asked.once("finish", () => asked.emit("response", answer));
  };
  for (const name of ["http", "https"]) {
    const web = load(`node:${name}`);
    web.request = request;
    web.get = (...given) => request(...given).end();
  }
  syncBuiltinESMExports();
}
