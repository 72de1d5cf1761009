/** Bytes from the board that wait for the host's end to take them: bounded, and what finds it full is lost and counted, as in a receive buffer. */
export class Outbox {
  droppedBytes = 0;
  private readonly buffer: Uint8Array<ArrayBuffer>;
  private count = 0;

  constructor(capacity: number) {
    this.buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.count;
  }

  push(byte: number): void {
    if (this.count < this.buffer.length) this.buffer[this.count++] = byte;
    else this.droppedBytes++;
  }

  /** Offers everything to `take`, which returns how many bytes it took. */
  drain(take: (buffer: Uint8Array, length: number) => number): void {
    if (this.count === 0) return;
    const taken = take(this.buffer, this.count);
    this.buffer.copyWithin(0, taken, this.count);
    this.count -= taken;
  }
}
