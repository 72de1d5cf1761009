/** The bridge under test: the real one, as an operator has it. */
import type { Descriptor } from '../codec/descriptor.js';
import { MET_BEFORE_ARM } from '../deadline/policy.js';
import type { BoardLoop } from '../loop/board-loop.js';
import type { CommandAnswer } from '../outlet.js';
import { periodOf } from './board-lag.js';
import { isMachines } from './disturbance.js';
import { linkNow } from './link-now.js';
import type { Rig } from './rig.js';
import { checkNumber } from './terms.js';
import { refusalExcuse, timedOut } from './time-out.js';
import type { TracedHealth } from './trace.js';

const STREAMING_MS = 15_000;
const READY_MS = 20_000;
const ASK_AGAIN_MS = 100;

export class HilBridge {
  readonly #rig: Rig;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** The tight loop of the board, for figures that no outlet gets. */
  get loop(): BoardLoop {
    return this.#rig.loop;
  }

  /** Of the gateway; null in virtual time, where there are no outlets. */
  get httpPort(): number | null {
    return this.#rig.httpPort;
  }

  /** The newest state that an outlet has seen. */
  get health(): TracedHealth | undefined {
    return this.#rig.trace.health;
  }

  /** What the board says of itself; null before the first session. */
  get descriptor(): Descriptor | null {
    const known = this.#rig.trace.texts.findLast((text) => text.type === 'board' && text.descriptor !== null);
    return known?.type === 'board' ? known.descriptor : null;
  }

  /** Waits until the board streams and its newest values are live. */
  async streaming(withinMs = STREAMING_MS): Promise<void> {
    const { trace } = this.#rig;
    const isStreaming = () => trace.health?.link === 'streaming' && trace.health.live;
    try {
      await this.#rig.until('the board streams and is live', isStreaming, withinMs);
    } catch (error) {
      if (error instanceof Error) error.message += `; ${linkNow(this.#rig)}`;
      throw error;
    }
  }

  /**
   * A command, as an outlet gives it: `arm`, `disarm`, `rearm`, `safe`, or one of the descriptor's. Values in its units.
   * While the board's clock is not known, as after a machine was too busy for an emulator, it is not sent: it waits for that.
   * In real time one that was not answered, or that a tripped board refused, ends the test as inconclusive where this
   * machine explains that.
   */
  async command(name: string, ...values: number[]): Promise<CommandAnswer> {
    const { trace } = this.#rig;
    const fromUs = this.#rig.nowUs();
    const endUs = fromUs + READY_MS * 1e3;
    for (;;) {
      const answer = await this.#rig.command(name, values);
      if (answer.ok) return answer;
      if (answer.code !== 'clock-invalid' || this.#rig.nowUs() > endUs) {
        const excuse = refusalExcuse(trace, answer.code, fromUs);
        return excuse === null ? answer : trace.options.inconclusive(`"${name}": ${answer.detail}; ${excuse}`);
      }
      await this.#rig.pass(ASK_AGAIN_MS);
    }
  }

  /**
   * Waits until the board may be armed, and arms it.
   * @throws TimedOut with what was still missing
   */
  async arm(withinMs = READY_MS): Promise<void> {
    checkNumber('arm', withinMs, '0 or more');
    let answer: CommandAnswer = { ok: false, code: 'not-asked', detail: 'it was not asked' };
    const fromUs = this.#rig.nowUs();
    const endUs = fromUs + withinMs * 1e3;
    while (!answer.ok) {
      answer = await this.command('arm');
      if (answer.ok) return;
      if (this.#rig.nowUs() > endUs) {
        const message = `the board could not be armed within ${withinMs} ms: ${answer.detail}`;
        throw timedOut(this.#rig.trace, message, fromUs, this.#isHeldUpByMisses(fromUs));
      }
      await this.#rig.pass(ASK_AGAIN_MS);
    }
  }

  /** The host stands still for so long, as under a hung loop or a stopped process. */
  freeze(ms: number): Promise<void> {
    return this.#rig.freeze(ms);
  }

  /** Each miss of this machine's costs the thousand frames that must meet after it: whether those take more than half of the wait. */
  #isHeldUpByMisses(fromUs: number): boolean {
    const { trace } = this.#rig;
    const costUs = MET_BEFORE_ARM * periodOf(trace);
    const toUs = this.#rig.nowUs();
    let countedUs = fromUs;
    let sumUs = 0;
    for (const miss of trace.misses) {
      const endUs = Math.min(miss.toUs + costUs, toUs);
      if (!(endUs > countedUs) || !isMachines(miss, trace)) continue;
      sumUs += endUs - Math.max(countedUs, miss.toUs);
      countedUs = endUs;
    }
    return sumUs > (toUs - fromUs) / 2;
  }
}
