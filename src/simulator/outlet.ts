/**
 * An outlet in virtual time: the ring's cursor, the conflated state and the QoS 1 window of MQTT, read by a thread of its
 * own that can be slow, with a broker that can be gone. Whatever it does, the loop must not notice.
 */
import { controlStream } from '../deadline/model/stream.js';
import { Cursor } from '../feed/cursor.js';
import type { Feed } from '../feed/feed.js';
import { createFrameRecord, readFrame } from '../feed/frame.js';
import { slotKinds } from '../feed/slot.js';
import { Latest } from '../mqtt/latest.js';
import { Qos1Window } from '../mqtt/window.js';
import type { ClockDoubt } from './clock-doubt.js';
import type { PlantedBug } from './planted-bugs.js';
import { signalValue } from './truth.js';

const POLL_US = 20_000;
const STATE_PERIOD_US = 100_000;
const RECEIVE_MAXIMUM = 20;
/** Fewer than a slow consumer can be behind by, so that events are dropped too. */
const QUEUE_MAX = 200;
const REMEMBERED = 8192;
/** A state that expires between two polls is told at the next. */
const TOLD_WITHIN_US = 2 * POLL_US;

export interface OutletHost {
  /** The host's clock at a true time. */
  clockUs(nowUs: number): number;
  readonly clock: Pick<ClockDoubt, 'isExcused' | 'toleranceUs' | 'jumpEndUs'>;
  fail(invariant: string, values: Readonly<Record<string, unknown>>): never;
}

export class VirtualOutlet {
  dueUs = POLL_US;
  /** Reads nothing until then, true time. */
  slowUntilUs = 0;
  framesRead = 0;
  slotsLost = 0;
  readonly #latest = new Latest(
    { board: 'simulated', stream: controlStream.name, signals: controlStream.signals },
    STATE_PERIOD_US,
  );
  readonly #window = new Qos1Window(QUEUE_MAX);
  readonly #frame = createFrameRecord();
  #frames: Cursor | null = null;
  #events: Cursor | null = null;
  #kind = 0;
  // What was published, by offset: which frame, and its true release.
  readonly #seq = new Float64Array(REMEMBERED);
  readonly #releaseUs = new Float64Array(REMEMBERED);
  #newestReleaseUs = Number.NaN;
  #saysLive = false;
  #isConnected = true;
  #offered = 0;
  #acknowledged = 0;
  #lastSent = 0;
  #lastAcknowledged = 0;
  readonly #flying: { readonly packetId: number; readonly number: number; readonly ackUs: number }[] = [];

  constructor(
    private readonly host: OutletHost,
    private readonly random: () => number,
    private readonly bug: PlantedBug | null,
  ) {
    this.#window.open(RECEIVE_MAXIMUM);
  }

  /** A bridge starts, with rings of its own. */
  attach(feed: Feed): void {
    this.framesRead = 0;
    this.slotsLost = 0;
    const onLost = (slots: number) => {
      this.slotsLost += slots;
    };
    this.#frames = new Cursor(feed.frames.ring, 0, (ring, slot) => readFrame(ring, slot, this.#frame), onLost);
    this.#events = new Cursor(feed.events.ring, 0, (_ring, _slot, kind) => {
      this.#kind = kind;
    });
  }

  /** The loop is about to publish a frame at this offset. */
  published(offset: number, seq: number, releaseUs: number): void {
    this.#seq[offset % REMEMBERED] = seq;
    this.#releaseUs[offset % REMEMBERED] = releaseUs;
  }

  /** The broker goes away, or is back. */
  connect(isConnected: boolean): void {
    if (isConnected === this.#isConnected) return;
    this.#isConnected = isConnected;
    this.#flying.length = 0;
    if (isConnected) this.#window.open(RECEIVE_MAXIMUM);
    else this.#window.close();
    this.#lastSent = this.#lastAcknowledged;
    this.#latest.forget();
  }

  run(nowUs: number): void {
    this.dueUs = nowUs + POLL_US;
    if (nowUs >= this.slowUntilUs) {
      this.#readFrames();
      this.#readEvents(nowUs);
    }
    if (!this.#isConnected) return;
    this.#publishState(nowUs);
    this.#exchange(nowUs);
  }

  #readFrames(): void {
    const cursor = this.#frames!;
    while (cursor.copyNext()) {
      const frame = this.#frame;
      const at = cursor.offset % REMEMBERED;
      const { scale, offset } = controlStream.signals[0]!;
      const isTrue = frame.seq === this.#seq[at] && frame.values[0] === signalValue(frame.seq, 0) * scale + offset;
      if (!isTrue) this.host.fail('outlets read what was published', { read: frame.seq, published: this.#seq[at] });
      if (this.bug !== 'outlet skips a frame' || frame.seq % 5000 !== 0) this.framesRead++;
      const before = this.#latest.newest.version;
      this.#latest.offer(frame);
      if (this.#latest.newest.version !== before) this.#newestReleaseUs = this.#releaseUs[at]!;
      cursor.advance();
    }
    const published = cursor.headOffset();
    const accounted = this.framesRead + this.slotsLost;
    if (accounted !== published) this.host.fail('an outlet knows what it lost', { published, accounted });
  }

  #readEvents(nowUs: number): void {
    const cursor = this.#events!;
    while (cursor.copyNext()) {
      if (this.#kind === slotKinds.miss) this.#window.event('miss', String(++this.#offered), nowUs, nowUs);
      cursor.advance();
    }
  }

  #publishState(nowUs: number): void {
    const clockUs = this.host.clockUs(nowUs);
    const state = this.#latest.take(clockUs, (atUs) => atUs);
    if (state !== null) this.#saysLive = state.live;
    if (this.host.clock.isExcused || !this.#saysLive || this.#newestReleaseUs < this.host.clock.jumpEndUs) return;
    const ageUs = nowUs - this.#newestReleaseUs;
    const { lifespanUs } = controlStream.contract;
    const limitUs = lifespanUs + this.host.clock.toleranceUs + (state === null ? TOLD_WITHIN_US : 0);
    if (ageUs > limitUs) this.host.fail('stale is never live in an outlet', { ageUs, lifespanUs });
  }

  /** Sends what the window allows; the broker answers after 1 to 50 ms, in order. */
  #exchange(nowUs: number): void {
    while (this.#flying.length > 0 && this.#flying[0]!.ackUs <= nowUs) {
      const { packetId, number } = this.#flying.shift()!;
      if (this.#window.acknowledge(packetId) === null) this.host.fail('a PUBACK finds its message', { packetId });
      this.#acknowledged++;
      this.#lastAcknowledged = number;
    }
    for (let sent = this.#window.next(); sent !== null; sent = this.#window.next()) {
      const number = Number(sent.payload);
      if (number <= this.#lastSent) this.host.fail('misses go out in order', { number, after: this.#lastSent });
      this.#lastSent = number;
      const ackUs = Math.max(this.#flying.at(-1)?.ackUs ?? 0, nowUs + 1000 + 49_000 * this.random());
      this.#flying.push({ packetId: sent.packetId, number, ackUs });
    }
    const accounted = this.#acknowledged + this.#window.depth + this.#window.dropped.events;
    if (accounted !== this.#offered)
      this.host.fail('every miss is acknowledged, waits or is counted as dropped', {
        offered: this.#offered,
        accounted,
      });
  }
}
