/**
 * The loop of a board, whole, without a port: a script answers for the board, and frames are handed over one
 * chunk each. For what a process with threads and sockets would drown, such as single bytes of garbage.
 */
import { GCProfiler, getHeapStatistics } from 'node:v8';
import { crc32 } from '#dist/codec/crc32.js';
import type { Arrival } from '#dist/codec/decoder.js';
import { encodeBinary, encodeText } from '#dist/codec/encode.js';
import type { DeviceMessage } from '#dist/codec/message.js';
import {
  BINARY_MESSAGE_BYTES_MAX,
  type Encoding,
  encodings,
  PROTOCOL_VERSION,
  resetCauses,
} from '#dist/codec/schema.js';
import { sessionTag } from '#dist/codec/session-tag.js';
import { Evidence } from '#dist/deadline/evidence.js';
import { controlStream } from '#dist/deadline/model/stream.js';
import { verdictCode } from '#dist/deadline/verdict.js';
import { Feed } from '#dist/feed/feed.js';
import { hostClock, monotonicUs } from '#dist/host-clock.js';
import { BoardLoop } from '#dist/loop/board-loop.js';
import type { LoopClock } from '#dist/loop/surroundings.js';
import { descriptorBytes as sampleDescriptor } from '#dist/simulator/board.js';
import { type Received, Receiver } from '#dist/simulator/receiver.js';
import { sleep } from './processes.js';
import { median } from './statistics.js';

const PERIOD_US = 100;
/** Frames are encoded before the first of them is due. */
const ENCODE_US_MAX = 50;
/** Past 2^31, where V8 begins to box numbers: the board has run for 50 minutes when it is met. */
const UPTIME_US = 3e9;
const FIRST_SEQ = 3e9;
const BOOT_ID = 1;
/** From a release until its frame is handed over. */
const TRANSPORT_US = 400;

const descriptor = JSON.parse(new TextDecoder().decode(sampleDescriptor));
descriptor.streams[0].periodUs = PERIOD_US;
descriptor.baud = 20_000_000;
const descriptorBytes = new TextEncoder().encode(JSON.stringify(descriptor));
const descriptorHash = crc32(descriptorBytes);

interface Chunk extends Arrival {
  readonly bytes: Uint8Array;
}

const heapBytes = (): number => getHeapStatistics().used_heap_size;
/** What a look at the heap leaves behind itself. */
function lookBytes(): number {
  const before = heapBytes();
  return heapBytes() - before;
}
const LOOKS = 9;

export interface Weighing {
  /** Of garbage that a chunk left behind, in each round that says something. */
  readonly bytes: Float64Array;
  /** Rounds in which the host was held up: a late frame leaves a miss behind, which is not what is weighed. */
  readonly late: number;
  /** Rounds within which V8 collected: what is left of the heap then says nothing of what was left behind. */
  readonly collected: number;
}

/**
 * Bytes a frame: the median of the rounds, because a function that was compiled within one of them says nothing.
 * NaN where too few say something: no round that the host left alone, or collections in most of them, as garbage makes them.
 */
export function bytesPerFrame({ bytes, collected }: Weighing): number {
  return bytes.length > 0 && bytes.length >= collected ? median([...bytes]) : Number.NaN;
}

/** The time that the loop lives in, and how it passes. */
export interface FedClock extends LoopClock {
  /** Until the frame is due: stays awake, and leaves no garbage. */
  until(frame: Readonly<Arrival>): void;
  sleep(ms: number): Promise<void>;
}

const realClock: FedClock = {
  ...hostClock,
  until({ arrivalUs }) {
    for (;;) {
      // Taken apart here: a double that is returned may be boxed.
      const [seconds, nanoseconds] = process.hrtime();
      if (seconds * 1e6 + nanoseconds / 1e3 >= arrivalUs) return;
    }
  },
  sleep,
};

export class FedLoop {
  readonly loop: BoardLoop;
  readonly #receiver = new Receiver();
  readonly #answers: Uint8Array[] = [];
  readonly #clock: FedClock;
  readonly #zeroUs: number;
  #encoding: Encoding = 'text';
  #tag = 0;
  #seq = FIRST_SEQ;
  #releaseUs = 0;

  private constructor(withEvidence: boolean, clock: FedClock) {
    this.#clock = clock;
    this.#zeroUs = clock.nowUs() - UPTIME_US;
    this.loop = new BoardLoop({
      index: 0,
      config: { path: '/dev/fed', baud: descriptor.baud, encoding: 'auto', contract: {} },
      provisionalId: 'board-1',
      feed: Feed.create({ slotsPerSecond: 1e6 / PERIOD_US, seconds: 2 }),
      clock,
      random32: () => 1,
      timedLine: true,
      evidence: withEvidence
        ? (periodUs, onEmpty) => new Evidence({ nowUs: monotonicUs, drain: () => 0, onEmpty, periodUs })
        : null,
      isTaken: () => false,
    });
  }

  /** Streaming, with a settled clock. Evidence is of this thread, so it goes with the real clock only. */
  static async start({ withEvidence = false, clock = realClock } = {}): Promise<FedLoop> {
    const fed = new FedLoop(withEvidence, clock);
    fed.loop.opened({ path: '/dev/fed', send: (bytes) => fed.#receive(bytes) }, clock.nowUs());
    while (fed.loop.session.state !== 'streaming') {
      fed.#turn();
      fed.#hand(fed.#frames(1), 0, 1);
      await clock.sleep(5);
    }
    return fed;
  }

  end(): void {
    this.loop.dispose();
  }

  /** Hands over all frames without a pause, one chunk each. */
  weigh(rounds: number, chunks: number): Weighing {
    this.#turn();
    const frames = this.#frames(rounds * chunks);
    const bytes: number[] = [];
    let [late, collected] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      this.#turn();
      const ownBytes = median(Array.from({ length: LOOKS }, lookBytes));
      const metBefore = this.verdicts[verdictCode.met]!;
      const profiler = new GCProfiler();
      profiler.start();
      const before = heapBytes();
      this.#hand(frames, round * chunks, (round + 1) * chunks);
      const after = heapBytes();
      const collections = profiler.stop()?.statistics.length ?? 0;
      if (this.verdicts[verdictCode.met]! - metBefore !== chunks) late++;
      else if (collections > 0) collected++;
      else bytes.push((after - before - ownBytes) / chunks);
    }
    return { bytes: Float64Array.from(bytes), late, collected };
  }

  /** Frames by verdict, so far. */
  get verdicts(): readonly number[] {
    return [...(this.loop.board.streams[0]?.monitor.counters.verdicts ?? [])];
  }

  /** What the loop does beside frames: heartbeats, pings, and what the board answers. */
  #turn(): void {
    this.loop.tick(this.#clock.nowUs());
    for (let bytes = this.#answers.shift(); bytes !== undefined; bytes = this.#answers.shift())
      this.loop.chunk(bytes, { arrivalUs: this.#clock.nowUs() });
  }

  #hand(frames: readonly Chunk[], from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const chunk = frames[i]!;
      this.#clock.until(chunk);
      this.loop.chunk(chunk.bytes, chunk);
    }
  }

  #frames(count: number): Chunk[] {
    const types = controlStream.signals.map(({ type }) => type);
    const soonUs = this.#deviceUs() + count * ENCODE_US_MAX;
    this.#releaseUs = Math.max(this.#releaseUs, Math.ceil(soonUs / PERIOD_US) * PERIOD_US);
    return Array.from({ length: count }, () => {
      this.#releaseUs += PERIOD_US;
      const seq = this.#seq++;
      const head = { session: this.#tag, stream: controlStream.id, seq, releaseUs: this.#releaseUs >>> 0 };
      const figures = { lateUs: 1, execUs: 2, queueBytes: 0, flags: 0, skipped: 0, dropped: 0 };
      const bytes = encodeBinary({
        name: 'data',
        ...head,
        ...figures,
        values: types.map((_, i) => i + (seq % 100)),
        types,
      });
      return { arrivalUs: this.#zeroUs + this.#releaseUs + TRANSPORT_US, bytes };
    });
  }

  #deviceUs(): number {
    return Math.floor(this.#clock.nowUs() - this.#zeroUs);
  }

  #receive(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      const received = this.#receiver.byte(byte);
      if (received !== null) this.#answer(received);
    }
    return true;
  }

  #answer({ message }: Received): void {
    const deviceUs = this.#deviceUs();
    if (message.name === 'hello') this.#greet(message.hostNonce, deviceUs);
    else if (message.name === 'describe') {
      const { offset, length } = message;
      this.#say({
        name: 'descriptor',
        session: this.#tag,
        offset,
        data: descriptorBytes.slice(offset, offset + length),
      });
    } else if (message.name === 'start') {
      this.#say({ name: 'started', session: this.#tag, encoding: message.encoding });
      this.#encoding = message.encoding === encodings.binary ? 'binary' : 'text';
      this.#receiver.expected = this.#encoding;
    } else if (message.name === 'ping') {
      const nowUs = deviceUs >>> 0;
      this.#say({
        name: 'pong',
        session: this.#tag,
        id: message.id,
        rxUs: nowUs,
        txUs: nowUs,
        queueBytes: 0,
        deviceUs,
      });
    }
  }

  #greet(hostNonce: number, deviceUs: number): void {
    this.#encoding = 'text';
    this.#tag = sessionTag(BOOT_ID, descriptorHash, hostNonce);
    this.#say({
      name: 'session',
      protocol: PROTOCOL_VERSION,
      bootId: BOOT_ID,
      resetCause: resetCauses.powerOn,
      descriptorHash,
      descriptorBytes: descriptorBytes.length,
      maxFrame: BINARY_MESSAGE_BYTES_MAX,
      encodings: (1 << encodings.text) | (1 << encodings.binary),
      deviceUs,
      hostNonce,
      uid: '0000000000000001',
    });
  }

  #say(message: DeviceMessage): void {
    this.#answers.push(this.#encoding === 'binary' ? encodeBinary(message) : encodeText(message));
  }
}
