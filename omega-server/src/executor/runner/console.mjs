// What a tool prints becomes log frames.
import { emit } from "./channel.mjs";
import { plain } from "./plain.mjs";

const LINE_LIMIT = 4000;

export function captureConsole() {
  for (const level of ["log", "info", "warn", "error", "debug", "trace"]) {
    console[level] = (...values) => {
      try {
        emit({ ev: "log", level, text: values.map(text).join(" ").slice(0, LINE_LIMIT).toWellFormed() });
      } catch {
        // A value that can't be printed is no reason to fail the call.
      }
    };
  }
}

const text = (value) => (typeof value === "string" ? value : JSON.stringify(plain(value)));
