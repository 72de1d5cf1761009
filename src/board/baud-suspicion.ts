/** Whether a line looks like the wrong baud rate: many bytes, nothing in them that makes sense. Pure. */

/** Less may be the end of a frame, or what a bootloader prints at its own rate. */
const SUSPICIOUS_BYTES = 4096;

export class BaudSuspicion {
  #bytes = 0;
  #printable = 0;
  #isCleared = false;
  #isReported = false;

  opened(): void {
    this.#bytes = 0;
    this.#printable = 0;
    this.#isCleared = false;
    this.#isReported = false;
  }

  /** A frame, a message, a reading or a readable line came: the rate is right. */
  sense(): void {
    this.#isCleared = true;
  }

  /** True once, when the suspicion arises: `bytes` of this chunk were the ones too many. */
  chunk(bytes: Uint8Array): boolean {
    if (this.#isCleared || this.#isReported) return false;
    for (const byte of bytes) {
      if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d) this.#printable++;
    }
    this.#bytes += bytes.length;
    // Random bytes are printable in 38 of 100 cases; text at the right rate nearly always.
    if (this.#bytes < SUSPICIOUS_BYTES || this.#printable > 0.9 * this.#bytes) return false;
    this.#isReported = true;
    return true;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
