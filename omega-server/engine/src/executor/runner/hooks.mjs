// Hooks of a loader (https://nodejs.org/api/module.html#moduleregisterspecifier-parenturl-options): there is none here to take one up.
// Instrumentation that waits until its hook has heard of the modules that it watches would wait for ever: it is told at once that it has,
// and sees no module (https://github.com/nodejs/import-in-the-middle#only-intercepting-hooked-modules).
import Module from "node:module";

const WATCHER = /(?:^|[\\/])import-in-the-middle(?:[\\/]|$)/;
let isAnswered = false;

export function answerForHooks() {
  if (isAnswered) return;
  isAnswered = true;
  const { _load: load } = Module;
  Module._load = (request, ...rest) => {
    const found = Reflect.apply(load, Module, [request, ...rest]);
    if (!WATCHER.test(request) || typeof found?.createAddHookMessageChannel !== "function") return found;
    const make = found.createAddHookMessageChannel;
    if (!known.has(make)) {
      found.createAddHookMessageChannel = () => ({ ...make(), waitForAllMessagesAcknowledged: async () => {} });
      known.add(found.createAddHookMessageChannel);
    }
    return found;
  };
}

const known = new WeakSet();
