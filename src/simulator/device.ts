/**
 * The modelled board: one processor that runs a job every period, its transmit ring, its session and its guard, as the
 * firmware's core does. It speaks the wire protocol by bytes and writes what really happened into the book.
 */
import { encodeBinary, encodeText } from '../codec/encode.js';
import type { DeviceMessage } from '../codec/message.js';
import { type Encoding, eventCodes, eventLevels, type ResetCause } from '../codec/schema.js';
import { PERIOD_US, WATCHDOG_US } from './board.js';
import { BoardClock } from './clock.js';
import { DeviceSession } from './device-session.js';
import { FrameSender } from './frame-sender.js';
import { Guard, type GuardOutput } from './guard.js';
import type { LineToHost } from './line-to-host.js';
import type { PlantedBug } from './planted-bugs.js';
import { Receiver } from './receiver.js';
import { ReleaseTimer } from './release-timer.js';
import { MESSAGE, TransmitRing } from './transmit-ring.js';
import type { FrameBook } from './truth.js';

/** Its jobs begin a few µs after their release, and its rate may have changed by 200 ppm since. */
const SKEW_US = 100;
const HELD_FOR_US = 2 * WATCHDOG_US;
const RECEIVE_SLOTS = 4;
const HARDWARE_WATCHDOG_US = 50_000;
const BOOT_US = 30_000;
const STATUS_PERIOD_US = 1_000_000;
const NEVER = Number.POSITIVE_INFINITY;

export interface DeviceOptions {
  readonly line: LineToHost;
  readonly book: FrameBook;
  readonly random: () => number;
  readonly output: GuardOutput;
  readonly bug: PlantedBug | null;
}

export class Device {
  readonly clock = new BoardClock();
  readonly receiver = new Receiver();
  readonly guard: Guard;
  readonly session: DeviceSession;
  readonly frames: FrameSender;
  /** Until when the processor is busy, true time. */
  busyUntilUs = 0;
  nowUs = 0;
  // ---- faults to come: taken by the next job ----
  overrunUs = 0;
  hiddenUs = 0;
  skips = 0;

  #bootUs = 0;
  #hungSinceUs = NEVER;
  #pausedUntilUs = Number.NEGATIVE_INFINITY;
  #pausedForUs = 0;
  #jobUs = 0;
  #fedUs = 0;
  /** Number of the release after the one that the newest job was of. */
  #nextIndex = 0;
  #overruns = 0;
  #statusUs = 0;
  #loops = 0;
  readonly #inbox: { readonly byteEndUs: number; readonly received: NonNullable<ReturnType<Receiver['byte']>> }[] = [];
  readonly #timer = new ReleaseTimer();
  readonly #ring: TransmitRing;
  readonly #options: DeviceOptions;
  resetCause: ResetCause = 'powerOn';

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.guard = new Guard(options.output, options.bug);
    this.session = new DeviceSession(this, options.random, options.bug);
    this.#ring = new TransmitRing(options.line);
    const { clock, session, guard } = this;
    this.frames = new FrameSender({ book: options.book, ring: this.#ring, clock, session, guard });
  }

  /** @param upUs for how long it has been running already */
  start(nowUs: number, upUs: number): void {
    this.#boot(nowUs, upUs);
  }

  get isRunning(): boolean {
    return this.#bootUs === NEVER && this.#hungSinceUs === NEVER;
  }

  /** For how long it was kept from looking after its guard: by the newest job, and by pauses within two watchdogs' time; µs. */
  get heldUs(): number {
    const pausedUs = this.nowUs - this.#pausedUntilUs < HELD_FOR_US ? this.#pausedForUs : 0;
    return pausedUs + this.#jobUs;
  }

  /** How long after its host's last proof it may still be armed, true time: it counts by its own clock, and only when nothing holds it. */
  get armedAtMostUs(): number {
    return this.clock.takesUs(WATCHDOG_US + PERIOD_US) + SKEW_US + this.heldUs;
  }

  /** When it next does something, true time. */
  get dueUs(): number {
    if (this.#bootUs !== NEVER) return this.#bootUs;
    if (this.#hungSinceUs !== NEVER) return this.#fedUs + HARDWARE_WATCHDOG_US;
    const tickUs = this.clock.when(this.#timer.nextUs);
    if (!this.#timer.isWaiting && this.#inbox.length === 0) return tickUs;
    return Math.min(tickUs, this.busyUntilUs);
  }

  run(nowUs: number): void {
    this.nowUs = nowUs;
    if (this.#bootUs !== NEVER) this.#boot(nowUs, 0);
    // The same sum as in `dueUs`: a difference may be rounded to less, for ever.
    else if (nowUs >= this.#fedUs + HARDWARE_WATCHDOG_US) this.reset('watchdog', nowUs);
    else if (this.#hungSinceUs === NEVER) this.#work(nowUs);
  }

  /** Bytes from the host; the last of them came at `atUs`. */
  receive(bytes: Uint8Array, atUs: number): void {
    if (!this.isRunning || atUs < this.#pausedUntilUs) return;
    this.nowUs = atUs;
    for (const byte of bytes) {
      const received = this.receiver.byte(byte);
      if (received === null) continue;
      if (this.#inbox.length < RECEIVE_SLOTS) this.#inbox.push({ byteEndUs: this.clock.at(atUs), received });
      else this.receiver.errors++;
    }
    if (this.busyUntilUs <= atUs) this.#runMessages(atUs);
  }

  // ---- faults ----

  reset(cause: ResetCause, nowUs: number): void {
    this.nowUs = nowUs;
    this.resetCause = cause;
    this.guard.boot();
    this.#bootUs = nowUs + BOOT_US;
    this.#hungSinceUs = NEVER;
    this.#inbox.length = 0;
    this.#options.line.cut(nowUs);
  }

  /** Nothing runs any more; the hardware watchdog will find out. */
  hang(nowUs: number): void {
    if (this.isRunning) this.#hungSinceUs = nowUs;
  }

  /** A debugger stops the chip, its timer and its watchdog for so long. */
  pause(us: number, nowUs: number): void {
    if (!this.isRunning || nowUs < this.#pausedUntilUs) return;
    const isSoonAgain = nowUs - this.#pausedUntilUs < HELD_FOR_US;
    this.#pausedForUs = isSoonAgain ? this.#pausedForUs + us : us;
    this.#pausedUntilUs = nowUs + us;
    this.clock.set(this.clock.at(nowUs), nowUs + us);
    this.busyUntilUs = Math.max(this.busyUntilUs, nowUs) + us;
    this.#fedUs += us;
  }

  /** Its timer jumps ahead. */
  leap(us: number, nowUs: number): void {
    this.clock.set(this.clock.at(nowUs) + us, nowUs);
  }

  // ---- what the session and the guard use ----

  get deviceUs(): number {
    return Math.floor(this.clock.at(this.nowUs));
  }

  get queueBytes(): number {
    return this.#ring.queuedBytes(this.nowUs);
  }

  encodeAs(encoding: Encoding): void {
    this.session.encoding = encoding;
    this.receiver.expected = encoding;
  }

  send(message: DeviceMessage): boolean {
    const binary = this.session.encoding === 'binary';
    const whole = binary ? encodeBinary(message) : encodeText(message);
    const bytes = binary && this.queueBytes > 0 ? whole.subarray(1) : whole;
    return this.#ring.put(bytes, bytes.length, this.nowUs, MESSAGE);
  }

  event(code: keyof typeof eventCodes, level: keyof typeof eventLevels, value: number, text: string): void {
    const deviceUs = this.deviceUs % 2 ** 32;
    const session = this.session.tag;
    this.send({ name: 'event', session, code: eventCodes[code], level: eventLevels[level], deviceUs, value, text });
  }

  // ---- the core ----

  #boot(nowUs: number, upUs: number): void {
    this.nowUs = nowUs;
    this.#bootUs = NEVER;
    this.clock.set(upUs, nowUs);
    this.#timer.boot(upUs);
    this.frames.boot();
    this.#nextIndex = 0;
    this.#statusUs = this.#timer.nextUs + STATUS_PERIOD_US;
    this.#fedUs = nowUs;
    this.busyUntilUs = nowUs;
    this.overrunUs = 0;
    this.hiddenUs = 0;
    this.skips = 0;
    this.receiver.restart();
    this.guard.boot();
    this.session.boot();
  }

  #work(nowUs: number): void {
    const deviceUs = this.clock.at(nowUs);
    this.#timer.run(deviceUs);
    if (this.busyUntilUs > nowUs) return;
    this.#fedUs = nowUs;
    this.#loops++;
    if (this.#timer.isWaiting) this.#job(nowUs);
    if (this.busyUntilUs <= nowUs || this.#inbox.length > 0) this.#runMessages(nowUs);
    if (deviceUs >= this.#statusUs) this.#status(deviceUs);
    this.session.describeIfAsked();
  }

  #job(nowUs: number): void {
    const { random } = this.#options;
    const { dueUs: releaseUs, dueIndex: index } = this.#timer;
    this.#timer.taken();
    const startUs = Math.max(nowUs, this.clock.when(releaseUs)) + 2 + 3 * random();
    this.nowUs = startUs;
    this.guard.check(this.clock.at(startUs));
    this.frames.skip(index - this.#nextIndex);
    this.#nextIndex = index + 1;
    if (this.skips > 0) {
      this.skips--;
      this.frames.skip(1);
      return;
    }
    const encodeUs = startUs + 30 + 20 * random() + this.overrunUs;
    const handedUs = encodeUs + 10 + this.hiddenUs;
    this.overrunUs = 0;
    this.hiddenUs = 0;
    this.busyUntilUs = handedUs;
    this.#jobUs = handedUs - startUs;
    if (handedUs - this.#fedUs > HARDWARE_WATCHDOG_US) {
      this.#hungSinceUs = nowUs; // the watchdog bites within this job
      return;
    }
    this.nowUs = handedUs;
    this.frames.send({ releaseUs, index, startUs, encodeUs, handedUs });
    const overran = this.clock.at(handedUs) >= releaseUs + PERIOD_US;
    this.frames.overran = overran;
    if (overran) this.#overruns = (this.#overruns + 1) & 0xffff;
  }

  #runMessages(nowUs: number): void {
    this.nowUs = Math.max(nowUs, this.busyUntilUs);
    while (this.#inbox.length > 0) {
      const { received, byteEndUs } = this.#inbox.shift()!;
      this.session.run(received, byteEndUs);
      this.busyUntilUs = this.nowUs + 10;
    }
    this.session.describeIfAsked();
  }

  #status(deviceUs: number): void {
    this.#statusUs += STATUS_PERIOD_US;
    if (deviceUs >= this.#statusUs) this.#statusUs = deviceUs + STATUS_PERIOD_US;
    this.session.status({
      loops: this.#loops,
      execMaxUs: this.frames.execMaxUs,
      overruns: this.#overruns,
      drops: this.#ring.drops,
    });
    this.frames.execMaxUs = 0;
  }
}
