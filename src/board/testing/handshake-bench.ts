/** A session and a scripted board on a line in virtual time, which may lose and repeat messages, or not be heard at all in the wrong encoding. */
import type { HostMessage } from '../../codec/message.js';
import { type Encoding, SESSION_NONE } from '../../codec/schema.js';
import { DescriptorCache } from '../descriptor-transfer.js';
import { Session } from '../session.js';
import type { EncodingChoice, SessionEvent } from '../session-terms.js';
import { type BoardMessage, ScriptedBoard, type ScriptedBoardOptions } from './scripted-board.js';

const STEP_US = 1000;

/** What the line does to a message. `n` counts the messages of both directions. */
export type Fate = (message: HostMessage | BoardMessage, n: number) => 'pass' | 'lose' | 'repeat';

export class HandshakeBench {
  nowUs = 0;
  readonly events: SessionEvent[] = [];
  readonly sent: HostMessage[] = [];
  readonly board: ScriptedBoard;
  readonly session: Session;
  fate: Fate = () => 'pass';
  #expected: { encoding: Encoding; tag: number | null } = { encoding: 'text', tag: null };
  #toBoard: (() => void)[] = [];
  #toHost: (() => void)[] = [];
  #count = 0;
  #nonce = 1000;

  constructor(options: ScriptedBoardOptions & { choice?: EncodingChoice; cache?: DescriptorCache } = {}) {
    this.board = new ScriptedBoard(
      (message, encoding) => this.#carry(message, () => this.#hear(message, encoding)),
      options,
    );
    this.session = new Session({
      encoding: options.choice ?? 'auto',
      cache: options.cache ?? new DescriptorCache(),
      random32: () => this.#nonce++,
      output: {
        send: (message, encoding) => {
          this.sent.push(message);
          this.#carry(message, () => this.board.receive(message, encoding), true);
        },
        expect: (encoding, tag) => {
          this.#expected = { encoding, tag };
        },
        event: (event) => this.events.push(event),
      },
    });
  }

  get types(): string[] {
    return this.events.map((event) => event.type);
  }

  open(): void {
    this.session.opened(this.nowUs);
  }

  /** Runs until `done` holds; false when it did not within the time. */
  run(seconds: number, done: () => boolean = () => false): boolean {
    const endUs = this.nowUs + seconds * 1e6;
    for (; this.nowUs < endUs; this.nowUs += STEP_US) {
      if (done()) return true;
      const toBoard = this.#toBoard.splice(0);
      const toHost = this.#toHost.splice(0);
      for (const deliver of toBoard) deliver();
      for (const deliver of toHost) deliver();
      this.session.tick(this.nowUs);
      // The monitor prints at 10 Hz, a stream runs at 1 kHz.
      if (this.board.isStreaming || this.nowUs % 100_000 === 0) this.board.release();
    }
    return done();
  }

  #carry(message: HostMessage | BoardMessage, deliver: () => void, toBoard = false): void {
    const fate = this.fate(message, this.#count++);
    const queue = toBoard ? this.#toBoard : this.#toHost;
    if (fate !== 'lose') queue.push(deliver);
    if (fate === 'repeat') queue.push(deliver);
  }

  /** What decoder and host do with a message: one in the other encoding is noise; two text lines on a binary line are a fallback. */
  #hear(message: BoardMessage, encoding: Encoding): void {
    const { nowUs, session } = this;
    session.received({ arrivalUs: nowUs });
    if (encoding !== this.#expected.encoding) {
      if (encoding === 'binary') return;
      this.#expected = { ...this.#expected, encoding: 'text' };
      session.fallback(nowUs); // the decoder then reads the same bytes as text
    }
    const tag = 'session' in message ? message.session : SESSION_NONE;
    const { tag: expected } = this.#expected;
    if (message.name === 'data' && tag === SESSION_NONE) session.monitor(nowUs);
    else if (tag !== SESSION_NONE && expected !== null && tag !== expected) session.foreign(nowUs);
    else if (message.name !== 'data') session.message(message, nowUs);
    else if (expected !== null) session.data();
  }
}
