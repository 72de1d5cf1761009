/** A board that only prints lines: its signals are found as they appear, and nothing of them can be verified. */
import type { Descriptor, SignalDescriptor } from '../codec/descriptor.js';
import type { PlainReading } from '../codec/plain.js';
import { SIGNALS_MAX } from '../codec/schema.js';
import type { Contract } from '../deadline/contract.js';
import { PlainMonitor } from '../deadline/plain-monitor.js';
import type { ReceivedFrame } from '../feed/frame.js';

/** A sketch that prints once a second is not silent between two lines, and a value of three seconds ago is still its newest. */
const contract: Contract = {
  class: 'soft',
  m: 1,
  k: 1,
  periodUs: 1_000_000,
  jitterUs: 1_000_000,
  deadlineUs: 1_000_000,
  lifespanUs: 3_000_000,
  leaseUs: 2_000_000,
  budgets: { firmwareUs: 0, linkUs: 0, hostUs: 0 },
  delivery: { outletUs: 1_000_000, consumerUs: 1_000_000 },
};

const PLAIN_STREAM = 'plain';

export class PlainStream {
  /** Number on the wire, if there were one. */
  readonly id = 0;
  readonly monitor: PlainMonitor;
  readonly contracts = { [PLAIN_STREAM]: contract };
  /** Names past the most that a stream can have. */
  refusedSignals = 0;
  readonly #signals = new Map<string, { index: number; unit: string }>();
  /** When each signal was printed last. */
  readonly #arrivalsUs = new Float64Array(SIGNALS_MAX);
  readonly #frame: ReceivedFrame = {
    stream: 0,
    flags: 0,
    lateUs: 0,
    execUs: 0,
    queueBytes: 0,
    skipped: 0,
    dropped: 0,
    wireBytes: 0,
    arrivalUs: 0,
    count: 0,
    values: new Float64Array(SIGNALS_MAX).fill(Number.NaN),
  };

  /** @param firstSeq number of the first line */
  constructor(
    private readonly baud: number,
    firstSeq = 0,
  ) {
    this.monitor = new PlainMonitor(contract, firstSeq);
  }

  /** Takes the readings of a line. @returns whether a signal was seen for the first time, so that `descriptor` has changed */
  take(readings: readonly PlainReading[], arrivalUs: number): boolean {
    const before = this.#signals.size;
    this.#frame.arrivalUs = arrivalUs;
    for (const { name, value, unit = '' } of readings) {
      let signal = this.#signals.get(name);
      if (signal === undefined) {
        if (this.#signals.size === SIGNALS_MAX) {
          this.refusedSignals++;
          continue;
        }
        signal = { index: this.#signals.size, unit };
        this.#signals.set(name, signal);
      }
      this.#frame.values[signal.index] = value;
      this.#arrivalsUs[signal.index] = arrivalUs;
    }
    this.#frame.count = this.#signals.size;
    this.#forgetOld(arrivalUs);
    return this.#signals.size !== before;
  }

  /** A line of some signals says nothing of the others: what was not printed for a lifespan has no value. */
  #forgetOld(nowUs: number): void {
    const { values, count } = this.#frame;
    for (let i = 0; i < count; i++) if (nowUs - this.#arrivalsUs[i]! > contract.lifespanUs) values[i] = Number.NaN;
  }

  get frame(): ReceivedFrame {
    return this.#frame;
  }

  /** What the board would say of itself if it could. */
  get descriptor(): Descriptor {
    const signals: SignalDescriptor[] = [...this.#signals].map(([name, { unit }]) => ({
      name,
      type: 'i32',
      scale: 1,
      offset: 0,
      unit,
    }));
    return {
      name: 'plain lines',
      mcu: 'unknown',
      firmware: 'unknown',
      build: '',
      tickHz: 0,
      baud: this.baud,
      armable: false,
      watchdogMs: 0,
      streams: [{ id: this.id, name: PLAIN_STREAM, periodUs: contract.periodUs, contract, signals }],
      commands: [],
    };
  }
}
