import { Worker } from 'node:worker_threads';
import type { ResetBy } from './board.js';
import type { EmulatedBoardName } from './boards.js';
import type { FromPacer, PacerCounters, PacerStart, ToPacer } from './pacer.js';
import type { Pty } from './pty.js';
import type { Wire } from './wire.js';

export interface PacedLineOptions {
  readonly board: EmulatedBoardName;
  readonly image: Uint8Array;
  readonly bootRom?: Uint8Array | undefined;
  readonly seed: number;
  /** The host is on this pseudo-terminal; without it, it is on `connect` and `send`. */
  readonly pty?: Pty;
  readonly onChunk?: (bytes: Uint8Array, virtualUs: number) => void;
  /** The worker ended by itself: a defect, or an image that uses a boot ROM which is not there. */
  readonly onFailure: (error: Error) => void;
}

/** Pieces that the worker takes at once: a quarter of what the line's queue holds. */
const PIECE_BYTES = 1024;
const STOP_MS = 2000;

/** The worker, from the build also when this runs from its source: workers cannot load TypeScript on Node 20. */
const workerUrl = new URL(
  import.meta.url.replace(/\/src\/(.*)\/[^/]*\.ts$/, '/dist/$1/').replace(/[^/]*$/, 'pacer.js'),
);

/** An emulated board paced to the wall clock, in a worker. As a `Wire` it needs no pseudo-terminal: macOS, Windows. */
export class PacedLine implements Wire {
  private readonly mail = new Int32Array(new SharedArrayBuffer(4));
  private readonly worker: Worker;
  private readonly exited: Promise<void>;
  private onBytes: ((bytes: Uint8Array) => void) | undefined;
  private taken: (() => void) | undefined;
  private countersAsked: ((counters: PacerCounters) => void)[] = [];
  private stopping = false;

  private constructor(
    private readonly options: PacedLineOptions,
    onReady: (lagPath: string) => void,
  ) {
    const { board, image, bootRom, seed, pty } = options;
    const workerData: PacerStart = { board, image, bootRom, seed, pty, mail: this.mail.buffer };
    this.worker = new Worker(workerUrl, { workerData, execArgv: [], trackUnmanagedFds: false });
    this.worker.on('message', (message: FromPacer) => {
      if (message.type === 'ready') onReady(message.lagPath);
      else this.receive(message);
    });
    this.worker.on('error', (error) => options.onFailure(error));
    this.exited = new Promise((resolve) => {
      this.worker.once('exit', (code) => {
        if (!this.stopping) options.onFailure(new Error(`The worker of the emulated ${board} ended with ${code}.`));
        resolve();
      });
    });
  }

  /** Starts the board; resolves when it has been warmed up and runs. */
  static start(options: PacedLineOptions): Promise<{ line: PacedLine; lagPath: string }> {
    return new Promise((resolve, reject) => {
      let started = false;
      const onFailure = (error: Error) => (started ? options.onFailure(error) : reject(error));
      const line = new PacedLine({ ...options, onFailure }, (lagPath) => {
        started = true;
        resolve({ line, lagPath });
      });
    });
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
  }

  setBaud(baud: number): void {
    this.post({ type: 'baud', baud });
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.stopping; at += PIECE_BYTES) {
      const piece = bytes.slice(at, at + PIECE_BYTES);
      await new Promise<void>((resolve) => {
        this.taken = resolve;
        this.post({ type: 'bytes', bytes: piece });
      });
    }
  }

  reset(by: ResetBy): void {
    this.post({ type: 'reset', by });
  }

  /** Changes the pseudo-terminal; undefined: none, the board goes on without. The one before is closed. */
  plug(pty: Pty | undefined): void {
    this.post({ type: 'plug', pty });
  }

  counters(): Promise<PacerCounters> {
    return new Promise((resolve) => {
      this.countersAsked.push(resolve);
      this.post({ type: 'counters' });
    });
  }

  /** Ends the worker; bounded. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.taken?.();
    this.post({ type: 'stop' });
    const timer = setTimeout(() => void this.worker.terminate(), STOP_MS);
    await this.exited;
    clearTimeout(timer);
  }

  private post(message: ToPacer): void {
    this.worker.postMessage(message);
    Atomics.add(this.mail, 0, 1);
    Atomics.notify(this.mail, 0);
  }

  private receive(message: FromPacer): void {
    if (message.type === 'bytes') {
      this.options.onChunk?.(message.bytes, message.virtualUs);
      this.onBytes?.(message.bytes);
    } else if (message.type === 'taken') {
      const { taken } = this;
      this.taken = undefined;
      taken?.();
    } else if (message.type === 'counters') {
      for (const resolve of this.countersAsked.splice(0)) resolve(message.counters);
    }
  }
}
