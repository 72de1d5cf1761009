/**
 * The modelled board: one processor that runs a job every period, its transmit ring, its session and its guard, as the
 * firmware's core does. It speaks the wire protocol by bytes and writes what really happened into the book.
 */
import { encodeBinary, encodeText } from '../codec/encode.js';
import type { DeviceMessage } from '../codec/message.js';
import { dataFlags, type Encoding, eventCodes, eventLevels, type ResetCause } from '../codec/schema.js';
import { PERIOD_US, WATCHDOG_US } from './board.js';
import { BoardClock } from './clock.js';
import { DeviceSession } from './device-session.js';
import { encodeFrame, encodeFrameText } from './frame-encoder.js';
import { Guard, type GuardOutput } from './guard.js';
import type { LineToHost } from './line-to-host.js';
import type { PlantedBug } from './planted-bugs.js';
import { Receiver } from './receiver.js';
import { type FrameBook, loserCode } from './truth.js';

const HELD_FOR_US = 2 * WATCHDOG_US;
const RING_BYTES = 1024;
const RESERVE_BYTES = 256;
const RECEIVE_SLOTS = 4;
const HARDWARE_WATCHDOG_US = 50_000;
const BOOT_US = 30_000;
const MONITOR_PERIOD_US = 100_000;
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
  /** Until when the processor is busy, true time. */
  busyUntilUs = 0;
  nowUs = 0;
  // ---- faults to come: taken by the next job ----
  overrunUs = 0;
  hiddenUs = 0;
  skips = 0;
  drops = 0;
  sequenceJump = 0;

  #bootUs = 0;
  #hungSinceUs = NEVER;
  #pausedUntilUs = Number.NEGATIVE_INFINITY;
  #pausedForUs = 0;
  #jobUs = 0;
  #fedUs = 0;
  #nextUs = 0; //      of the release timer, device time
  #nextIndex = 0;
  #dueUs = Number.NaN;
  #dueIndex = 0;
  #nextTick = 0;
  #seq = 0;
  #skipped = 0;
  #dropped = 0;
  #overran = false;
  #overruns = 0;
  #shownUs = Number.NEGATIVE_INFINITY;
  #statusUs = 0;
  #loops = 0;
  #jumps = 0;
  #backs = 0;
  #sendDrops = 0;
  #execMaxUs = 0;
  readonly #inbox: { readonly byteEndUs: number; readonly received: NonNullable<ReturnType<Receiver['byte']>> }[] = [];
  readonly #options: DeviceOptions;
  readonly #frame = new Uint8Array(64);
  resetCause: ResetCause = 'powerOn';

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.guard = new Guard(options.output, options.bug);
    this.session = new DeviceSession(this, options.random, options.bug);
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

  /** When it next does something, true time. */
  get dueUs(): number {
    if (this.#bootUs !== NEVER) return this.#bootUs;
    if (this.#hungSinceUs !== NEVER) return this.#fedUs + HARDWARE_WATCHDOG_US;
    const tickUs = this.clock.when(this.#nextUs);
    if (Number.isNaN(this.#dueUs) && this.#inbox.length === 0) return tickUs;
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
    return this.#options.line.queued(this.nowUs);
  }

  encodeAs(encoding: Encoding): void {
    this.session.encoding = encoding;
    this.receiver.expected = encoding;
  }

  send(message: DeviceMessage): boolean {
    const queued = this.queueBytes;
    const binary = this.session.encoding === 'binary';
    const whole = binary ? encodeBinary(message) : encodeText(message);
    const bytes = binary && queued > 0 ? whole.subarray(1) : whole;
    if (queued + bytes.length > RING_BYTES) {
      this.#sendDrops = (this.#sendDrops + 1) & 0xffff;
      return false;
    }
    this.#options.line.send(bytes, 0, bytes.length, this.nowUs, -1);
    return true;
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
    this.#nextUs = (Math.floor(upUs / PERIOD_US) + 2) * PERIOD_US;
    this.#nextIndex = 0;
    this.#nextTick = 0;
    this.#dueUs = Number.NaN;
    this.#seq = 0;
    this.#skipped = 0;
    this.#dropped = 0;
    this.#shownUs = Number.NEGATIVE_INFINITY;
    this.#statusUs = this.#nextUs + STATUS_PERIOD_US;
    this.#fedUs = nowUs;
    this.busyUntilUs = nowUs;
    this.overrunUs = 0;
    this.hiddenUs = 0;
    this.skips = 0;
    this.drops = 0;
    this.sequenceJump = 0;
    this.receiver.restart();
    this.guard.boot();
    this.session.boot();
  }

  #work(nowUs: number): void {
    const deviceUs = this.clock.at(nowUs);
    if (deviceUs >= this.#nextUs - 1e-3) this.#tick(deviceUs);
    if (this.busyUntilUs > nowUs) return;
    this.#fedUs = nowUs;
    this.#loops++;
    if (!Number.isNaN(this.#dueUs)) this.#job(nowUs);
    if (this.busyUntilUs <= nowUs || this.#inbox.length > 0) this.#runMessages(nowUs);
    if (deviceUs >= this.#statusUs) this.#status(deviceUs);
    this.session.describeIfAsked();
  }

  /** The timer's interrupt. A release that still waits when the next one is due is replaced: the newest is worth most. */
  #tick(deviceUs: number): void {
    const missed = Math.max(0, Math.floor((deviceUs - this.#nextUs + 1e-3) / PERIOD_US));
    this.#nextUs += missed * PERIOD_US;
    this.#nextIndex += missed;
    this.#dueUs = this.#nextUs;
    this.#dueIndex = this.#nextIndex;
    this.#nextUs += PERIOD_US;
    this.#nextIndex++;
  }

  #job(nowUs: number): void {
    const { random } = this.#options;
    const releaseUs = this.#dueUs;
    const index = this.#dueIndex;
    this.#dueUs = Number.NaN;
    const startUs = Math.max(nowUs, this.clock.when(releaseUs)) + 2 + 3 * random();
    this.nowUs = startUs;
    this.guard.check(this.clock.at(startUs));
    this.#skipped = (this.#skipped + index - this.#nextTick) & 0xff;
    this.#nextTick = index + 1;
    if (this.skips > 0) {
      this.skips--;
      this.#skipped = (this.#skipped + 1) & 0xff;
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
    this.#sendFrame(releaseUs, index, startUs, encodeUs, handedUs);
    this.#overran = this.clock.at(handedUs) >= releaseUs + PERIOD_US;
    if (this.#overran) this.#overruns = (this.#overruns + 1) & 0xffff;
  }

  #sendFrame(releaseUs: number, index: number, startUs: number, encodeUs: number, handedUs: number): void {
    const { book, line } = this.#options;
    const { session } = this;
    const isMonitor = session.mode === 'monitor';
    this.#seq = (this.#seq + this.sequenceJump) >>> 0;
    if (this.sequenceJump > 0) this.#jumps++;
    else if (this.sequenceJump < 0) this.#backs++;
    this.sequenceJump = 0;
    const seq = this.#seq;
    this.#seq = (this.#seq + 1) >>> 0;
    const execUs = saturated(this.clock.at(encodeUs) - this.clock.at(startUs));
    if (execUs > this.#execMaxUs) this.#execMaxUs = execUs;
    if (isMonitor && releaseUs - this.#shownUs < MONITOR_PERIOD_US) return;
    if (session.mode === 'greeted') return;
    if (isMonitor) this.#shownUs = releaseUs;
    const i = book.open(session.tag, seq);
    book.release[i] = index;
    book.jumps[i] = this.#jumps;
    book.backs[i] = this.#backs;
    book.releaseUs[i] = this.clock.when(releaseUs);
    book.stampUs[i] = releaseUs % 2 ** 32;
    book.lateUs[i] = saturated(this.clock.at(startUs) - releaseUs);
    book.execUs[i] = execUs;
    book.queueBytes[i] = line.queued(encodeUs);
    book.flags[i] = this.#flags();
    book.skipped[i] = this.#skipped;
    book.dropped[i] = this.#dropped;
    this.nowUs = handedUs;
    if (this.drops > 0 || !this.#put(i, handedUs)) {
      this.drops = Math.max(0, this.drops - 1);
      book.loser[i] = loserCode.firmware;
      this.#dropped = (this.#dropped + 1) & 0xff;
      this.#sendDrops = (this.#sendDrops + 1) & 0xffff;
    }
  }

  #put(i: number, atUs: number): boolean {
    const { book, line } = this.#options;
    const queued = line.queued(atUs);
    const textual = this.session.encoding === 'text';
    const bytes = textual ? encodeFrameText(book, i) : this.#frame;
    const length = textual ? bytes.length : encodeFrame(book, i, bytes, 0, queued === 0);
    if (queued + length + RESERVE_BYTES > RING_BYTES) return false;
    line.send(bytes, 0, length, atUs, i);
    return true;
  }

  #flags(): number {
    const { state } = this.guard;
    const armed = state === 'armed' ? dataFlags.armed : state === 'tripped' ? dataFlags.tripped : 0;
    return armed | (this.#overran ? dataFlags.overrun : 0);
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
      execMaxUs: this.#execMaxUs,
      overruns: this.#overruns,
      drops: this.#sendDrops,
    });
    this.#execMaxUs = 0;
  }
}

const saturated = (us: number): number => Math.min(0xffff, Math.max(0, Math.floor(us)));
