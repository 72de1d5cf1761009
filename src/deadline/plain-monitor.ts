/** Judges plain lines. They have no CRC, no sequence and no time of their own, so all that can be said is when they came. */
import type { Contract } from './contract.js';
import { Counters } from './counters.js';
import { Judgement } from './judgement.js';
import { verdictCode } from './verdict.js';

export class PlainMonitor {
  readonly contract: Contract;
  readonly counters = new Counters();
  silent = false;
  newestArrivalUs = Number.NaN;
  readonly #judgement = new Judgement();
  #seq = 0;

  constructor(contract: Contract) {
    this.contract = contract;
    this.#judgement.verified = false;
    this.#judgement.verdict = verdictCode.unverified;
    this.#judgement.lifespanUs = contract.lifespanUs;
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
    judgement.live = this.live(judgedUs);
    this.counters.verdicts[verdictCode.unverified]!++;
    return judgement;
  }

  /** True once, when nothing has come for longer than the lease. Call it after a look at the port that found nothing. */
  silence(nowUs: number): boolean {
    if (this.silent || !(nowUs - this.newestArrivalUs > this.contract.leaseUs)) return false;
    this.silent = true;
    return true;
  }

  /** Whether the newest reading came within its lifespan. How old it was when it came, nobody knows. */
  live(nowUs: number): boolean {
    return nowUs - this.newestArrivalUs <= this.contract.lifespanUs;
  }
}
