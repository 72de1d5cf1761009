/** Tests that fail, each in its way: what a child run of `replay.integration.test.ts` leaves behind is replayed there. */
import { describe, expect, test } from 'tautline/hil';

describe('a line that is held', () => {
  test.override({ needs: ['faults'] });

  test('is late', async ({ bridge, clock, trace, faults, link, health }) => {
    health.expect('corrupt', 'receiveErrors', 'resets', 'foreign');
    await bridge.streaming();
    await clock.pass(300);
    expect(await bridge.command('setpoint', 1000)).toMatchObject({ ok: true });
    faults.flip({ probability: 0.001 });
    await clock.pass(300);
    faults.clear();
    await faults.unplug(100);
    await bridge.streaming();
    await link.reset();
    await bridge.streaming();
    await clock.pass(1500);
    const mark = trace.mark();
    faults.stall(30);
    await clock.pass(200);
    expect(trace.since(mark)).toMeetDeadline({ us: process.env.HIL_MENDED ? 100_000 : 10_000 });
  });
});

describe('a board', () => {
  test('never becomes armed by itself', async ({ bridge, clock, trace }) => {
    await bridge.streaming();
    await clock.until('the board is armed', () => trace.health?.arm === 'armed', 400);
  });
});

describe('a pin', () => {
  test.override({ needs: ['io'] });

  test('that the board drives is not free', async ({ bridge, io, clock }) => {
    const edges: number[] = [];
    await bridge.streaming();
    await bridge.arm();
    io.onChange(14, (_, atUs) => edges.push(atUs));
    await clock.pass(100);
    expect(`${edges.join(' ')}; ${JSON.stringify(io.pin(14))}`).toBe('no edges');
  });
});

describe('faults', () => {
  test.override({ needs: ['faults'] });

  test('that the test waits for are counted', async ({ bridge, clock, faults }) => {
    await bridge.streaming();
    faults.split({ chunks: 5 });
    await clock.until('five chunks were split', () => faults.counters.split === 5);
    expect(`${faults.counters.split} chunks were split`).toBe('none was');
  });
});

describe('two probes at one pin', () => {
  test.override({ needs: ['io'] });

  test('see each edge once', async ({ bridge, io, clock }) => {
    await bridge.streaming();
    const edges: [number[], number[]] = [[], []];
    for (const seen of edges) io.onChange(14, (_, atUs) => seen.push(atUs));
    await bridge.arm();
    await clock.pass(100);
    expect(edges.map(({ length }) => length)).toEqual([0, 0]);
  });
});
