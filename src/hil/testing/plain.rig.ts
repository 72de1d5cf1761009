/** What can be tested of a sketch that only prints lines; `plain-sketch.integration.test.ts` prints them. */
import { describe, expect, test } from 'tautline/hil';

test('prints its signals, with values in their range', async ({ bridge, clock, trace }) => {
  await bridge.streaming();
  await clock.until('twenty lines', () => trace.frames.length >= 20);
  const [stream] = bridge.descriptor!.streams;
  expect(stream!.signals.map(({ name }) => name)).toEqual(['temperature', 'speed']);
  for (const { values } of trace.frames) {
    expect(values[0]).toBeGreaterThanOrEqual(20);
    expect(values[0]).toBeLessThan(30);
  }
  expect(new Set(trace.frames.map(({ verdict }) => verdict))).toEqual(new Set(['unverified']));
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
