import { beforeEach, describe, expect, it } from 'vitest';
import type { Contract } from './contract.js';
import { controlContract, type MutableFrame, sampleFrame, settledMonitor } from './model/stream.js';
import type { StreamMonitor } from './monitor.js';
import { BoardPolicy, MET_BEFORE_ARM } from './policy.js';

const OFFSET_US = 1e9;
const hard: Contract = { ...controlContract, class: 'hard' };

let monitor: StreamMonitor;
let policy: BoardPolicy;
let acts: string[];
let texts: string[];
let n: number; // next release

function begin(contract: Contract) {
  ({ monitor } = settledMonitor(0, OFFSET_US, contract));
  acts = [];
  texts = [];
  n = 0;
  policy = new BoardPolicy({
    safe: (cause) => acts.push(`safe ${cause}`),
    alarm: (id, active, text) => {
      acts.push(`${active ? 'raise' : 'end'} ${id}`);
      texts.push(text);
    },
  });
  policy.opened(OFFSET_US);
  policy.guard(1, 'control', monitor);
}

/** Judges the frame of release n, `ageUs` old, and goes on to the next. */
function frame(ageUs = 600, changes: Partial<MutableFrame> = {}) {
  const releaseUs = n++ * 1000;
  const arrivalUs = releaseUs + OFFSET_US + ageUs;
  const item = sampleFrame({ seq: n, releaseUs, arrivalUs, ...changes });
  policy.judged(1, monitor.judge(item, { judgedUs: arrivalUs + 10 }));
  policy.heartbeat(arrivalUs);
  return arrivalUs;
}

function frames(count: number) {
  let nowUs = 0;
  for (let i = 0; i < count; i++) nowUs = frame();
  return nowUs;
}

const now = () => OFFSET_US + n * 1000;
const arm = (uncertaintyUs = 50) => policy.arm({ nowUs: now(), uncertaintyUs });

describe('arming', () => {
  beforeEach(() => begin(hard));

  it('needs a clock, a thousand frames that met, and heartbeats; the refusal names what is missing', () => {
    expect(policy.arm({ nowUs: now(), uncertaintyUs: Number.POSITIVE_INFINITY })).toEqual({
      ok: false,
      missing: [
        'the clock is not settled: no ping has been answered yet',
        '0 frames in a row have met, 1000 are needed (before: the session has just begun)',
        'no heartbeat has been sent',
      ],
    });
    frames(MET_BEFORE_ARM - 1);
    expect(arm(3000)).toEqual({
      ok: false,
      missing: [
        'the clock is uncertain by 3000 µs: at most 2500 µs, a quarter of the tightest deadline',
        '999 frames in a row have met, 1000 are needed (before: the session has just begun)',
      ],
    });
    frames(1);
    expect(policy.arm({ nowUs: now() + 200_000, uncertaintyUs: 50 })).toEqual({
      ok: false,
      missing: ['the last heartbeat was 200 ms ago: at most 100 ms'],
    });
    expect(arm()).toEqual({ ok: true });
    expect(policy.state).toBe('armed');
  });

  it('starts counting again after any frame that did not meet', () => {
    frames(1500);
    frame(15_000);
    frames(10);
    expect(arm()).toMatchObject({ ok: false, missing: [expect.stringContaining('10 frames in a row have met')] });
  });

  it('never happens by itself, and ends with the session', () => {
    frames(5000);
    expect(policy.state).toBe('disarmed');
    arm();
    policy.opened(now());
    expect(policy.state).toBe('disarmed');
    expect(acts).toEqual([]);
  });

  it('is refused for a board without streams', () => {
    policy.opened(now());
    expect(arm()).toMatchObject({ ok: false, missing: expect.arrayContaining(['no stream has started']) });
  });
});

describe('a hard contract', () => {
  beforeEach(() => {
    begin(hard);
    frames(3000);
    expect(arm().ok).toBe(true);
  });

  const tripped = (cause: string) => {
    expect(acts).toEqual([`safe ${cause}`, 'raise tripped']);
    expect(policy).toMatchObject({ state: 'tripped', tripCause: cause });
  };

  it('trips on one late frame', () => {
    frame(10_400);
    tripped('deadlineMissed');
  });

  it('trips on a stale frame', () => {
    frame(300_000);
    expect(acts[0]).toBe('safe deadlineMissed');
  });

  it('trips when the newest sample is too old, and not before', () => {
    const releaseUs = OFFSET_US + (n - 1) * 1000;
    policy.check(releaseUs + 12_000 - 60);
    expect(acts).toEqual([]);
    policy.check(releaseUs + 12_000 + 2000); // without pongs for 3 s the clock is uncertain by almost a millisecond
    tripped('dataStale');
  });

  it('trips on a foreign frame', () => {
    policy.foreign(now());
    tripped('foreignFrames');
  });

  it.each([
    ['lost', () => n++],
    ['indeterminate', () => frame(10_000)],
    [
      'corrupt',
      () => {
        monitor.corrupt(36, true);
        n++;
      },
    ],
  ])('does not trip on one frame that is %s', (_verdict, happen) => {
    happen();
    policy.check(now());
    for (let i = 0; i < 100; i++) policy.check(frame());
    expect(acts).toEqual([]);
    expect(policy.state).toBe('armed');
  });

  it('stays tripped until somebody re-arms, and then still has to be armed', () => {
    frame(11_000);
    acts = [];
    frames(5000);
    frame(11_000);
    policy.opened(now());
    policy.guard(1, 'control', monitor);
    frames(3000);
    expect(policy).toMatchObject({ state: 'tripped', tripCause: 'deadlineMissed' });
    expect(arm()).toMatchObject({ ok: false, missing: ['the board has tripped (deadlineMissed): re-arm first'] });
    expect(acts).toEqual([]);
    expect(policy.rearm()).toBe(true);
    expect(policy.rearm()).toBe(false);
    expect(policy).toMatchObject({ state: 'disarmed', tripCause: 'none' });
    expect(arm()).toMatchObject({ ok: false, missing: [expect.stringContaining('just been re-armed')] });
    frames(1000);
    expect(arm().ok).toBe(true);
  });

  it('adopts a trip of the board itself', () => {
    policy.reported('tripped', 'heartbeatLost');
    expect(acts).toEqual(['raise tripped']);
    expect(policy).toMatchObject({ state: 'tripped', tripCause: 'heartbeatLost' });
  });

  it('learns the cause of a trip that it first saw in the flags of a frame', () => {
    policy.reported('tripped', 'none');
    policy.reported('tripped', 'heartbeatLost');
    policy.reported('tripped', 'none');
    expect(acts).toEqual(['raise tripped']);
    expect(policy.tripCause).toBe('heartbeatLost');
  });

  it('is made safe when asked for, again when asked again, and keeps its first cause', () => {
    frame(11_000);
    tripped('deadlineMissed');
    policy.safe();
    expect(acts).toEqual(['safe deadlineMissed', 'raise tripped', 'safe hostSafe']);
    expect(policy.tripCause).toBe('deadlineMissed');
  });
});

it('judges the first two seconds but does not enforce them', () => {
  begin(hard);
  frames(1000);
  expect(arm().ok).toBe(true);
  frame(11_000);
  expect(policy.state).toBe('armed');
  frames(1000);
  frame(11_000);
  expect(policy.state).toBe('tripped');
});

it('makes a board safe that is armed without having been armed here', () => {
  begin(hard);
  policy.reported('disarmed', 'none');
  policy.reported('armed', 'none');
  expect(acts).toEqual(['safe hostSafe', 'raise tripped']);
});

it('does not trip a disarmed board', () => {
  begin(hard);
  frames(3000);
  frame(11_000);
  policy.check(now() + 1e6);
  expect(policy.state).toBe('disarmed');
  expect(acts.filter((act) => act.startsWith('safe'))).toEqual([]);
});

describe('a firm contract', () => {
  beforeEach(() => {
    begin(controlContract);
    frames(3000);
    arm();
  });

  it('degrades with more misses than (m,k) allows, never trips, and recovers after k frames that keep it', () => {
    for (let i = 0; i < 10; i++) frame(12_000);
    expect(policy.degraded).toBe(false);
    frame(12_000);
    expect(policy.degraded).toBe(true);
    expect(acts).toEqual(['raise degraded-control']);
    expect(texts).toEqual(['control: 989 of 1000 frames met, (990, 1000) is the contract']);
    frames(1500);
    expect(policy.degraded).toBe(true);
    frames(600);
    expect(policy.degraded).toBe(false);
    expect(acts).toEqual(['raise degraded-control', 'end degraded-control']);
    expect(policy.state).toBe('armed');
  });

  it('counts lost frames in its window', () => {
    n += 11;
    frame();
    expect(policy.degraded).toBe(true);
  });

  it('sees the window that ends with a gap, which the frame behind it has passed already', () => {
    begin({ ...controlContract, m: 9, k: 10 });
    frames(2500);
    frame(12_000);
    frames(8);
    n++; // lost: ten frames with two misses end here
    frame();
    expect(texts).toEqual(['control: 8 of 10 frames met, (9, 10) is the contract']);
  });

  it('does not get well by what says nothing of its contract', () => {
    begin({ ...controlContract, m: 9, k: 10 });
    frames(2500);
    monitor.silence(now() + 60_000);
    policy.check(now() + 60_000);
    for (let i = 0; i < 20; i++) {
      n--;
      frame(70_000); // the same one again
    }
    expect(acts).toEqual(['raise degraded-control']);
  });

  it('is not held to what it missed in the first two seconds', () => {
    begin(controlContract);
    for (let i = 0; i < 1990; i++) frame(12_000);
    frames(100);
    expect(acts).toEqual([]);
    for (let i = 0; i < 11; i++) frame(12_000);
    expect(acts).toEqual(['raise degraded-control']);
  });

  it('leaves no alarm behind when a new session begins', () => {
    for (let i = 0; i < 11; i++) frame(12_000);
    policy.opened(now());
    expect(acts).toEqual(['raise degraded-control', 'end degraded-control']);
    expect(policy.degraded).toBe(false);
  });

  it('degrades by silence', () => {
    monitor.silence(now() + 60_000);
    policy.check(now() + 60_000);
    policy.check(now() + 61_000);
    expect(acts).toEqual(['raise degraded-control']);
  });
});

it('a soft contract only counts', () => {
  begin({ ...controlContract, class: 'soft' });
  for (let i = 0; i < 100; i++) frame(20_000);
  monitor.silence(now() + 1e6);
  policy.check(now() + 1e6);
  expect(acts).toEqual([]);
  expect(policy.degraded).toBe(false);
});
