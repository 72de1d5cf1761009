/** What a stream's figures say of damage and of foreign frames is what the decoder has found since its session began. */
import { verdictCode } from '../deadline/verdict.js';
import type { StatsRecord } from '../feed/events.js';
import type { TextEvent } from '../outlet.js';
import type { Checker } from './checker.js';
import type { Watcher } from './watcher.js';

export class DamageAccount implements Partial<Watcher> {
  /** Of damaged bytes; a long one is told in pieces. */
  #runs = 0;
  #bytes = 0;
  #foreign = 0;

  constructor(private readonly checker: Checker) {}

  told(event: TextEvent): void {
    if (event.type !== 'board') return;
    this.#runs = 0;
    this.#bytes = 0;
    this.#foreign = 0;
  }

  corrupt(bytes: number, isNew: boolean): void {
    if (isNew) this.#runs++;
    this.#bytes += bytes;
  }

  foreign(): void {
    this.#foreign++;
  }

  stats({ verdicts, corruptBytes }: StatsRecord): void {
    const corrupt = verdicts[verdictCode.corrupt]!;
    const foreign = verdicts[verdictCode.foreign]!;
    const found = { runs: this.#runs, bytes: this.#bytes };
    if (corrupt !== this.#runs || corruptBytes !== this.#bytes)
      this.checker.fail('damage is counted as it was found', { corrupt, corruptBytes, found });
    if (foreign !== this.#foreign)
      this.checker.fail('foreign frames are counted as they were found', { foreign, found: this.#foreign });
  }
}
