// How long this process has worked: what a look at a package may take is measured in that, since how busy the machine is says nothing
// of a package.
import process from "node:process";

const cpuUsage = process.cpuUsage.bind(process);
const after = globalThis.setTimeout;
const forget = globalThis.clearTimeout;
// Between two looks, and what is less work than any that means something in that time.
const LOOK_MS = 1_000;
const LITTLE_MICROS = 20_000;

/** Its time on the processor so far, in microseconds. */
export function work() {
  const { user, system } = cpuUsage();
  return user + system;
}

/** The same in milliseconds. */
export const worked = () => work() / 1000;

/** What `promise` gives, unless this process does nothing for so many milliseconds meanwhile: then what `failure` makes is thrown. */
export async function unlessIdle(promise, patience, failure) {
  let timer;
  const idle = new Promise((_, reject) => {
    let [still, before] = [0, work()];
    const look = () => {
      const now = work();
      still = now - before < LITTLE_MICROS ? still + LOOK_MS : 0;
      before = now;
      if (still >= patience) return reject(failure());
      timer = after(look, LOOK_MS);
    };
    timer = after(look, LOOK_MS);
  });
  try {
    return await Promise.race([promise, idle]);
  } finally {
    forget(timer);
  }
}
