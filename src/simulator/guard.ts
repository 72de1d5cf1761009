/**
 * The board's own safety, as `firmware/core/safety.c` and `heartbeat.c`: outputs are released only while armed, and an
 * armed board needs an acceptable heartbeat within its watchdog's time. Times are device µs.
 */
import type { Message } from '../codec/message.js';
import { type AnswerCode, type ArmState, type TripCause, tripCauses } from '../codec/schema.js';
import { WATCHDOG_US } from './board.js';
import type { PlantedBug } from './planted-bugs.js';

const INVALID_MAX = 5;

export interface GuardOutput {
  /** The board's state has changed; `by` is what did it. */
  changed(state: ArmState, by: 'arm' | 'disarm' | 'rearm' | 'trip' | 'boot', cause: TripCause): void;
}

export class Guard {
  state: ArmState = 'disarmed';
  cause: TripCause = 'none';
  #lastCounter = 0;
  #provenUs = 0;
  #running = false;
  #invalid = 0;

  constructor(
    private readonly output: GuardOutput,
    private readonly bug: PlantedBug | null,
  ) {}

  boot(): void {
    this.state = 'disarmed';
    this.cause = 'none';
    this.session();
    this.output.changed('disarmed', 'boot', 'none');
  }

  /** A new session: heartbeats count from 1 again. */
  session(): void {
    this.#lastCounter = 0;
    this.#running = false;
    this.#invalid = 0;
  }

  heartbeat(beat: Message<'heartbeat'>, tag: number, receivedUs: number): void {
    const ageUs = (receivedUs - beat.echoUs) >>> 0; // an instant in the future is a very old one
    if (beat.session === tag && beat.counter > this.#lastCounter && ageUs < WATCHDOG_US) {
      this.#lastCounter = beat.counter;
      this.#provenUs = this.bug === 'watchdog counts from arrival' ? receivedUs : receivedUs - ageUs;
      this.#running = true;
      this.#invalid = 0;
      return;
    }
    this.#invalid = Math.min(INVALID_MAX, this.#invalid + 1);
    if (this.#invalid === INVALID_MAX && this.state === 'armed') this.trip('heartbeatInvalid');
  }

  isRunning(nowUs: number): boolean {
    return this.#running && nowUs - this.#provenUs < WATCHDOG_US;
  }

  /** Before each job. */
  check(nowUs: number): void {
    if (this.#running && !this.isRunning(nowUs)) this.#running = false;
    if (!this.#running && this.state === 'armed' && this.bug !== 'no watchdog') this.trip('heartbeatLost');
    if (this.bug === 'arms itself' && this.state === 'disarmed' && this.#running) this.#become('armed', 'arm');
    if (this.bug === 'not latched' && this.state === 'tripped') this.#become('disarmed', 'trip');
  }

  trip(cause: TripCause): void {
    if (this.state === 'tripped') return;
    this.cause = cause;
    this.#become('tripped', 'trip');
  }

  arm(nowUs: number): AnswerCode {
    if (this.state === 'tripped') return 'tripped';
    if (!this.isRunning(nowUs)) return 'noHeartbeat';
    if (this.state !== 'armed') this.#become('armed', 'arm');
    return 'ok';
  }

  disarm(): AnswerCode {
    if (this.state === 'tripped') return 'tripped';
    if (this.state === 'armed') this.#become('disarmed', 'disarm');
    return 'ok';
  }

  rearm(): AnswerCode {
    if (this.state !== 'tripped') return 'notTripped';
    this.cause = 'none';
    this.#become('disarmed', 'rearm');
    return 'ok';
  }

  /** `safe` from a host: whoever can form this message may stop the machine. */
  safe(cause: number): void {
    const name = (Object.keys(tripCauses) as TripCause[]).find((each) => tripCauses[each] === cause);
    const known = cause >= tripCauses.hostSafe && cause <= tripCauses.foreignFrames;
    this.trip(known && name !== undefined ? name : 'hostSafe');
  }

  #become(state: ArmState, by: 'arm' | 'disarm' | 'rearm' | 'trip'): void {
    this.state = state;
    this.output.changed(state, by, this.cause);
  }
}
