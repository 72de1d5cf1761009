/** A hard contract trips an armed board: at once for a late frame, a foreign one or old data; and the board becomes safe. */
import { controlStream } from '../deadline/model/stream.js';
import type { LinkState } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';
import type { Checker } from './checker.js';
import type { Device } from './device.js';
import type { HostThread } from './host-thread.js';
import type { Watcher } from './watcher.js';

const TICK_US = 5000;
/** The oldest that the newest sample of an armed hard board may be, and a look at the port, late as for a silence. */
const SAMPLE_AGE_MAX_US = controlStream.contract.deadlineUs + 2 * controlStream.periodUs;
const LOOK_TOLERANCE_US = 2150;

export interface TripParts {
  readonly checker: Checker;
  readonly device: Device;
  readonly thread: HostThread;
  readonly isHard: boolean;
  /** Whether the bridge has said that it armed the board. */
  readonly isSaidArmed: () => boolean;
}

export class Trips implements Partial<Watcher> {
  /** Since when the bridge says that the board has tripped, true time; NaN while it does not. */
  #trippedUs = Number.NaN;
  /** A foreign frame came; what follows from it is known with the next frame or tick. */
  #owes = false;

  constructor(private readonly parts: TripParts) {}

  started(): void {
    this.#trippedUs = Number.NaN;
    this.#owes = false;
  }

  told(event: TextEvent): void {
    if (event.type !== 'alarm' || event.id !== 'tripped') return;
    const { checker, device } = this.parts;
    // `safe` may have been lost, and the board's watchdog not have run out: then it is the trip that is lost.
    if (!event.active && device.guard.state === 'armed') checker.fail('a trip ends on a board that is safe', {});
    this.#trippedUs = event.active ? this.parts.thread.nowUs : Number.NaN;
  }

  foreign(): void {
    if (this.#isGuarded) this.#owes = true;
  }

  judged(): void {
    this.#foreignTripped();
    if (this.parts.checker.isCertainlyLate && this.#isGuarded && !this.#hasTripped)
      this.parts.checker.fail('a late frame trips a hard, armed board', {});
  }

  ticked(state: LinkState): void {
    this.#foreignTripped();
    const { checker, thread } = this.parts;
    const isInSession = state === 'streaming' || state === 'silent';
    if (!isInSession && this.#isGuarded && !this.#hasTripped)
      checker.fail('a session that is lost trips a hard, armed board', { state });
    const ageUs = thread.clockUs - checker.newestArrivalUs;
    if (!(ageUs > SAMPLE_AGE_MAX_US + LOOK_TOLERANCE_US + TICK_US) || thread.isReadingHung) return;
    const hostWasAway = thread.nowUs - checker.hostAwayUntilUs <= 2 * TICK_US;
    if (isInSession && this.#isGuarded && !hostWasAway && !this.#hasTripped)
      checker.fail('old data trips a hard, armed board', { ageUs });
  }

  /**
   * With the trip the heartbeats stop: should `safe` be lost, the board's watchdog acts, which counts from a release that
   * was judged before.
   */
  checkArmed(nowUs: number): void {
    const { checker, device } = this.parts;
    const trippedForUs = nowUs - this.#trippedUs;
    const limitUs = device.armedAtMostUs;
    if (trippedForUs > limitUs) checker.fail('a trip makes the board safe', { trippedForUs, limitUs });
  }

  get #hasTripped(): boolean {
    return !Number.isNaN(this.#trippedUs);
  }

  /** Armed in truth and by the bridge's word, and the contract is enforced. */
  get #isGuarded(): boolean {
    const { isHard, device, thread, checker, isSaidArmed } = this.parts;
    return isHard && device.guard.state === 'armed' && thread.clockUs >= checker.enforcedFromUs && isSaidArmed();
  }

  #foreignTripped(): void {
    const owed = this.#owes;
    this.#owes = false;
    if (owed && !this.#hasTripped) this.parts.checker.fail('a foreign frame trips a hard, armed board', {});
  }
}
