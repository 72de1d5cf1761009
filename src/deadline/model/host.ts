/**
 * For tests and simulations: a host thread in virtual time that reads a port as the bridge does, with the accounting
 * that Linux and libuv would keep of it. What can keep it from looking is given as obstacles.
 */
import { looks, SampleRing } from '../samples.js';

export interface Obstacle {
  readonly fromUs: number;
  readonly toUs: number;
  /**
   * busy: a callback runs on the CPU. blocked: a call sleeps in the kernel. starved: others have the CPU.
   * stopped: the process does not run at all.
   */
  readonly kind: 'busy' | 'blocked' | 'starved' | 'stopped';
}

export interface HostHandlers<Item> {
  /** An item of the line, read at `arrivalUs` and judged at `judgedUs`. */
  judge(item: Item, arrivalUs: number, judgedUs: number): void;
  /** A look found nothing. */
  empty(nowUs: number): void;
}

const WAKE_UP_US = 15;
const READ_US = 8;
/** A terminal gives 4095 bytes at most to one read: so many frames of 36. */
const READ_ITEMS_MAX = 113;
const JUDGE_US = 2;
const OVERDUE_US = 2000;
const CHAIN_US = 1000;
const TIMER_LATENESS_US = 100;

/** One port and one thread. `items` become readable at their `readyUs`, in this order. */
export class VirtualHost<Item extends { readonly readyUs: number }> {
  readonly samples: SampleRing;
  nowUs: number;
  #idleUs = 0;
  #cpuUs = 0;
  #runDelayUs = 0;
  #lookUs: number;
  #next = 0;
  readonly #handlers: HostHandlers<Item>;
  readonly #random: () => number;

  /** @param measured false leaves CPU time and run delay out, as without schedstat */
  constructor(startUs: number, handlers: HostHandlers<Item>, random: () => number, measured = true) {
    this.samples = new SampleRing(measured);
    this.nowUs = startUs;
    this.#lookUs = startUs + OVERDUE_US;
    this.#handlers = handlers;
    this.#random = random;
  }

  /** Runs until `endUs`. Obstacles are in order and do not overlap. */
  run(items: readonly Item[], obstacles: readonly Obstacle[], endUs: number): void {
    const calls = obstacles.filter(({ kind }) => kind === 'busy' || kind === 'blocked');
    const absences = obstacles.filter(({ kind }) => kind === 'starved' || kind === 'stopped');
    let call = 0;
    while (this.nowUs < endUs) {
      const readyUs = items[this.#next]?.readyUs ?? Number.POSITIVE_INFINITY;
      const callUs = calls[call]?.fromUs ?? Number.POSITIVE_INFINITY;
      this.#sleepUntil(Math.min(readyUs, callUs, this.#lookUs), absences);
      this.#work(WAKE_UP_US * (0.5 + this.#random()));
      if (callUs <= this.nowUs) {
        const { fromUs, toUs, kind } = calls[call++]!;
        if (kind === 'busy') this.#cpuUs += toUs - fromUs;
        this.nowUs += toUs - fromUs;
      }
      if (this.#lookUs <= this.nowUs) this.#look(items);
      else if ((items[this.#next]?.readyUs ?? Number.POSITIVE_INFINITY) <= this.nowUs) this.#read(items);
    }
  }

  /** The loop waits in epoll; whoever is kept from running wakes later than asked. */
  #sleepUntil(wantedUs: number, absences: readonly Obstacle[]): void {
    let wakeUs = Math.max(this.nowUs, wantedUs);
    for (const { fromUs, toUs, kind } of absences) {
      if (wakeUs < fromUs || wakeUs >= toUs) continue;
      if (kind === 'starved') this.#runDelayUs += toUs - wakeUs;
      wakeUs = toUs;
    }
    this.#idleUs += wakeUs - this.nowUs;
    this.nowUs = wakeUs;
  }

  #work(us: number): void {
    this.#cpuUs += us;
    this.nowUs += us;
  }

  #look(items: readonly Item[]): void {
    if ((items[this.#next]?.readyUs ?? Number.POSITIVE_INFINITY) <= this.nowUs) {
      this.#read(items);
      return;
    }
    this.#work(READ_US);
    this.#lookUs = this.nowUs + CHAIN_US + this.#random() * TIMER_LATENESS_US;
    this.#sample(looks.empty, this.nowUs + CHAIN_US + TIMER_LATENESS_US);
    this.#handlers.empty(this.nowUs);
  }

  #read(items: readonly Item[]): void {
    this.#work(READ_US);
    const arrivalUs = this.nowUs;
    this.#lookUs = arrivalUs + OVERDUE_US + this.#random() * TIMER_LATENESS_US;
    this.#sample(looks.read, arrivalUs + OVERDUE_US);
    let last = this.#next;
    const end = Math.min(items.length, this.#next + READ_ITEMS_MAX);
    while (last < end && items[last]!.readyUs <= arrivalUs) last++;
    while (this.#next < last) {
      this.#work(JUDGE_US);
      this.#handlers.judge(items[this.#next++]!, arrivalUs, this.nowUs);
    }
  }

  #sample(look: (typeof looks)[keyof typeof looks], dueUs: number): void {
    this.samples.add(look, this.nowUs, this.#idleUs, this.#cpuUs, this.#runDelayUs, dueUs);
  }
}
