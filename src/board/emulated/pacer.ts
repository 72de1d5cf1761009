/**
 * Worker that runs an emulated board paced to the wall clock, with the host at the other end of a pseudo-terminal or of
 * messages. A worker of its own because it waits with `Atomics.wait`: `setTimeout` is late by more than a millisecond.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { monotonicUs } from '../../host-clock.js';
import type { EmulatedBoard, ResetBy } from './board.js';
import { type EmulatedBoardName, emulatedBoards } from './boards.js';
import { LagWriter } from './lag.js';
import { Outbox } from './outbox.js';
import { Pacing } from './pacing.js';
import { type Pty, PtyEnd } from './pty.js';

/** `workerData`. */
export interface PacerStart {
  readonly board: EmulatedBoardName;
  readonly image: Uint8Array;
  readonly bootRom: Uint8Array | undefined;
  readonly seed: number;
  /** Undefined: the host is on this worker's message port. */
  readonly pty: Pty | undefined;
  /** Int32[1], raised by one with each message, so that the worker looks for it only then. */
  readonly mail: SharedArrayBuffer;
}

export type ToPacer =
  /** At most 1 KiB, and the next one only after `taken`. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'baud'; readonly baud: number | undefined }
  | { readonly type: 'reset'; readonly by: ResetBy }
  /** `pty` undefined: the port is gone, the board goes on. */
  | { readonly type: 'plug'; readonly pty: Pty | undefined }
  | { readonly type: 'counters' }
  | { readonly type: 'stop' };

export type FromPacer =
  | { readonly type: 'ready'; readonly lagPath: string }
  /** `virtualUs`: when the last of them ended on the wire. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly virtualUs: number }
  | { readonly type: 'taken' }
  | { readonly type: 'counters'; readonly counters: PacerCounters };

export interface PacerCounters {
  readonly virtualUs: number;
  readonly skippedUs: number;
  readonly unheardBytes: number;
  readonly droppedBytes: number;
  readonly resets: number;
}

const OUTBOX_BYTES = 64 * 1024;
/** Enough for V8 to compile the interpreter's hot paths: without it the largest stalls come in the first half second. */
const WARM_UP_NS = 2e9;

const start = workerData as PacerStart;
const port = parentPort!;
const mail = new Int32Array(start.mail);

class PacedRun {
  private readonly outbox = new Outbox(OUTBOX_BYTES);
  /** Gives out the board: nothing else may. */
  private readonly pacing: Pacing<EmulatedBoard>;
  private readonly lag = new LagWriter();
  private readonly inbox = new Uint8Array(4096);
  private pty: PtyEnd | undefined;
  private unheardBefore = 0;
  private lastByteNs = 0;
  private stopped = false;
  private held: Uint8Array | undefined;
  private lettersRead = 0;
  private readonly take: (buffer: Uint8Array, length: number) => number;

  constructor() {
    warmUp();
    this.pty = start.pty && new PtyEnd(start.pty);
    this.take = start.pty === undefined ? this.toMessages : this.toPty;
    const board = emulatedBoards[start.board].create({
      image: start.image,
      bootRom: start.bootRom,
      seed: start.seed,
      onByte: (byte, virtualNs) => {
        this.lastByteNs = virtualNs;
        this.outbox.push(byte);
      },
    });
    this.pacing = new Pacing(board, monotonicUs);
    send({ type: 'ready', lagPath: this.lag.path });
  }

  run(): void {
    try {
      while (!this.stopped) this.turn();
    } finally {
      this.pty?.close();
      this.lag.close();
    }
  }

  private turn(): void {
    const letters = Atomics.load(mail, 0);
    this.pacing.step();
    this.readMail();
    this.fromMessages();
    this.fromPty();
    this.outbox.drain(this.take);
    const nowUs = monotonicUs();
    this.lag.record(nowUs, this.pacing.lagUs(nowUs));
    const waitUs = this.pacing.waitUs(nowUs);
    if (waitUs > 0) Atomics.wait(mail, 0, letters, waitUs / 1e3);
  }

  private fromPty(): void {
    if (this.pty === undefined) return;
    const board = this.pacing.atNow();
    const room = Math.min(this.inbox.length, board.receiveRoom);
    const count = this.pty.receive(this.inbox, room);
    if (count > 0) board.receive(this.inbox.subarray(0, count));
  }

  /** The sender waits for `taken`, so there is never more than one piece. */
  private fromMessages(): void {
    if (this.held === undefined) return;
    const board = this.pacing.atNow();
    if (board.receiveRoom < this.held.length) return;
    board.receive(this.held);
    this.held = undefined;
    send({ type: 'taken' });
  }

  private readonly toPty = (buffer: Uint8Array, length: number): number => {
    if (this.pty !== undefined) return this.pty.send(buffer, length);
    this.unheardBefore += length;
    return length;
  };

  private readonly toMessages = (buffer: Uint8Array, length: number): number => {
    send({ type: 'bytes', bytes: buffer.slice(0, length), virtualUs: this.lastByteNs / 1e3 });
    return length;
  };

  private readMail(): void {
    const letters = Atomics.load(mail, 0);
    if (letters === this.lettersRead) return;
    this.lettersRead = letters;
    for (;;) {
      const letter = receiveMessageOnPort(port) as { message: ToPacer } | undefined;
      if (letter === undefined) return;
      this.handle(letter.message);
    }
  }

  private handle(message: ToPacer): void {
    switch (message.type) {
      case 'bytes':
        this.held = message.bytes;
        this.fromMessages();
        return;
      case 'baud':
        this.pacing.atNow().hostBaud = message.baud;
        return;
      case 'reset':
        this.pacing.atNow().reset(message.by);
        return;
      case 'plug':
        if (this.pty !== undefined) this.unheardBefore += this.pty.unheardBytes;
        this.pty?.close();
        this.pty = message.pty && new PtyEnd(message.pty);
        return;
      case 'counters':
        send({ type: 'counters', counters: this.counters });
        return;
      case 'stop':
        this.stopped = true;
    }
  }

  private get counters(): PacerCounters {
    const board = this.pacing.atNow();
    return {
      virtualUs: board.nowNs / 1e3,
      skippedUs: this.pacing.skippedUs,
      unheardBytes: this.unheardBefore + (this.pty?.unheardBytes ?? 0),
      droppedBytes: this.outbox.droppedBytes,
      resets: board.resets,
    };
  }
}

function send(message: FromPacer): void {
  port.postMessage(message);
}

function warmUp(): void {
  const { image, bootRom, seed } = start;
  emulatedBoards[start.board].create({ image, bootRom, seed, onByte: () => {} }).runUntil(WARM_UP_NS);
}

new PacedRun().run();
