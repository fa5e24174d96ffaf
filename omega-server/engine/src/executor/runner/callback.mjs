// Functions of the time before promises, which give what they found to a function of the caller's: `read(text, callback)`.
import { writtenParams } from "./written.mjs";

export const CALLBACK = Symbol("a function that is told the outcome");
const NAME = /^(?:cb|callback|done)$/;
const MOST_TEXT = 20_000;

/** Whether a parameter of a function's type is told the outcome: by its name, and that of what it is told first, where that stands there. */
export const isCallback = ({ name, type }) => NAME.test(name) && (type.kind !== "function" || /^_?e(?:rr(?:or)?)?$/i.test(type.params[0]?.name));

/** The place at which a function has to be given one, where the arguments say so, or its text does: it is its last parameter, is told of failures first, and
 * nothing in it does without. */
export function callbackPlace(value, args) {
  if (args.at(-1) === CALLBACK) return args.length - 1;
  const given = args.length;
  if (typeof value !== "function" || value.length <= given) return undefined;
  const source = Function.prototype.toString.call(value).slice(0, MOST_TEXT);
  const written = writtenParams(source) ?? [];
  const place = written.length - 1;
  const name = written[place]?.name;
  if (place < given || written[place]?.optional || !NAME.test(name)) return undefined;
  const isTold = new RegExp(`\\b${name}\\s*\\(\\s*(?:null|undefined|err|error|e|new \\w*Error)\\b`).test(source);
  const isFree = new RegExp(`Promise|promisify|typeof ${name}\\b|!\\s*${name}\\b|\\b${name}\\s*(?:\\?|&&|\\|\\||===?|!==?)`).test(source);
  return isTold && !isFree ? place : undefined;
}

/** What such a function gives, by whichever way. `call` takes the arguments. */
export function calledBack(call, args, place) {
  return new Promise((resolve, reject) => {
    const back = (error, ...results) => {
      if (error !== undefined && error !== null && error !== false) reject(error);
      else resolve(results.length > 1 ? results : results[0]);
    };
    const before = args.slice(0, place);
    const given = call([...before, ...Array(place - before.length).fill(undefined), back]);
    if (typeof given?.then === "function") given.then((value) => value === undefined || resolve(value), reject);
  });
}
