// How long this process has worked: what a look at a package may take is measured in that, since how busy the machine is says nothing
// of a package.
import process from "node:process";

const cpuUsage = process.cpuUsage.bind(process);

/** Its time on the processor so far, in microseconds. */
export function work() {
  const { user, system } = cpuUsage();
  return user + system;
}

/** The same in milliseconds. */
export const worked = () => work() / 1000;
