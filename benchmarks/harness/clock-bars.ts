/** What the clock benchmark wants of its figures. */

const COVERAGE_MIN = 0.999;

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
