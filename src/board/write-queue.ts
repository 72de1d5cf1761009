/**
 * Writes without libuv's thread pool: straight to the non-blocking descriptor, and what the driver does not take at
 * once waits in a bounded queue until the descriptor is writable. A message is queued whole or refused whole: half a
 * frame would cost the board the next one too.
 */
import { writeSync } from 'node:fs';

/** Holds 70 ms of a line at 921600 baud: what has waited longer than that had better not be sent at all. */
export const WRITE_QUEUE_BYTES = 8192;

export interface WriteCounters {
  writtenBytes: number;
  /** Messages that found the queue full, or the port dead. */
  refusedMessages: number;
  /** Most bytes that ever waited. */
  queuedBytesMax: number;
}

/** Calls back once, when the descriptor takes bytes again. */
export type WaitWritable = (callback: (error: Error | null) => void) => void;

export class WriteQueue {
  readonly counters: WriteCounters = { writtenBytes: 0, refusedMessages: 0, queuedBytesMax: 0 };
  readonly #queue = new Uint8Array(WRITE_QUEUE_BYTES);
  #start = 0;
  #end = 0;
  #broken = false;

  constructor(
    private readonly fd: number,
    private readonly waitWritable: WaitWritable,
    private readonly onError: (error: Error) => void,
  ) {}

  get queuedBytes(): number {
    return this.#end - this.#start;
  }

  get freeBytes(): number {
    return this.#broken ? 0 : WRITE_QUEUE_BYTES - this.queuedBytes;
  }

  /** Sends or queues all of `bytes` (copied); false when they were refused. Never blocks, never throws. */
  send(bytes: Uint8Array): boolean {
    if (this.#broken || this.queuedBytes + bytes.length > WRITE_QUEUE_BYTES) {
      this.counters.refusedMessages++;
      return false;
    }
    if (this.queuedBytes > 0) {
      this.#append(bytes, 0);
      return true;
    }
    const taken = this.#write(bytes, 0, bytes.length);
    if (taken < 0) {
      this.counters.refusedMessages++;
      return false;
    }
    if (taken < bytes.length) {
      this.#append(bytes, taken);
      this.waitWritable(this.#onWritable);
    }
    return true;
  }

  /** The port is closed: nothing is written any more. */
  stop(): void {
    this.#broken = true;
    this.#start = this.#end = 0;
  }

  #append(bytes: Uint8Array, from: number): void {
    if (this.#end + bytes.length - from > WRITE_QUEUE_BYTES) {
      this.#queue.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    for (let i = from; i < bytes.length; i++) this.#queue[this.#end++] = bytes[i]!;
    this.counters.queuedBytesMax = Math.max(this.counters.queuedBytesMax, this.queuedBytes);
  }

  readonly #onWritable = (error: Error | null): void => {
    if (this.#broken) return;
    if (error !== null) {
      this.#fail(error);
      return;
    }
    const taken = this.#write(this.#queue, this.#start, this.queuedBytes);
    if (taken < 0) return;
    this.#start += taken;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    else this.waitWritable(this.#onWritable);
  };

  /** Bytes that the driver took, 0 when it is full, -1 when the port is dead. */
  #write(bytes: Uint8Array, offset: number, length: number): number {
    try {
      const taken = writeSync(this.fd, bytes, offset, length);
      this.counters.writtenBytes += taken;
      return taken;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EINTR') return 0;
      this.#fail(error as Error);
      return -1;
    }
  }

  #fail(error: Error): void {
    this.stop();
    this.onError(error);
  }
}
