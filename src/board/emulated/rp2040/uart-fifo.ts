/** FIFO of a PL011: 32 entries of up to 12 bits (RP2040 datasheet 4.2.2.4), or one when it is switched off. */
export class UartFifo {
  /** Entries it takes: 32, or 1 as a holding register. */
  depth = 1;
  private readonly entries = new Uint16Array(32);
  private head = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  get full(): boolean {
    return this.count >= this.depth;
  }

  /** @throws never; the caller has looked at `full` */
  push(entry: number): void {
    this.entries[(this.head + this.count) & 31] = entry;
    this.count++;
  }

  /** The oldest entry; 0 when there is none. */
  shift(): number {
    if (this.count === 0) return 0;
    const entry = this.entries[this.head]!;
    this.head = (this.head + 1) & 31;
    this.count--;
    return entry;
  }

  clear(): void {
    this.count = 0;
  }
}
