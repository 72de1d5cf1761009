/** Reading a board's descriptor in chunks, and remembering those that were read. Pure. */
import { crc32 } from '../codec/crc32.js';
import type { Descriptor } from '../codec/descriptor.js';
import { DESCRIPTOR_CHUNK_BYTES_MAX } from '../codec/schema.js';

/** `more`: ask for `next`; `ignored`: late, repeated or out of order; `done`: complete and its CRC is right; `failed`: give up. */
export type ChunkResult = 'more' | 'ignored' | 'done' | 'failed';

/** Times that a descriptor may come with a wrong CRC or length: noise passes a frame's own CRC once in 2^32 frames. */
const DAMAGED_MAX = 3;

/** One descriptor on its way. Chunks are asked for in order, one at a time; a lost one is asked for again. */
export class DescriptorTransfer {
  readonly bytes: Uint8Array;
  #received = 0;
  #damaged = 0;

  /** @param byteCount as announced, already checked against `DESCRIPTOR_BYTES_MAX`. */
  constructor(
    readonly hash: number,
    byteCount: number,
  ) {
    this.bytes = new Uint8Array(byteCount);
  }

  /** What to ask for now. */
  get next(): { readonly offset: number; readonly length: number } {
    const rest = this.bytes.length - this.#received;
    return { offset: this.#received, length: Math.min(DESCRIPTOR_CHUNK_BYTES_MAX, rest) };
  }

  take(offset: number, data: Uint8Array): ChunkResult {
    if (offset !== this.#received || this.#received === this.bytes.length) return 'ignored';
    if (data.length === 0 || data.length > this.bytes.length - offset) return this.#again();
    this.bytes.set(data, offset);
    this.#received += data.length;
    if (this.#received < this.bytes.length) return 'more';
    return crc32(this.bytes, 0, this.bytes.length) === this.hash ? 'done' : this.#again();
  }

  #again(): ChunkResult {
    this.#received = 0;
    this.#damaged++;
    return this.#damaged < DAMAGED_MAX ? 'more' : 'failed';
  }
}

const CACHE_ENTRIES = 32;

/** Descriptors by hash: a board that comes back is streaming again at once. Bounded, the least recently used goes. */
export class DescriptorCache {
  readonly #entries = new Map<string, Descriptor>();

  get(hash: number, byteCount: number): Descriptor | undefined {
    const key = `${hash}:${byteCount}`;
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found;
  }

  set(hash: number, byteCount: number, descriptor: Descriptor): void {
    this.#entries.set(`${hash}:${byteCount}`, descriptor);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > CACHE_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
  }
}
