import { expect, it } from 'vitest';
import { type ClockFigures, clockVerdict, missed, notFollowed, outside } from './clock-bars.js';

const good: ClockFigures = {
  ...{ idleP99Us: 40, loadedP99Us: 60, idleUncertaintyP50Us: 90, loadedUncertaintyP50Us: 90, coverage: 1 },
  ...{ klipperIdleP99Us: 90, klipperLoadedP99Us: 90, klipperWireIdleP99Us: 80, klipperWireLoadedP99Us: 80 },
  models: { 'FTDI 16 ms, 100 Hz': { coverage: 0.9995 } },
};

it('asks nothing more of what is good enough', () => {
  expect([...outside(good), ...missed(good)]).toEqual([]);
});

it.each<[Partial<ClockFigures>, RegExp]>([
  [{ idleP99Us: 76 }, /error p99, idle: 76 µs, wanted at most 75/],
  [{ loadedP99Us: 101, klipperLoadedP99Us: 300, klipperWireLoadedP99Us: 300 }, /error p99, loaded/],
  [{ idleUncertaintyP50Us: 151 }, /uncertainty p50, idle/],
  [{ loadedUncertaintyP50Us: Number.NaN }, /uncertainty p50, loaded/],
  [{ coverage: 0.998 }, /the pseudo-terminal: .* 99.80 %/],
  [{ models: { 'USB CDC, 100 Hz': { coverage: 0.99 } } }, /USB CDC, 100 Hz: .* 99.00 %/],
  [{ klipperWireIdleP99Us: 30 }, /beside Klipper's, idle/],
  [{ klipperLoadedP99Us: 50 }, /beside Klipper's, loaded/],
])('fails for %j', (worse, reason) => {
  const figures = { ...good, ...worse };
  expect([...outside(figures), ...missed(figures)].join()).toMatch(reason);
});

it('wants a step of the rate followed within 5 s, but where polls hide it', () => {
  expect(notFollowed({ 'USB CDC, 100 Hz': 4.9, 'FTDI 16 ms, 100 Hz': 11 })).toEqual([]);
  expect(notFollowed({ 'the pseudo-terminal, +200 ppm': 5.1 })).toHaveLength(1);
  expect(notFollowed({ 'the pseudo-terminal, +200 ppm': Number.NaN })).toHaveLength(1);
});

it('excuses times, and nothing else, with a machine that was late itself', () => {
  expect(clockVerdict([], [], 0.5).verdict).toBe('pass');
  expect(clockVerdict([], ['late'], 0.02)).toEqual({
    verdict: 'inconclusive',
    reasons: ['the machine itself was late for 2.0 % of the time', 'late'],
  });
  expect(clockVerdict([], ['late'], 0.005).verdict).toBe('fail');
  expect(clockVerdict(['outside'], ['late'], 0.5)).toEqual({ verdict: 'fail', reasons: ['outside', 'late'] });
});
