/** How often blame was right: decisions on late frames and lost ones beside the truth, by what was injected. */

export interface Score {
  readonly late: number;
  readonly right: number;
  readonly wrong: number;
  readonly open: number;
}

export interface BlameFigures {
  /** Of the decided, 0..1; null when there were none. */
  readonly accuracy: number | null;
  /** Of all late and lost frames, 0..1. */
  readonly indeterminate: number | null;
  /** Late or lost; a silence after which nothing is missing counts as one. */
  readonly lateFrames: number;
  readonly perCause: Readonly<Record<string, { accuracy: number | null; indeterminate: number; lateFrames: number }>>;
}

export class Scores {
  readonly #byCause = new Map<string, { right: number; wrong: number; open: number }>();

  /** @param cause the fault at work; `told` and `truth` are culprits, of `count` frames at once */
  add(cause: string, told: string, truth: string, count = 1): void {
    let score = this.#byCause.get(cause);
    if (score === undefined) {
      score = { right: 0, wrong: 0, open: 0 };
      this.#byCause.set(cause, score);
    }
    if (told === 'indeterminate') score.open += count;
    else if (told === truth) score.right += count;
    else score.wrong += count;
  }

  merge(other: Scores): void {
    for (const [cause, { right, wrong, open }] of other.#byCause) {
      const score = this.#byCause.get(cause) ?? { right: 0, wrong: 0, open: 0 };
      this.#byCause.set(cause, { right: score.right + right, wrong: score.wrong + wrong, open: score.open + open });
    }
  }

  figures(): BlameFigures {
    const perCause: Record<string, { accuracy: number | null; indeterminate: number; lateFrames: number }> = {};
    let right = 0;
    let wrong = 0;
    let open = 0;
    for (const [cause, score] of [...this.#byCause].sort(([a], [b]) => (a < b ? -1 : 1))) {
      right += score.right;
      wrong += score.wrong;
      open += score.open;
      const lateFrames = score.right + score.wrong + score.open;
      perCause[cause] = {
        accuracy: share(score.right, score.right + score.wrong),
        indeterminate: score.open / lateFrames,
        lateFrames,
      };
    }
    const lateFrames = right + wrong + open;
    return { accuracy: share(right, right + wrong), indeterminate: share(open, lateFrames), lateFrames, perCause };
  }
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
