/** The board's ring before the line: what does not fit is dropped and counted. */
import type { LineToHost } from './line-to-host.js';

const RING_BYTES = 1024;
/** Of it, for messages: frames leave so much free. */
const RESERVE_BYTES = 256;
/** In place of a frame's index in the book. */
export const MESSAGE = -1;

export class TransmitRing {
  /** Messages and frames that were dropped, as `status` says: 16 bits. */
  drops = 0;

  constructor(private readonly line: LineToHost) {}

  queuedBytes(atUs: number): number {
    return this.line.queued(atUs);
  }

  /** @param frame its index in the book, or `MESSAGE` @returns false when it was dropped */
  put(bytes: Uint8Array, length: number, atUs: number, frame: number): boolean {
    const reserveBytes = frame === MESSAGE ? 0 : RESERVE_BYTES;
    if (this.queuedBytes(atUs) + length + reserveBytes > RING_BYTES) {
      this.drop();
      return false;
    }
    this.line.send(bytes, 0, length, atUs, frame);
    return true;
  }

  drop(): void {
    this.drops = (this.drops + 1) & 0xffff;
  }
}
