/** What can be tested of a sketch that only prints lines; `plain-sketch.integration.test.ts` prints them. */
import { describe, expect, test } from 'tautline/hil';

test('prints its signals, with values in their range', async ({ bridge, clock, trace }) => {
  await bridge.streaming();
  await clock.until('twenty lines', () => trace.frames.length >= 20);
  const { signals } = bridge.descriptor!.streams[0]!;
  expect(signals.map(({ name }) => name)).toEqual(['temperature', 'speed']);
  for (const { values, verdict } of trace.frames) {
    expect(verdict).toBe('unverified');
    expect(values[0]).toBeGreaterThanOrEqual(20);
    expect(values[0]).toBeLessThan(30);
  }
});

test('is held to no sequence and no time, for it has none', async ({ bridge, clock, trace }) => {
  await bridge.streaming();
  await clock.until('three lines', () => trace.frames.length >= 3);
  const judgements = {
    toHaveNoGaps: () => expect(trace).toHaveNoGaps(),
    toHavePeriod: () => expect(trace).toHavePeriod({ us: 100_000 }),
    toHaveRate: () => expect(trace).toHaveRate({ us: 100_000, tolerancePpm: 500 }),
    toMeetDeadline: () => expect(trace).toMeetDeadline({ us: 1e6 }),
    toStayWithinJitter: () => expect(trace).toStayWithinJitter({ maxUs: 1e6 }),
    toRecoverWithin: () => expect(trace).toRecoverWithin(1e6),
    toBeSafeWithin: () => expect(trace).not.toBeSafeWithin(1),
    toBlame: () => expect(trace).not.toBlame('link'),
  };
  for (const [name, judge] of Object.entries(judgements)) {
    expect(judge).toThrow(new RegExp(`^${name} .* plain lines.*Assert .*needs: \\['stamps'\\]`));
  }
});

describe('what needs a sequence', () => {
  test.override({ needs: ['stamps'] });

  test('is skipped', async ({ trace }) => {
    expect(trace).toHaveNoGaps();
  });
});

test('refuses what needs an answer', async ({ bridge }) => {
  await bridge.streaming();
  expect(await bridge.command('arm')).toMatchObject({ ok: false });
});

describe('a client', () => {
  test.override({ needs: ['outlets'] });

  test('gets its lines, marked as unverified', async ({ bridge, socket }) => {
    await bridge.streaming();
    await socket.join();
    await socket.until('a line', ({ frames }) => frames.length > 0);
    expect(socket.frames[0]).toMatchObject({ verdict: 'unverified' });
  });
});

describe('a line', () => {
  test.override({ needs: ['unplug'] });

  test('that is pulled out makes its values stale, and they come back', async ({ bridge, clock, link, trace }) => {
    await bridge.streaming();
    const mark = trace.mark();
    await link.unplug(300);
    await clock.until('it is told', () => trace.since(mark).healths.some(({ live }) => !live));
    await bridge.streaming();
  });
});
