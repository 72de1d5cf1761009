/** The other side of "stale is never live": what is fresh for certain is told as live. */
import type { Judgement } from '../deadline/judgement.js';
import { controlStream } from '../deadline/model/stream.js';
import { verdictCode } from '../deadline/verdict.js';
import type { HealthRecord } from '../feed/events.js';
import type { ReceivedFrame } from '../feed/frame.js';
import type { LinkState } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';
import type { Checker } from './checker.js';
import type { HostThread } from './host-thread.js';
import type { Watcher } from './watcher.js';

const { lifespanUs } = controlStream.contract;
/** It is told at each tick, not once a second: two of 5 ms, and what keeps a tick. */
const TOLD_WITHIN_US = 15_000;
const NEVER = Number.NEGATIVE_INFINITY;

export class Liveness implements Partial<Watcher> {
  #isToldLive = false;
  /** True time until which the newest frame is within its lifespan, whatever the clock model may be wrong by. */
  #freshUntilUs = NEVER;
  /** Since when it should have been told; NaN while nothing is to be. */
  #owedSinceUs = Number.NaN;

  constructor(
    private readonly checker: Checker,
    private readonly thread: HostThread,
  ) {}

  started(): void {
    this.#isToldLive = false;
    this.#freshUntilUs = NEVER;
    this.#owedSinceUs = Number.NaN;
  }

  told(event: TextEvent): void {
    if (event.type === 'board') this.#freshUntilUs = NEVER;
  }

  judged(_received: ReceivedFrame, { verdict, uncertaintyUs }: Judgement): void {
    if (verdict === verdictCode.repeated || verdict === verdictCode.reordered) return;
    const { checker } = this;
    // The release may be stated too early by the uncertainty, and is held to be as much earlier again.
    const certainUs = lifespanUs - 2 * uncertaintyUs - checker.clock.toleranceUs;
    this.#freshUntilUs = checker.clock.isExcused ? NEVER : checker.newestReleaseUs + certainUs;
  }

  health({ live }: HealthRecord): void {
    this.#isToldLive = live;
  }

  ticked(state: LinkState): void {
    const { nowUs } = this.thread;
    const isOwed = state === 'streaming' && nowUs <= this.#freshUntilUs && !this.#isToldLive;
    if (!isOwed) this.#owedSinceUs = Number.NaN;
    else if (Number.isNaN(this.#owedSinceUs)) this.#owedSinceUs = nowUs;
    else if (nowUs - this.#owedSinceUs > TOLD_WITHIN_US)
      this.checker.fail('what is fresh is told as live', { freshForUs: this.#freshUntilUs - nowUs });
  }
}
