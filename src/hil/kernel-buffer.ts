/** What the kernel keeps for a host that stands still. */
const BYTES_MAX = 64 * 1024;

export class KernelBuffer {
  /** Bytes that found it full. */
  lostBytes = 0;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  keep(bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > BYTES_MAX) {
      this.lostBytes += bytes.length;
      return;
    }
    this.#chunks.push(bytes.slice());
    this.#bytes += bytes.length;
  }

  /** All of it, as one read after the other gives it. */
  take(): readonly Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }
}
