// Doors of Deno by which a tool could look into the variables of the scripts that run it, shut before it is loaded.
import { Session } from "node:inspector";

/** Afterwards there is no debugger of one's own, and no way to Deno's own functions to replace them. */
export function shut() {
  const refuse = () => {
    throw new Error("the sandbox has no debugger");
  };
  for (const name of ["connect", "connectToMainThread"]) {
    Object.defineProperty(Session.prototype, name, { value: refuse, writable: false, configurable: false });
  }
  delete Deno[Deno.internal];
}
