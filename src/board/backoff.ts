/** Exponential backoff with jitter, bounded. Pure. */
export class Backoff {
  #tries = 0;

  /** @param random uniform in [0, 1). */
  constructor(
    private readonly random: () => number,
    private readonly firstMs = 50,
    private readonly maxMs = 2000,
  ) {}

  /** How long to wait before the next try: doubled every time, and spread over its upper half so that many do not try at once. */
  nextMs(): number {
    const ms = Math.min(this.maxMs, this.firstMs * 2 ** Math.min(this.#tries, 30));
    this.#tries++;
    return ms * (0.5 + this.random() / 2);
  }

  get tries(): number {
    return this.#tries;
  }

  reset(): void {
    this.#tries = 0;
  }
}
