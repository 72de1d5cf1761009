/** Connection, decoder and session put together as the loop does it, with nothing behind them but a log: for tests of the way up to there. */
import { randomBytes } from 'node:crypto';
import { Decoder } from '../../codec/decoder.js';
import { encodeBinary, encodeText } from '../../codec/encode.js';
import { monotonicUs } from '../../host-clock.js';
import { Connection } from '../connection.js';
import { DescriptorCache } from '../descriptor-transfer.js';
import { Session } from '../session.js';
import type { EncodingChoice, Established, SessionEvent } from '../session-terms.js';

const TICK_MS = 10;

export class TestHost {
  readonly events: SessionEvent[] = [];
  readonly failures: string[] = [];
  /** Good frames of the session in force, and whether their numbers had a gap. */
  frames = 0;
  gaps = 0;
  readonly session: Session;
  readonly decoder: Decoder;
  readonly connection: Connection;
  readonly #ticking: NodeJS.Timeout;
  #nextSeq = -1;

  constructor(resolve: () => string | null, encoding: EncodingChoice = 'auto') {
    this.session = new Session({
      encoding,
      cache: new DescriptorCache(),
      random32: () => randomBytes(4).readUInt32LE(),
      output: {
        send: (message, as) => this.connection.send(as === 'text' ? encodeText(message) : encodeBinary(message)),
        expect: (expected, tag) => {
          this.decoder.expect(expected);
          this.decoder.expectSession(tag);
        },
        event: (event) => this.#onEvent(event),
      },
    });
    const { session } = this;
    this.decoder = new Decoder({
      data: ({ seq }) => {
        session.data();
        this.frames++;
        if (this.#nextSeq !== -1 && seq !== this.#nextSeq) this.gaps++;
        this.#nextSeq = (seq + 1) >>> 0;
      },
      message: (message, arrivalUs) => session.message(message, arrivalUs),
      plain: (_, arrivalUs) => session.unanswered(arrivalUs),
      text: (_, arrivalUs) => session.unanswered(arrivalUs),
      corrupt: () => {},
      foreign: (_, arrivalUs) => session.foreign(arrivalUs),
      fallback: (arrivalUs) => session.fallback(arrivalUs),
      monitor: (arrivalUs) => session.monitor(arrivalUs),
    });
    this.connection = new Connection(
      { name: 'test', baud: 921_600, resolve: async () => resolve() },
      {
        opened: (_, atUs) => {
          this.decoder.reset();
          session.opened(atUs);
        },
        chunk: (bytes, arrival) => {
          session.received(arrival);
          this.decoder.push(bytes, arrival);
        },
        closed: () => session.closed(),
        failed: (error) => this.failures.push(error.code),
      },
    );
    this.#ticking = setInterval(() => session.tick(monotonicUs()), TICK_MS);
    this.connection.open();
  }

  /** The boots that sessions were established with, in order. */
  get boots(): number[] {
    return this.events.filter((event) => event.type === 'established').map((event) => (event as Established).bootId);
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    await this.connection.close();
  }

  #onEvent(event: SessionEvent): void {
    this.events.push(event);
    if (event.type !== 'established') return;
    this.decoder.layouts(event.descriptor.streams);
    this.frames = 0;
    this.#nextSeq = -1;
  }
}
