/** What the clock benchmark wants of its figures. */

const COVERAGE_MIN = 0.999;
/** How soon a rate that steps by 200 ppm must be followed, where the line's polls do not hide it for longer. */
const FOLLOWED_S = 5;
const HIDING_POLLS = /^FTDI 16 ms, 100 Hz/;
/** Of the time: a machine that was late for more of it than this says nothing about times. */
const FLOOR_LATE_MAX = 0.01;

export interface ClockFigures {
  readonly idleP99Us: number;
  readonly loadedP99Us: number;
  readonly idleUncertaintyP50Us: number;
  readonly loadedUncertaintyP50Us: number;
  readonly coverage: number;
  readonly klipperIdleP99Us: number;
  readonly klipperLoadedP99Us: number;
  readonly klipperWireIdleP99Us: number;
  readonly klipperWireLoadedP99Us: number;
  readonly models: Readonly<Record<string, { readonly coverage: number }>>;
}

/** @returns lines on which the truth was outside of the stated interval too often */
export function outside({ coverage, models }: Pick<ClockFigures, 'coverage' | 'models'>): string[] {
  return Object.entries({ 'the pseudo-terminal': { coverage }, ...models })
    .filter(([, line]) => !(line.coverage >= COVERAGE_MIN))
    .map(([name, line]) => {
      const percent = (line.coverage * 100).toFixed(2);
      return `${name}: the truth was inside the stated interval only ${percent} % of the time`;
    });
}

/** @param steps by line: until when after the step the truth was outside of the stated interval, s */
export function notFollowed(steps: Readonly<Record<string, number>>): string[] {
  return Object.entries(steps)
    .filter(([name, seconds]) => !HIDING_POLLS.test(name) && !(seconds <= FOLLOWED_S))
    .map(
      ([name, seconds]) =>
        `${name}: a step of the rate was followed after ${seconds.toFixed(2)} s, wanted ${FOLLOWED_S}`,
    );
}

/** The machine's own lateness excuses times, and nothing else. @param floorLate fraction of the time */
export function clockVerdict(wrong: readonly string[], late: readonly string[], floorLate: number) {
  if (wrong.length > 0) return { verdict: 'fail' as const, reasons: [...wrong, ...late] };
  if (late.length === 0) return { verdict: 'pass' as const, reasons: [] };
  if (!(floorLate > FLOOR_LATE_MAX)) return { verdict: 'fail' as const, reasons: [...late] };
  const reason = `the machine itself was late for ${(100 * floorLate).toFixed(1)} % of the time`;
  return { verdict: 'inconclusive' as const, reasons: [reason, ...late] };
}

/** @returns times that are not reached; one that is not known is not reached */
export function missed(figures: ClockFigures): string[] {
  const reasons: string[] = [];
  const atMost = (what: string, us: number, limitUs: number) => {
    if (!(us <= limitUs)) reasons.push(`${what}: ${us.toFixed(0)} µs, wanted at most ${limitUs.toFixed(0)}`);
  };
  atMost('error p99, idle', figures.idleP99Us, 75);
  atMost('error p99, loaded', figures.loadedP99Us, 100);
  atMost('stated uncertainty p50, idle', figures.idleUncertaintyP50Us, 150);
  atMost('stated uncertainty p50, loaded', figures.loadedUncertaintyP50Us, 150);
  const { klipperIdleP99Us, klipperWireIdleP99Us, klipperLoadedP99Us, klipperWireLoadedP99Us } = figures;
  atMost("error p99 beside Klipper's, idle", figures.idleP99Us, Math.min(klipperIdleP99Us, klipperWireIdleP99Us));
  atMost(
    "error p99 beside Klipper's, loaded",
    figures.loadedP99Us,
    Math.min(klipperLoadedP99Us, klipperWireLoadedP99Us),
  );
  return reasons;
}
