/** Layer 9: what the board must do right even where the bridge would not let it come so far. */
import { describe, expect, test } from 'tautline/hil';

/** From then on the session's answers can be waited for, and the clock gives commands an expiry. */
const SETTLE_MS = 500;

describe('a board alone', () => {
  test('refuses to be armed by a host that sends no heartbeats', async ({ bridge, clock }) => {
    await bridge.streaming();
    await clock.pass(SETTLE_MS);
    const { control } = bridge.loop;
    control.heartbeat.trip(); // the host falls silent; the bridge itself would not ask any more
    await clock.pass(bridge.descriptor!.watchdogMs * 3);
    const answers: unknown[] = [];
    control.commands.request({ id: 1, command: 'arm', arguments: [] }, clock.nowUs(), (result) => answers.push(result));
    await clock.until('the board answers', () => answers.length > 0);
    expect(answers).toMatchObject([{ ok: false, code: 'noHeartbeat' }]);
  });
});

describe('frames that find the transmit ring full', () => {
  test.override({ firmware: 'test', needs: ['timing'] });

  test('are counted by the board, one by one, and the firmware is to blame', async ({
    bridge,
    clock,
    trace,
    health,
  }) => {
    health.expect('drops', 'overruns');
    await bridge.streaming();
    await clock.pass(SETTLE_MS);
    const mark = trace.mark();
    const before = trace.frames.at(-1)!.dropped;
    expect(await bridge.command('fault-flood', 50)).toMatchObject({ ok: true });
    await clock.pass(1500);
    // A silence is told while it lasts, before anybody can know its count or its culprit.
    const gaps = trace.since(mark).misses.filter(({ isGap, count }) => isGap && !Number.isNaN(count));
    const lost = gaps.reduce((sum, { count }) => sum + count, 0);
    expect(lost).toBeGreaterThan(0);
    expect((trace.frames.at(-1)!.dropped - before) & 0xff).toBe(lost);
    expect(gaps.every(({ culprit }) => culprit === 'firmware')).toBe(true);
  });
});
