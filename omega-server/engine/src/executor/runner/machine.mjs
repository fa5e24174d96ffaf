// What a package asks of the machine when it is loaded, and seldom needs: there is an answer, as on a machine of which nothing is known,
// and it tells nothing of this one. What is refused to those who do need it is refused in words (`refusal.mjs`).
import { createRequire } from "node:module";
import process from "node:process";
import { hideUnseen } from "./unseen.mjs";

const now = performance.now.bind(performance);

export function tellNothing(variables) {
  const load = createRequire(import.meta.url);
  const os = load("node:os");
  const fs = load("node:fs");
  // Who the user of the server is, the system knows; a tool's home is its folder.
  os.homedir = () => variables.HOME;
  os.tmpdir = () => variables.TMPDIR ?? variables.HOME;
  os.userInfo = () => ({ uid: -1, gid: -1, username: "tool", homedir: variables.HOME, shell: null });
  os.setPriority = () => {};
  os.networkInterfaces = () => ({});
  os.loadavg = () => [0, 0, 0];
  os.uptime = () => Math.ceil(now() / 1000);
  // Whoever takes a single function of `node:os` has the one that asks these.
  Deno.networkInterfaces = () => [];
  Deno.loadavg = os.loadavg;
  Deno.osUptime = os.uptime;
  process.report.getReport = () => ({ header: {}, sharedObjects: [] });
  // These never throw in Node (https://nodejs.org/api/fs.html#fsexistssyncpath): what may not be seen is not there.
  const { existsSync, statSync } = fs;
  fs.existsSync = (path) => quietly(() => existsSync(path)) ?? false;
  fs.statSync = (path, options) => (options?.throwIfNoEntry === false ? quietly(() => statSync(path, options)) : statSync(path, options));
  hideUnseen();
}

function quietly(ask) {
  try {
    return ask();
  } catch (error) {
    if (error?.name === "NotCapable") return undefined;
    throw error;
  }
}
