/** The invariants of the board's outputs and commands, checked against what was really asked for and really known. */
import type { Message } from '../codec/message.js';
import type { AnswerCode, ArmState, TripCause } from '../codec/schema.js';
import type { Episode } from './episode.js';
import { EXPIRY_US } from './operator.js';

/** What a pause of the board's clock that is not known yet may add. */
const CLOCK_SLACK_US = 2000;
/** A trip so long after the last fault, and not asked for, has no reason. */
const AFTERMATH_US = 1e6;
/** Unless the fault cost a command its answer: that is given up after 1.2 s, and the next status, a second later, tells what the board made of it. */
const UNANSWERED_US = 2.3e6;
/** After an order: given up after 1.2 s, taken back within the next second. */
const TAKEN_BACK_US = 1.2e6;
/** What only a hard contract trips for. */
const hardCauses: readonly TripCause[] = ['deadlineMissed', 'dataStale', 'foreignFrames'];
const COMMANDS_REMEMBERED = 64;

export class BoardSafety {
  /** That nobody has asked for. */
  trips = 0;
  /** When the board was last seen to become safe or to be released, true time. */
  changedUs = 0;
  readonly #ran = new Set<number>();

  constructor(private readonly episode: Episode) {}

  /** The board's state has changed; `by` is what did it. */
  changed(state: ArmState, by: string, cause: TripCause): void {
    const { checker, operator, device, campaign, isHard } = this.episode;
    const { nowUs } = device;
    this.changedUs = nowUs;
    if (by === 'arm' && !operator.use('arm')) checker.fail('nothing arms itself', { state });
    if (by === 'rearm' && !operator.use('rearm')) checker.fail('a trip stays latched', { state });
    if (by === 'trip' && state !== 'tripped') checker.fail('a trip stays latched', { state });
    if (state !== 'tripped') return;
    if (!isHard && hardCauses.includes(cause)) checker.fail('a firm contract trips nothing', { cause });
    const sinceFaultUs = nowUs - campaign.injector.endUs;
    const isWanted = nowUs - operator.lastSafeUs < AFTERMATH_US;
    if (!isWanted) this.trips++;
    const aftermathUs = cause === 'hostSafe' ? UNANSWERED_US : AFTERMATH_US;
    if (sinceFaultUs > aftermathUs && !isWanted) checker.fail('no trip without a reason', { cause, sinceFaultUs });
  }

  /** What the board does was asked for within its expiry, and is done once. */
  ran({ counter, command }: Message<'command'>, code: AnswerCode): void {
    if (code === 'expired') return;
    const { checker, device, operator } = this.episode;
    const key = device.session.count * 2 ** 32 + counter;
    if (this.#ran.has(key)) checker.fail('a command runs once', { command, counter });
    this.#ran.add(key);
    if (this.#ran.size > COMMANDS_REMEMBERED) this.#ran.delete(this.#ran.values().next().value!);
    // The bridge itself takes back an order of which no answer came, when it runs: that has an expiry of its own.
    const isTakenBack = command === 'disarm';
    const takenBackUs = Math.max(operator.askedUs + TAKEN_BACK_US, checker.hostAwayUntilUs);
    const afterUs = device.nowUs - (isTakenBack ? takenBackUs : operator.askedUs);
    if (afterUs > EXPIRY_US + CLOCK_SLACK_US && !checker.clock.isExcused) {
      checker.fail('no command runs after its expiry', { command, afterUs });
    }
  }

  /**
   * An armed board may rely on a host only while that has proved, within the watchdog's time, that it knows the board. One
   * that is itself held up, by a job that runs long or by a debugger, notices so much later. It counts by its own clock.
   */
  checkArmed(nowUs: number): void {
    const { checker, device } = this.episode;
    const unprovenUs = nowUs - checker.provenReleaseUs;
    const limitUs = device.armedAtMostUs;
    if (unprovenUs > limitUs) {
      checker.fail('an armed board is safe within its watchdog and a tick', { unprovenUs, limitUs });
    }
  }
}
