/** The bridge's own loop, with everything that it is given written down. */

import type { Arrival } from '../codec/decoder.js';
import type { LinkState } from '../feed/slot.js';
import { BoardLoop } from '../loop/board-loop.js';
import type { BoardLoopOptions, LoopEvidence, LoopPort } from '../loop/surroundings.js';
import type { BoardCommand, CommandAnswer } from '../outlet.js';
import type { Recording } from './recording.js';

export class RecordedLoop extends BoardLoop {
  readonly #recording: Recording;
  readonly #nowUs: () => number;
  /** What the loop calls of itself is no input. */
  #isInside = false;

  constructor(options: BoardLoopOptions, recording: Recording) {
    super(listening(options, recording));
    this.#recording = recording;
    this.#nowUs = () => options.clock.nowUs();
    const nowUs = this.#nowUs();
    recording.loop = {
      path: options.config.path,
      baud: options.config.baud,
      timedLine: options.timedLine,
      evidence: options.evidence === null ? null : { measured: true },
      hasEmulatorLag: options.emulatorLagUs !== undefined,
      utcAtZeroUs: options.clock.utcUs(nowUs) - nowUs,
    };
  }

  override opened({ path, send }: LoopPort, nowUs: number): void {
    this.#recording.add('opened', nowUs, { path });
    const said = (bytes: Uint8Array): boolean => this.#recording.said(bytes, this.#nowUs(), send);
    this.#enter(() => super.opened({ path, send: said }, nowUs));
  }

  override closed(reason: string, state: LinkState, nowUs: number): void {
    this.#recording.add('closed', nowUs, { reason, state });
    this.#enter(() => super.closed(reason, state, nowUs));
  }

  override suspected(text: string): void {
    this.#recording.add('suspected', this.#nowUs(), { text });
    super.suspected(text);
  }

  override chunk(bytes: Uint8Array, arrival: Arrival): void {
    this.#recording.chunk(bytes, this.#nowUs(), arrival.arrivalUs);
    this.#enter(() => super.chunk(bytes, arrival));
  }

  override looked(nowUs: number): void {
    if (this.#isInside) super.looked(nowUs);
    else {
      this.#recording.add('looked', nowUs, undefined);
      this.#enter(() => super.looked(nowUs));
    }
  }

  override tick(nowUs: number): void {
    this.#recording.add('tick', nowUs, undefined);
    this.#enter(() => super.tick(nowUs));
  }

  override ask(command: BoardCommand, nowUs: number, done: (answer: CommandAnswer) => void): void {
    this.#recording.add('ask', nowUs, { command });
    this.#enter(() => super.ask(command, nowUs, done));
  }

  #enter(work: () => void): void {
    this.#isInside = true;
    try {
      work();
    } finally {
      this.#isInside = false;
    }
  }
}

/** What the loop asks for is an input, too: random numbers, the judging stamp, the evidence, the emulator's lag. */
function listening(options: BoardLoopOptions, recording: Recording): BoardLoopOptions {
  const { clock, random32, evidence, emulatorLagUs } = options;
  return {
    ...options,
    clock: {
      nowUs: () => clock.nowUs(),
      utcUs: (atUs) => clock.utcUs(atUs),
      stamp: (into) => {
        clock.stamp(into);
        recording.judged(into.judgedUs);
      },
    },
    random32: () => {
      const value = random32();
      recording.add('random', clock.nowUs(), { value });
      return value;
    },
    evidence: evidence && ((periodUs, onEmpty) => watched(evidence(periodUs, onEmpty), recording)),
    ...(emulatorLagUs === undefined
      ? {}
      : {
          emulatorLagUs: (fromUs: number, toUs: number) => {
            const us = emulatorLagUs(fromUs, toUs);
            recording.add('lag', toUs, { us: us ?? null });
            return us;
          },
        }),
  };
}

function watched(evidence: LoopEvidence, recording: Recording): LoopEvidence {
  const { samples } = evidence;
  if (recording.loop?.evidence) recording.loop.evidence.measured = samples.measured;
  const add = samples.add.bind(samples);
  samples.add = (look, atUs, ...figures) => {
    recording.add('sample', atUs, { look, figures });
    add(look, atUs, ...figures);
  };
  return evidence;
}
