/** Judges plain lines. They have no CRC, no sequence and no time of their own, so all that can be said is when they came. */
import type { Contract } from './contract.js';
import { Counters, type StreamStats } from './counters.js';
import { Judgement } from './judgement.js';
import { verdictCode } from './verdict.js';

export class PlainMonitor {
  readonly contract: Contract;
  readonly counters = new Counters();
  silent = false;
  newestArrivalUs = Number.NaN;
  readonly #judgement = new Judgement();
  #seq: number;
  #isOverdue = false;
  #countAtStats = 0;
  #statsUs = Number.NaN;

  /** @param firstSeq number of the first reading */
  constructor(contract: Contract, firstSeq = 0) {
    this.contract = contract;
    this.#seq = firstSeq;
    this.#judgement.verified = false;
    this.#judgement.verdict = verdictCode.unverified;
    this.#judgement.lifespanUs = contract.lifespanUs;
  }

  get nextSeq(): number {
    return this.#seq;
  }

  /**
   * A reading. `seq` counts arrivals, `latenessUs` is how much later than a period and the deadline after the one before
   * it was judged; the verdict is always `unverified`, and nobody is blamed.
   */
  judge(arrivalUs: number, judgedUs: number): Judgement {
    const judgement = this.#judgement;
    judgement.seq = this.#seq++;
    judgement.arrivalUs = arrivalUs;
    judgement.judgedUs = judgedUs;
    judgement.latenessUs = judgedUs - this.newestArrivalUs - this.contract.periodUs - this.contract.deadlineUs;
    this.newestArrivalUs = arrivalUs;
    this.silent = false;
    this.#isOverdue = false;
    judgement.live = this.live(judgedUs);
    this.counters.verdicts[verdictCode.unverified]!++;
    return judgement;
  }

  /**
   * Judges silence: nothing has come for longer than the lease at two calls in a row. Between them the loop has turned and
   * read what was there, so that the host's own stall is not taken for it.
   */
  silence(nowUs: number): void {
    const isOverdue = nowUs - this.newestArrivalUs > this.contract.leaseUs;
    this.silent = isOverdue && this.#isOverdue;
    this.#isOverdue = isOverdue;
  }

  /** Fills in what can be said: how many readings there were, and how often they come. */
  stats(nowUs: number, into: StreamStats): void {
    const { counters } = this;
    const count = counters.verdicts[verdictCode.unverified]!;
    into.boot = 0;
    into.verdicts.set(counters.verdicts);
    into.culprits.set(counters.culprits);
    into.arrivalJitterP99Us = Number.NaN;
    into.releaseJitterMaxUs = Number.NaN;
    into.rateHz = ((count - this.#countAtStats) * 1e6) / (nowUs - this.#statsUs);
    into.window = 0;
    into.windowSize = 0;
    into.corruptBytes = 0;
    into.newestSeq = this.#seq - 1;
    into.newestReleaseHostUs = Number.NaN;
    into.worstLatenessUs = Number.NaN;
    into.judgedUs = nowUs;
    this.#countAtStats = count;
    this.#statsUs = nowUs;
  }

  /** Whether the newest reading came within its lifespan. How old it was when it came, nobody knows. */
  live(nowUs: number): boolean {
    return nowUs - this.newestArrivalUs <= this.contract.lifespanUs;
  }
}
