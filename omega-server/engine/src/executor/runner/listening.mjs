// An MCP server that also waits for connections: for a page of its own, for somebody who comes back from signing in. Nobody reaches it in
// the sandbox, and a port that it may not have is no reason not to be a server over stdio: it is told that it listens, and nobody comes.
import { createRequire, syncBuiltinESMExports } from "node:module";
import process from "node:process";

const PORT = 49_152;
const later = process.nextTick.bind(process);
let listening = 0;

/** Whether something waits for connections. */
export const isListening = () => listening > 0;

export function listenToNobody() {
  const load = createRequire(import.meta.url);
  const [net, http, https] = ["net", "http", "https"].map((name) => load(`node:${name}`));
  for (const prototype of [net.Server.prototype, Object.getPrototypeOf(http.createServer()), https.Server?.prototype]) {
    if (prototype === undefined) continue;
    prototype.listen = function (...given) {
      const [first] = given;
      const port = Number((first !== null && typeof first === "object" ? first.port : first) || PORT);
      listening++;
      this.address = () => ({ address: "127.0.0.1", family: "IPv4", port });
      this.close = (done) => {
        later(() => (this.emit("close"), done?.()));
        return this;
      };
      Object.defineProperty(this, "listening", { value: true, configurable: true, writable: true });
      const done = given.findLast((one) => typeof one === "function");
      if (done) this.once("listening", done);
      later(() => this.emit("listening"));
      return this;
    };
  }
  syncBuiltinESMExports();
}
