/**
 * A recording in place of a board: the bridge's own loop gets the recorded bytes with their stamps, its ticks and looks,
 * its random numbers, in virtual time. Each step of the test ends where it ended in the recording. What the loop says is
 * compared with what it said, and goes nowhere.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { SeededRandom } from '../board/emulated/random.js';
import { SampleRing } from '../deadline/samples.js';
import { Feed } from '../feed/feed.js';
import type { RingReader } from '../feed/outlet-reader.js';
import type { LinkState } from '../feed/slot.js';
import { BoardLoop } from '../loop/board-loop.js';
import type { LoopEvidence } from '../loop/surroundings.js';
import type { CommandAnswer } from '../outlet.js';
import type { Artefact } from './artefact.js';
import { boardConfig } from './bridge-config.js';
import { LineFaults } from './line-faults.js';
import type { Entry, EntryKind, EntryPayloads, Recording, StepKind } from './recording.js';
import { ReplayedPins } from './replayed-pins.js';
import type { Io, OutletPorts, Rig } from './rig.js';
import { RecordingEnded } from './test-verdict.js';
import type { Trace } from './trace.js';
import { readTrace } from './trace-reader.js';

/** How often the rings are emptied: far before they are full. */
const DRAIN_ENTRIES = 256;

/** Written down while the loop was in a turn. */
const meanwhile: ReadonlySet<EntryKind> = new Set(['tx', 'random', 'sample', 'lag']);

export class ReplayRig implements Rig {
  readonly trace: Trace;
  readonly loop: BoardLoop;
  readonly httpPort = null;
  readonly noise = null;
  readonly faults: LineFaults | null;
  readonly io: Io | null;
  /** What the loop said, beside what it said when it was recorded. */
  readonly said = { equal: 0, different: 0 };
  readonly #artefact: Artefact;
  readonly #recording: Recording;
  readonly #random: SeededRandom;
  readonly #feed = Feed.create({ slotsPerSecond: 1000, seconds: 4 });
  readonly #reader: RingReader;
  readonly #port: MessagePort;
  readonly #pins: ReplayedPins;
  #samples: SampleRing;
  /** Next entry; of the kinds that are asked for out of turn, where the search for the next goes on. */
  #next = 0;
  #nextRandom = 0;
  #nextSaid = 0;
  #nowUs = 0;
  #judgedUs = 0;
  #answers: CommandAnswer[] = [];

  constructor(artefact: Artefact, trace: (nowUs: () => number) => Trace) {
    const { recording, seed, loop } = artefact;
    this.#artefact = artefact;
    this.#recording = recording;
    this.#random = new SeededRandom(seed);
    this.#nowUs = recording.length > 0 ? recording.at(0).atUs : 0;
    this.#samples = new SampleRing(loop.evidence?.measured ?? false);
    this.#pins = new ReplayedPins(recording);
    this.trace = trace(() => this.#nowUs);
    this.faults = artefact.faultBackEnd === null ? null : this.#newFaults(artefact.faultBackEnd);
    this.io = artefact.capabilities.includes('io') ? this.#pins.io : null;
    this.loop = this.#newLoop();
    const { port1, port2 } = new MessageChannel();
    this.#port = port2;
    this.#reader = readTrace({ feed: this.#feed, path: loop.path, trace: this.trace, consumer: 0, port: port1 });
  }

  nowUs(): number {
    return this.#nowUs;
  }

  async pass(ms: number): Promise<void> {
    this.#step('pass', `${ms} ms`);
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    this.#step('until', what);
    if (!condition()) throw new Error(`replay: "${what}" held in the recording, and does not now${this.#since()}`);
  }

  async command(name: string, values: readonly number[]): Promise<CommandAnswer> {
    this.#answers = [];
    const detail = [name, ...values].join(' ');
    const { answer } = this.#step('command', detail);
    const now = this.#answers[0] ?? answer;
    if (now === null) throw new Error(`replay: the recording has no answer to "${detail}"`);
    return now;
  }

  async freeze(ms: number): Promise<void> {
    this.#step('freeze', `${ms} ms`);
  }

  async outlets(): Promise<OutletPorts> {
    return this.trace.refuse('a recording holds no clients of the outlets, so this test cannot be replayed');
  }

  async reset(by: string): Promise<void> {
    this.#step('reset', by);
  }

  async unplug(ms: number): Promise<void> {
    this.#step('unplug', `${ms} ms`);
  }

  async close(): Promise<void> {
    this.loop.dispose();
    this.#reader.drain();
    this.#reader.close();
    this.#port.close();
  }

  #newLoop(): BoardLoop {
    const { loop: terms } = this.#artefact;
    return new BoardLoop({
      index: 0,
      config: { ...boardConfig(terms.path), baud: terms.baud },
      provisionalId: 'board-1',
      feed: this.#feed,
      clock: {
        nowUs: () => this.#loopNowUs(),
        utcUs: (atUs) => terms.utcAtZeroUs + atUs,
        stamp: (into) => {
          into.judgedUs = this.#judgedUs;
        },
      },
      random32: () => this.#random32(),
      timedLine: terms.timedLine,
      evidence: terms.evidence && (() => this.#evidence()),
      ...(terms.hasEmulatorLag ? { emulatorLagUs: () => this.#lagUs() } : {}),
      isTaken: () => false,
    });
  }

  /** The damage is in the recorded bytes: a fault only has to be told, and to take its time. */
  #newFaults(kind: NonNullable<Artefact['faultBackEnd']>): LineFaults {
    const { tellFault, refuse } = this.trace;
    const faults = new LineFaults({
      seed: this.#artefact.seed,
      nowUs: () => this.#nowUs,
      onFault: tellFault,
      refuse,
      backEnd: {
        kind,
        baudDrift: () => {},
        swap: async () => void this.#step('swap', ''),
        unplug: async (ms) => void this.#step('unplug', `${ms} ms`),
        clockStep: () => {},
      },
    });
    return faults;
  }

  /** Lets everything happen that happened in the recording until this step ended. */
  #step(step: StepKind, detail: string): EntryPayloads['step'] {
    const at = this.#recording.next('step', this.#next);
    if (at < 0) {
      this.#runTo(this.#recording.length);
      const why = this.#recording.isTruncated ? 'it was too long to be kept whole' : 'the recorded test had ended';
      throw new RecordingEnded(`replay: the recording ends before "${step} ${detail}": ${why}${this.#since()}`);
    }
    const entry = this.#recording.at(at);
    const ended = entry.payload as EntryPayloads['step'];
    if (ended.step !== step || ended.detail !== detail) {
      throw new Error(
        `replay: the recorded test did "${ended.step} ${ended.detail}" here, this one does "${step} ${detail}": the test has changed${this.#since()}`,
      );
    }
    this.#runTo(at);
    this.#next = at + 1;
    this.#nowUs = entry.atUs;
    // No byte passes through them here.
    if (this.faults !== null) Object.assign(this.faults.counters, ended.faultCounters);
    if (ended.error !== null) throw new Error(ended.error);
    return ended;
  }

  #runTo(end: number): void {
    while (this.#next < end) {
      const entry = this.#recording.at(this.#next++);
      this.#do(entry);
      if (this.#next % DRAIN_ENTRIES === 0) this.#reader.drain();
    }
    this.#reader.drain();
  }

  #do({ kind, atUs, payload }: Entry): void {
    // Of these the time is that of the instant they speak of.
    if (kind !== 'sample' && kind !== 'lag') this.#nowUs = Math.max(this.#nowUs, atUs);
    if (kind === 'rx') {
      this.#judgedUs = payload.judgedUs ?? atUs;
      this.trace.chunk('fromBoard', payload.bytes, payload.arrivalUs);
      this.loop.chunk(payload.bytes, payload);
    } else if (kind === 'looked') this.loop.looked(atUs);
    else if (kind === 'tick') this.loop.tick(atUs);
    else if (kind === 'ask') this.loop.ask(payload.command, atUs, (answer) => this.#answers.push(answer));
    else if (kind === 'opened') this.loop.opened({ path: payload.path, send: (bytes) => this.#send(bytes) }, atUs);
    else if (kind === 'closed') this.loop.closed(payload.reason, payload.state as LinkState, atUs);
    else if (kind === 'suspected') this.loop.suspected(payload.text);
    else if (kind === 'sample')
      this.#samples.add(payload.look, atUs, ...(payload.figures as [number, number, number, number]));
    else if (kind === 'edge') this.#pins.edge(payload);
  }

  /**
   * What is about to be said was said then: a ping stamped when the loop's turn began would be another bound for
   * the clock, and near a contradiction another clock.
   */
  #loopNowUs(): number {
    const at = this.#recording.next('tx', this.#nextSaid);
    if (at < 0) return this.#nowUs;
    for (let i = this.#next; i < at; i++) if (!meanwhile.has(this.#recording.at(i).kind)) return this.#nowUs;
    return Math.max(this.#nowUs, this.#recording.at(at).atUs);
  }

  #send(bytes: Uint8Array): boolean {
    this.trace.chunk('toBoard', bytes, this.#nowUs);
    const at = this.#recording.next('tx', this.#nextSaid);
    if (at < 0) return true;
    this.#nextSaid = at + 1;
    const said = this.#recording.at(at).payload as EntryPayloads['tx'];
    this.said[Buffer.compare(said.bytes, bytes) === 0 ? 'equal' : 'different']++;
    return said.taken;
  }

  /** Session nonces among them. After the recorded ones come others: the code asks for more than it did. */
  #random32(): number {
    const at = this.#recording.next('random', this.#nextRandom);
    if (at < 0) return this.#random.nextU32();
    this.#nextRandom = at + 1;
    return (this.#recording.at(at).payload as EntryPayloads['random']).value;
  }

  /** The loop samples when it did: the sample is the next entry. */
  #evidence(): LoopEvidence {
    const nothing = () => {};
    this.#samples = new SampleRing(this.#artefact.loop.evidence?.measured ?? false);
    return {
      samples: this.#samples,
      arrived: nothing,
      read: () => {
        if (this.#nextIs('sample')) this.#do(this.#recording.at(this.#next++));
      },
      start: nothing,
      close: nothing,
      dispose: nothing,
    };
  }

  #lagUs(): number | undefined {
    if (!this.#nextIs('lag')) return undefined;
    return (this.#recording.at(this.#next++).payload as EntryPayloads['lag']).us ?? undefined;
  }

  /** What was said and drawn meanwhile is compared and given out of turn. */
  #nextIs(kind: 'sample' | 'lag'): boolean {
    while (this.#next < this.#recording.length && ['tx', 'random'].includes(this.#recording.at(this.#next).kind))
      this.#next++;
    return this.#next < this.#recording.length && this.#recording.at(this.#next).kind === kind;
  }

  #since(): string {
    const { commit } = this.#artefact;
    return commit === null ? '' : ` (it was recorded with commit ${commit})`;
  }
}
