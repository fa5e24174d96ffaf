// What a tool prints becomes its log.
import { plain } from "./plain.mjs";

const LINE_LIMIT = 4000;

/** `log` takes a level and a line. */
export function captureConsole(log) {
  for (const level of ["log", "info", "warn", "error", "debug", "trace"]) {
    console[level] = (...values) => {
      try {
        log(level, values.map(text).join(" ").slice(0, LINE_LIMIT).toWellFormed());
      } catch {
        // A value that can't be printed is no reason to fail the call.
      }
    };
  }
}

const text = (value) => (typeof value === "string" ? value : JSON.stringify(plain(value)));
