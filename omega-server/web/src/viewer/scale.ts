// A place in more rows than a browser can scroll through: what is scrolled is shorter than the rows are. A small step moves as
// far as it says, a long one goes to its share of the whole, and the first and the last row are always reached.

/** Browsers end an element at some 17 (Firefox) or 33 (Chromium) million pixels. */
const MOST = 8_000_000;

export class Scale {
  /** Pixels of the rows above what is seen. */
  position = 0;
  /** Where the box stands. */
  #at = 0;

  constructor(
    /** Pixels of all rows. */
    public total: number,
    /** Pixels that are seen. */
    public view: number,
  ) {}

  /** Pixels of what is scrolled. */
  get height(): number {
    return Math.min(this.total, MOST);
  }

  /** How much lower the rows are than where the box stands. */
  get offset(): number {
    return this.position - this.#at;
  }

  /** The box was scrolled to there; gives where it should stand. */
  scrolled(to: number): number {
    const step = to - this.#at;
    if (step === 0) return to;
    if (Math.abs(step) > this.margin) {
      this.position = this.#position(to);
      this.#at = to;
      return to;
    }
    this.position = Math.min(this.ends, Math.max(0, this.position + step));
    const right = this.#place(this.position);
    const isNearEnd = this.position < this.margin || this.position > this.ends - this.margin || to < this.margin || to > this.end - this.margin;
    this.#at = isNearEnd || Math.abs(right - to) > MOST / 100 ? right : to;
    return this.#at;
  }

  /** Goes to a place in the rows; gives where the box should stand. */
  go(position: number): number {
    this.position = Math.min(this.ends, Math.max(0, position));
    this.#at = this.#place(this.position);
    return this.#at;
  }

  /** Where the box really stands: browsers round. */
  stands(at: number): void {
    this.#at = at;
  }

  /** The longest step that counts as a small one: so near to an end the box stands exactly as far from it as the rows do. */
  private get margin(): number {
    return 2 * this.view;
  }

  private get ends(): number {
    return Math.max(0, this.total - this.view);
  }

  private get end(): number {
    return Math.max(0, Math.floor(this.height - this.view));
  }

  #place(position: number): number {
    const { ends, end, margin } = this;
    if (this.height === this.total || position <= margin) return position;
    if (position >= ends - margin) return end - (ends - position);
    return margin + Math.round(((position - margin) / (ends - 2 * margin)) * (end - 2 * margin));
  }

  #position(place: number): number {
    const { ends, end, margin } = this;
    if (this.height === this.total || place <= margin) return Math.min(ends, Math.max(0, place));
    if (place >= end - margin) return ends - Math.max(0, end - place);
    return margin + ((place - margin) / (end - 2 * margin)) * (ends - 2 * margin);
  }
}
