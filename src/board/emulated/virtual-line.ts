import type { EmulatedBoard } from './board.js';
import { type EmulatedBoardName, emulatedBoards } from './boards.js';
import type { Wire } from './wire.js';

export interface VirtualLineOptions {
  readonly board?: EmulatedBoardName;
  readonly image: Uint8Array;
  readonly bootRom?: Uint8Array | undefined;
  readonly seed: number;
  /** Virtual time between two looks at the line: what came meanwhile is one chunk. Default 250; 5000 while the port is closed. */
  readonly sliceUs?: number;
  /** Sees each chunk before the host does, with the virtual time at which its last byte ended; also while nobody has the port open. */
  readonly onChunk?: (bytes: Uint8Array, virtualUs: number) => void;
  /** Called after each slice, with the virtual time: the place to run the host's timers in virtual time. */
  readonly onSlice?: (virtualUs: number) => void;
}

const SLICE_US = 250;
/** While nobody has the port open, nobody can answer in between. */
const CLOSED_SLICE_US = 5000;
/** More than a slice of 30 ms at the fastest rate of the UART; a slice may not be longer. */
const CHUNK_BYTES_MAX = 32 * 1024;
const SLICE_US_MAX = 30_000;

/**
 * An emulated board and its line in virtual time, in this thread, unpaced: time moves only inside `runFor` and `runUntil`.
 * The host's code runs between the slices, and takes its time from `nowUs`; then the same seed gives the same run.
 */
export class VirtualLine implements Wire {
  readonly board: EmulatedBoard;
  private readonly sliceNs: number;
  private readonly onChunk: VirtualLineOptions['onChunk'];
  private readonly onSlice: VirtualLineOptions['onSlice'];
  private readonly chunk = new Uint8Array(CHUNK_BYTES_MAX);
  private chunkBytes = 0;
  private lastByteNs = 0;
  private onBytes: ((bytes: Uint8Array) => void) | undefined;
  private unsent: { bytes: Uint8Array; resolve: () => void }[] = [];
  private running = false;
  private stopped = false;

  /** @throws Error when the image would not boot, RangeError for a slice over 30 ms */
  constructor(options: VirtualLineOptions) {
    const { sliceUs = SLICE_US, board = 'pico', image, bootRom, seed } = options;
    if (!(sliceUs > 0 && sliceUs <= SLICE_US_MAX)) {
      throw new RangeError(`A slice of ${sliceUs} us: take one of more than 0 and at most ${SLICE_US_MAX} us.`);
    }
    this.sliceNs = sliceUs * 1e3;
    this.onChunk = options.onChunk;
    this.onSlice = options.onSlice;
    this.board = emulatedBoards[board].create({
      image,
      bootRom,
      seed,
      onByte: (byte, ns) => this.byteSent(byte, ns),
    });
  }

  /** Virtual time since power-on, in us. */
  get nowUs(): number {
    return this.board.nowNs / 1e3;
  }

  get connected(): boolean {
    return this.onBytes !== undefined;
  }

  connect(baud: number, onBytes: (bytes: Uint8Array) => void): void {
    this.onBytes = onBytes;
    this.setBaud(baud);
  }

  disconnect(): void {
    this.onBytes = undefined;
    for (const { resolve } of this.unsent.splice(0)) resolve();
  }

  setBaud(baud: number): void {
    this.board.hostBaud = baud;
  }

  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.unsent.push({ bytes, resolve });
      this.feedLine();
    });
  }

  /** Time stands still from now on: what runs ends after its slice, and nothing begins any more. */
  stop(): void {
    this.stopped = true;
    this.disconnect();
  }

  runFor(us: number): Promise<void> {
    return this.runUntil(this.nowUs + us);
  }

  /**
   * Lets virtual time pass, and the host's code take its turn after each slice.
   * @throws Error when it already runs
   */
  async runUntil(virtualUs: number): Promise<void> {
    if (this.running) throw new Error('The virtual line already runs: wait for the runUntil() before.');
    this.running = true;
    try {
      const endNs = virtualUs * 1e3;
      while (this.board.nowNs < endNs && !this.stopped) {
        const sliceNs = this.connected ? this.sliceNs : Math.max(this.sliceNs, CLOSED_SLICE_US * 1e3);
        this.board.runUntil(Math.min(endNs, this.board.nowNs + sliceNs));
        this.feedLine();
        const spoke = this.deliver();
        this.onSlice?.(this.nowUs);
        // An immediate comes after all that the chunk set off: promises, ticks, the stream's next read.
        if (spoke || this.onSlice !== undefined) await new Promise(setImmediate);
      }
    } finally {
      this.running = false;
    }
  }

  private byteSent(byte: number, ns: number): void {
    this.chunk[this.chunkBytes++] = byte;
    this.lastByteNs = ns;
  }

  private deliver(): boolean {
    if (this.chunkBytes === 0) return false;
    const bytes = this.chunk.slice(0, this.chunkBytes);
    this.chunkBytes = 0;
    this.onChunk?.(bytes, this.lastByteNs / 1e3);
    this.onBytes?.(bytes);
    return true;
  }

  private feedLine(): void {
    for (let first = this.unsent[0]; first !== undefined && this.board.receiveRoom > 0; first = this.unsent[0]) {
      const piece = first.bytes.subarray(0, this.board.receiveRoom);
      this.board.receive(piece);
      first.bytes = first.bytes.subarray(piece.length);
      if (first.bytes.length > 0) return;
      this.unsent.shift();
      first.resolve();
    }
  }
}
