// Keys and clicks that were made before a question was seen are no answer to it: the rule of omega-core/src/type_ahead.rs,
// with the clock passed in. A question hears once it was there for QUIET milliseconds without a key.

export const QUIET = 500;

export class TypeAhead {
  /** Since when it is there without a key; null before it was seen. */
  #quiet: number | null = null;
  #open = false;

  /** Another question, or another step of one. */
  asked(): void {
    this.#quiet = null;
    this.#open = false;
  }

  /** It is on the screen. */
  seen(now: number): void {
    this.#quiet ??= now;
  }

  /** Notes a key, and says whether it counts. */
  key(now: number): boolean {
    this.#open = this.hears(now);
    if (!this.#open && this.#quiet !== null) this.#quiet = now;
    return this.#open;
  }

  /** Whether a key or a click would count now. */
  hears(now: number): boolean {
    return this.#open || (this.#quiet !== null && now - this.#quiet >= QUIET);
  }
}
