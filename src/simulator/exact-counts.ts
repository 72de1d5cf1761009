/** After each fault that came alone: what the line really did is what the bridge has counted, class by class. */
import type { Checker } from './checker.js';
import type { FaultKind } from './faults.js';
import type { LineToHost } from './line-to-host.js';

/** Faults of at most 24 bytes: a frame of 36 bytes and its neighbour are all that they may cost. */
const short: readonly FaultKind[] = ['flip', 'drop', 'insert'];
const LOST_PER_SHORT_FAULT = 2;

interface Counts {
  readonly duplicate: number;
  readonly reorder: number;
  readonly foreign: number;
  readonly damaged: number;
  readonly noise: number;
  readonly repeated: number;
  readonly reordered: number;
  readonly toldForeign: number;
  readonly toldCorrupt: number;
  readonly lost: number;
}

export class ExactCounts {
  #before: Counts | null = null;
  #kind: FaultKind = 'flip';

  constructor(
    private readonly line: LineToHost,
    private readonly checker: Checker,
    private readonly decoder: () => { readonly foreignFrames: number; readonly corruptFrames: number },
  ) {}

  begin(kind: FaultKind): void {
    this.#kind = kind;
    this.#before = this.#now();
  }

  /** @throws Violation */
  check(): void {
    const before = this.#before;
    this.#before = null;
    if (before === null) return;
    const now = this.#now();
    const fault = this.#kind;
    const grew = (name: keyof Counts) => now[name] - before[name];
    const same = (told: keyof Counts, really: keyof Counts) => {
      if (grew(told) === grew(really)) return;
      this.checker.fail(`${told} frames are counted exactly`, { fault, told: grew(told), really: grew(really) });
    };
    same('repeated', 'duplicate');
    same('reordered', 'reorder');
    same('toldForeign', 'foreign');
    if (grew('damaged') > 0 && grew('toldCorrupt') === 0) this.checker.fail('damage is noticed', { fault });
    if (grew('damaged') + grew('noise') === 0 && grew('toldCorrupt') > 0) {
      this.checker.fail('no damage is told without any', { fault, told: grew('toldCorrupt') });
    }
    if (short.includes(fault) && grew('lost') > LOST_PER_SHORT_FAULT) {
      this.checker.fail('a short fault costs two frames at most', { fault, lost: grew('lost') });
    }
  }

  #now(): Counts {
    const { foreignFrames, corruptFrames } = this.decoder();
    const { duplicate, reorder, foreign, damaged, noise } = this.line.done;
    const { repeated, reordered } = this.checker.disorder;
    const lost = this.checker.framesLost;
    return {
      duplicate,
      reorder,
      foreign,
      damaged,
      noise,
      repeated,
      reordered,
      toldForeign: foreignFrames,
      toldCorrupt: corruptFrames,
      lost,
    };
  }
}
