import { describe, expect, test } from 'vitest';
import { verdictCode } from '../deadline/verdict.js';
import { freshFrame } from './broker.rig.js';
import { Latest } from './latest.js';

const stream = {
  board: 'pico',
  stream: 'control',
  signals: ['speed', 'current', 'target', 'duty'].map((name) => ({ name })),
};
const utc = (us: number) => 1.7e15 + us;
const at10Hz = () => new Latest(stream, 100_000);
const read = (latest: Latest, nowUs: number) => {
  const taken = latest.take(nowUs, utc);
  return taken === null ? null : (JSON.parse(taken.json) as Record<string, unknown> & { seq: number; live: boolean });
};

describe('conflation', () => {
  test('the first state leaves at once, then at most ten a second, always the newest', () => {
    const latest = at10Hz();
    const published: [number, number][] = [];
    for (let ms = 0; ms < 1000; ms++) {
      latest.offer(freshFrame(ms, ms * 1000));
      const state = read(latest, ms * 1000);
      if (state) published.push([ms, state.seq]);
    }
    expect(published).toEqual(Array.from({ length: 10 }, (_, i) => [i * 100, i * 100]));
  });

  test('what came between two states is published when its turn comes, without a new frame', () => {
    const latest = at10Hz();
    latest.offer(freshFrame(1, 0));
    read(latest, 0);
    latest.offer(freshFrame(2, 1000));
    expect(read(latest, 1000)).toBeNull();
    expect(latest.dueUs).toBe(100_000);
    expect(read(latest, 100_000)?.seq).toBe(2);
  });

  test('repeated, reordered, corrupt and foreign frames are no new state', () => {
    const latest = at10Hz();
    for (const verdict of ['repeated', 'reordered', 'corrupt', 'foreign', 'lost'] as const) {
      latest.offer(Object.assign(freshFrame(5, 0), { verdict: verdictCode[verdict] }));
    }
    expect(read(latest, 0)).toBeNull();
    latest.offer(freshFrame(6, 0));
    latest.offer(freshFrame(5, 0));
    expect(read(latest, 0)?.seq).toBe(6);
  });

  test('a new boot begins with smaller numbers', () => {
    const latest = at10Hz();
    latest.offer(freshFrame(500, 0));
    read(latest, 0);
    latest.offer(Object.assign(freshFrame(1, 200_000), { boot: 7 }));
    expect(read(latest, 200_000)).toMatchObject({ seq: 1, boot: '00000007' });
  });
});

describe('staleness', () => {
  test('when the newest passes its lifespan that is said once', () => {
    const latest = at10Hz();
    latest.offer(freshFrame(1, 0));
    expect(read(latest, 0)?.live).toBe(true);
    // Released 500 µs before, known to 60 µs: the doubt counts against it.
    expect(latest.dueUs).toBe(250_000 - 500 - 60);
    expect(read(latest, latest.dueUs - 1)).toBeNull();
    expect(read(latest, latest.dueUs)).toMatchObject({ live: false, seq: 1 });
    expect(latest.dueUs).toBe(Number.POSITIVE_INFINITY);
    expect(read(latest, 1e9)).toBeNull();
  });

  test('a frame that is read past its lifespan is never live, whatever its verdict', () => {
    const latest = at10Hz();
    latest.offer(freshFrame(1, 0));
    expect(read(latest, 300_000)).toMatchObject({ live: false });
    latest.offer(Object.assign(freshFrame(2, 400_000), { verdict: verdictCode.stale }));
    expect(read(latest, 400_000)?.live).not.toBe(true);
  });

  test('a backlog of stale frames is one message', () => {
    const latest = at10Hz();
    const said: boolean[] = [];
    for (let seq = 0; seq < 100; seq++) {
      const frame = freshFrame(seq, seq * 1000);
      latest.offer(Object.assign(frame, { judgedUs: 5e6, verdict: verdictCode.stale }));
      const state = read(latest, 5e6 + seq);
      if (state) said.push(state.live);
    }
    expect(said).toEqual([false]);
  });

  test('life returns with the next good frame', () => {
    const latest = at10Hz();
    latest.offer(freshFrame(1, 0));
    read(latest, 300_000);
    latest.offer(freshFrame(2, 400_000));
    expect(read(latest, 400_000)).toMatchObject({ live: true, seq: 2 });
  });

  test('a new connection hears the present state, also when it is stale', () => {
    const latest = at10Hz();
    latest.offer(freshFrame(1, 0));
    read(latest, 0);
    latest.forget();
    expect(read(latest, 1000)).toMatchObject({ live: true });
    read(latest, 300_000);
    latest.forget();
    expect(read(latest, 301_000)).toMatchObject({ live: false });
  });

  test('a way out that is full holds the state back, and then gives the newest', () => {
    const latest = at10Hz();
    latest.offer(freshFrame(1, 0));
    latest.hold(50_000);
    expect(read(latest, 1000)).toBeNull();
    expect(latest.dueUs).toBe(50_000);
    latest.offer(freshFrame(2, 40_000));
    expect(read(latest, 50_000)?.seq).toBe(2);
  });
});

describe('the message', () => {
  test('carries the age at publication and everything that names the frame', () => {
    const latest = at10Hz();
    latest.offer(freshFrame(7, 10_000));
    expect(read(latest, 12_000)).toEqual({
      board: 'pico',
      stream: 'control',
      boot: '0badcafe',
      seq: 7,
      releaseUs: 7000,
      time: '2023-11-14T22:13:20.009500Z',
      ageUs: 2500,
      uncertaintyUs: 60,
      lifespanUs: 250_000,
      verdict: 'met',
      live: true,
      values: { speed: 0.7, current: 1.2, target: 1500, duty: 42 },
    });
  });

  test('while the clock is not known neither is the age: nothing is live, and that is said once', () => {
    const latest = at10Hz();
    latest.offer(
      Object.assign(freshFrame(7, 10_000), { releaseHostUs: Number.NaN, uncertaintyUs: Number.POSITIVE_INFINITY }),
    );
    expect(read(latest, 12_000)).toMatchObject({
      live: false,
      time: null,
      ageUs: null,
      uncertaintyUs: null,
      releaseUs: 7000,
    });
    latest.offer(
      Object.assign(freshFrame(8, 13_000), { releaseHostUs: Number.NaN, uncertaintyUs: Number.POSITIVE_INFINITY }),
    );
    expect(read(latest, 14_000)).toBeNull();
    latest.offer(freshFrame(9, 15_000));
    expect(read(latest, 16_000)).toMatchObject({ live: true, seq: 9 });
  });

  test('a plain line has no device time, and a value that is missing is null', () => {
    const latest = at10Hz();
    const frame = Object.assign(freshFrame(7, 10_000), { verified: false, verdict: verdictCode.unverified, count: 2 });
    latest.offer(frame);
    expect(read(latest, 12_000)).toMatchObject({
      releaseUs: null,
      ageUs: 2000,
      live: true,
      verdict: 'unverified',
      values: { duty: null },
    });
  });
});
