/**
 * Reads without libuv's thread pool and without garbage: a terminal stream with one preallocated buffer, on a second
 * descriptor of the port that serialport has opened, configured and locked. Settings belong to the device, the lock
 * to serialport's own descriptor, so both stay in force.
 *
 * The second descriptor is needed because libuv opens pseudo-terminals anew: given serialport's, it would drop its lock.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type ReadStream, ReadStream as TtyReadStream } from 'node:tty';
import type { Arrival } from '../codec/decoder.js';
import { stampArrival } from '../host-clock.js';

/** Where a port's bytes go. */
export interface ReceiveSink {
  /** `bytes` and `arrival` are valid only during the call; the stamp was taken before anything else was done with the bytes. */
  chunk(bytes: Uint8Array, arrival: Arrival): void;
  /** The device has gone; nothing follows. Called at most once. */
  hangup(cause: Error): void;
}

const BUFFER_BYTES = 65_536;
/** The kernel's line discipline hands out at most this much at once (N_TTY_BUF_SIZE). */
const CACHED_VIEWS = 4096;

/** A reused buffer whose views are made once per length, so that a steady line costs no garbage. */
class ReadBuffer {
  readonly bytes = new Uint8Array(BUFFER_BYTES);
  readonly #views: (Uint8Array | undefined)[] = new Array(CACHED_VIEWS + 1);

  first(length: number): Uint8Array {
    if (length > CACHED_VIEWS) return this.bytes.subarray(0, length);
    let view = this.#views[length];
    if (view === undefined) {
      view = this.bytes.subarray(0, length);
      this.#views[length] = view;
    }
    return view;
  }
}

/** The descriptor that a stream reads from; undefined on a Node that no longer says. */
function handleFd(stream: ReadStream): number | undefined {
  const { fd } = (stream as unknown as { _handle?: { fd?: number } })._handle ?? {};
  return fd !== undefined && fd >= 0 ? fd : undefined;
}

/** Opens what `fd` has open once more, by inode: the path may lead to another device by now. */
function reopen(fd: number): ReadStreamOnItsOwn {
  const second = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  const buffer = new ReadBuffer();
  const state: { onBytes: (length: number) => void } = { onBytes: () => {} };
  const options = {
    onread: {
      buffer: buffer.bytes,
      callback(length: number) {
        state.onBytes(length);
        return true;
      },
    },
  };
  // tty.ReadStream hands its options to net.Socket, whose `onread` the types of tty do not show.
  const stream = new TtyReadStream(second, options as ConstructorParameters<typeof TtyReadStream>[1]);
  const own = handleFd(stream);
  if (own !== undefined && own !== second) closeSync(second);
  if (own !== undefined && fstatSync(own).rdev !== fstatSync(fd).rdev) {
    stream.destroy();
    throw Object.assign(new Error('the device was replaced while it was being opened'), { code: 'EIO' });
  }
  return { stream, buffer, state };
}

interface ReadStreamOnItsOwn {
  readonly stream: ReadStream;
  readonly buffer: ReadBuffer;
  readonly state: { onBytes: (length: number) => void };
}

export class FastReader {
  readBytes = 0;
  /** Non-blocking reads that proved the port empty. */
  provenEmpty = 0;
  readonly #own: ReadStreamOnItsOwn;
  readonly #drained = new ReadBuffer();
  readonly #arrival = { arrivalUs: Number.NaN };
  #ended = false;

  /** Starts reading at once. `fd` stays the caller's. Throws what opening the device once more throws. */
  constructor(
    private readonly fd: number,
    private readonly sink: ReceiveSink,
  ) {
    this.#own = reopen(fd);
    this.#own.state.onBytes = (length) => {
      stampArrival(this.#arrival);
      this.#push(this.#own.buffer, length);
    };
    const { stream } = this.#own;
    stream.on('error', (error) => this.#hangup(error));
    // A tty that was hung up (unplugged USB) reads as end of file, not as an error.
    stream.on('end', () => this.#hangup(new Error('end of file: the terminal was hung up')));
    stream.resume();
  }

  /**
   * One non-blocking read. 0 proves that nothing was readable at that instant; otherwise what was found has been given
   * to the sink, and its length is returned. -1 when the port is dead or closed: that proves nothing.
   */
  drainNow(): number {
    if (this.#ended) return -1;
    let length: number;
    // Only of the read: what the sink throws is a bug, and no cable that was pulled.
    try {
      length = readSync(this.fd, this.#drained.bytes, 0, BUFFER_BYTES, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') {
        this.provenEmpty++;
        return 0;
      }
      // An interrupted read looked at nothing.
      if (code !== 'EINTR') this.#hangup(error as Error);
      return -1;
    }
    if (length === 0) {
      this.#hangup(new Error('end of file: the terminal was hung up'));
      return -1;
    }
    stampArrival(this.#arrival);
    this.#push(this.#drained, length);
    return length;
  }

  /** Stops reading. Do this before serialport closes its own descriptor: the last one to close may wait for the line to drain. */
  close(): void {
    this.#ended = true;
    this.#own.stream.destroy();
  }

  #push(buffer: ReadBuffer, length: number): void {
    if (this.#ended) return;
    this.readBytes += length;
    this.sink.chunk(buffer.first(length), this.#arrival);
  }

  #hangup(cause: Error): void {
    if (this.#ended) return;
    this.close();
    this.sink.hangup(cause);
  }
}
