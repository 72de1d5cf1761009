/** The bridge under test: the real one, as an operator has it. */
import type { Descriptor } from '../codec/descriptor.js';
import type { BoardLoop } from '../loop/board-loop.js';
import type { CommandAnswer } from '../outlet.js';
import { linkNow } from './link-now.js';
import type { Rig } from './rig.js';
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
   */
  async command(name: string, ...values: number[]): Promise<CommandAnswer> {
    const endUs = this.#rig.nowUs() + READY_MS * 1e3;
    for (;;) {
      const answer = await this.#rig.command(name, values);
      if (answer.ok || answer.code !== 'clock-invalid' || this.#rig.nowUs() > endUs) return answer;
      await this.#rig.pass(ASK_AGAIN_MS);
    }
  }

  /**
   * Waits until the board may be armed, and arms it.
   * @throws Error with what was still missing
   */
  async arm(withinMs = READY_MS): Promise<void> {
    let answer: CommandAnswer = { ok: false, code: 'not-asked', detail: 'it was not asked' };
    const endUs = this.#rig.nowUs() + withinMs * 1e3;
    while (!answer.ok) {
      answer = await this.command('arm');
      if (answer.ok) return;
      if (this.#rig.nowUs() > endUs) this.#cannotArm(answer.detail, withinMs);
      await this.#rig.pass(ASK_AGAIN_MS);
    }
  }

  /** The host stands still for so long, as under a hung loop or a stopped process. */
  freeze(ms: number): Promise<void> {
    return this.#rig.freeze(ms);
  }

  #cannotArm(detail: string, withinMs: number): never {
    // Where this machine was too busy, the rig says so, and the test ends as inconclusive.
    throw new Error(`the board could not be armed within ${withinMs} ms: ${detail}`);
  }
}
