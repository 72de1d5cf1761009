import { describe, expect, it } from 'vitest';
import { PING_PERIOD_US } from '../deadline/line-load.js';
import { HEARTBEAT_PERIOD_US, Heartbeat, PingSchedule } from './heartbeat.js';

const proof = { isChecked: true, echoUs: 123, isArmed: false };

/** Beats sent while ticking every ms. */
function beats(heartbeat: Heartbeat, fromUs: number, toUs: number, given = proof) {
  const sent = [];
  for (let nowUs = fromUs; nowUs < toUs; nowUs += 1000) {
    const beat = heartbeat.beat(nowUs, given);
    if (beat !== null) sent.push(beat);
  }
  return sent;
}

describe('the heartbeat', () => {
  it('beats fifty times a second with a rising counter and the echo', () => {
    const heartbeat = new Heartbeat();
    heartbeat.opened(7);
    const sent = beats(heartbeat, 0, 1_000_000);
    expect(sent).toHaveLength(50);
    expect(sent.map(({ counter }) => counter)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(sent[0]).toMatchObject({ session: 7, echoUs: 123, armedEcho: 0 });
  });

  it('does not catch up after a stall', () => {
    const heartbeat = new Heartbeat();
    heartbeat.opened(7);
    beats(heartbeat, 0, 100_000);
    expect(beats(heartbeat, 1_000_000, 1_000_000 + HEARTBEAT_PERIOD_US)).toHaveLength(1);
  });

  it.each([
    ['no session', (heartbeat: Heartbeat) => heartbeat.closed(), proof],
    ['a loop that has not checked for silence', () => {}, { ...proof, isChecked: false }],
    ['no good frame yet', () => {}, { ...proof, echoUs: null }],
    ['a trip', (heartbeat: Heartbeat) => heartbeat.trip(), proof],
  ])('is withheld with %s', (_why, prepare, given) => {
    const heartbeat = new Heartbeat();
    heartbeat.opened(7);
    prepare(heartbeat);
    expect(beats(heartbeat, 0, 200_000, given as typeof proof)).toEqual([]);
  });

  it('stays silent after a trip through a new session, until somebody re-arms', () => {
    const heartbeat = new Heartbeat();
    heartbeat.opened(7);
    heartbeat.trip();
    heartbeat.opened(8);
    expect(beats(heartbeat, 0, 200_000)).toEqual([]);
    expect(heartbeat.dueUs).toBe(Number.POSITIVE_INFINITY);
    heartbeat.rearm();
    expect(beats(heartbeat, 200_000, 400_000)).toHaveLength(10);
  });
});

describe('the ping schedule', () => {
  it('begins with a burst, and becomes slower until it goes on every 0.503 s', () => {
    const pings = new PingSchedule();
    pings.opened(7, 0);
    const at: number[] = [];
    for (let nowUs = 0; nowUs < 5_000_000; nowUs += 10) if (pings.next(nowUs) !== null) at.push(nowUs);
    const gaps = at.slice(1).map((us, i) => us - at[i]!);
    expect(gaps.slice(0, 7)).toEqual(new Array(7).fill(23_000));
    expect(gaps.slice(7, 11)).toEqual([46_000, 92_000, 184_000, 368_000]);
    expect(new Set(gaps.slice(11))).toEqual(new Set([PING_PERIOD_US]));
  });

  it('begins anew with a burst when the clock is not what it was', () => {
    const pings = new PingSchedule();
    pings.again(0);
    expect(pings.next(0)).toBeNull(); // of no session
    pings.opened(7, 0);
    for (let i = 0; i < 20; i++) pings.next(pings.dueUs);
    const nowUs = pings.dueUs - PING_PERIOD_US / 2;
    pings.again(nowUs);
    expect(pings.next(nowUs)).not.toBeNull();
    expect(pings.dueUs).toBe(nowUs + 23_000);
  });

  it('pings at once when asked', () => {
    const pings = new PingSchedule();
    pings.opened(7, 0);
    for (let i = 0; i < 8; i++) pings.next(pings.dueUs);
    const nowUs = pings.dueUs - 10;
    expect(pings.next(nowUs)).toBeNull();
    pings.demand(nowUs);
    expect(pings.next(nowUs)).not.toBeNull();
  });

  it('matches a pong once with the instant of its ping, and forgets old ones', () => {
    const pings = new PingSchedule();
    pings.opened(7, 0);
    const ids: number[] = [];
    for (let i = 0; i < 20; i++) {
      const ping = pings.next(pings.dueUs)!;
      pings.sent(ping.id, i * 10);
      ids.push(ping.id);
    }
    expect(pings.answered(ids[19]!)).toBe(190);
    expect(pings.answered(ids[19]!)).toBeNull();
    expect(pings.answered(ids[3]!)).toBeNull();
    expect(pings.answered(4_000_000)).toBeNull();
    expect(pings.counters).toEqual({ sent: 20, answered: 1, stray: 3 });
  });
});
