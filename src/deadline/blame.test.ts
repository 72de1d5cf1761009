import { describe, expect, it } from 'vitest';
import { Blame, blame } from './blame.js';
import { evidenceCauses } from './cause.js';
import { lineTiming, PING_PERIOD_US } from './line-load.js';
import { type Miss, MissReporter } from './misses.js';
import { type Fault, runBoard, type Sent } from './model/board.js';
import { type Obstacle, VirtualHost } from './model/host.js';
import { seeded } from './model/line.js';
import { BAUD, controlContract, settledMonitor } from './model/stream.js';
import { SampleRing } from './samples.js';
import { culprits, verdictCode, verdicts } from './verdict.js';

const OFFSET_US = 7_000_000;
const START_US = 12_000_000; // of the stream, on the host's clock
const FAULT_EVERY_US = 300_000;
const FAULTS = 60;

interface Told {
  verdict: string;
  culprit: string;
  cause: string;
  seq: number;
  lastSeq: number;
  count: number;
  isGap: boolean;
  miss: Miss;
}

/** Runs board, line and host in virtual time and returns every miss beside the truth. */
function run(seed: number, faults: Fault[], obstacles: Obstacle[], options = { measured: true, emulatorLagUs: 0 }) {
  const random = seeded(seed);
  const { monitor, clock, deviceTime } = settledMonitor(START_US - OFFSET_US - 1000, OFFSET_US);
  const told: Told[] = [];
  const frames = ((FAULTS + 1) * FAULT_EVERY_US) / 1000;
  const sent = runBoard(frames, OFFSET_US, faults, random);
  const bySeq = new Map(sent.map((item) => [item.frame.seq, item]));
  const judgedAt = new Map<number, number>();
  /** Whose segment really overran its budget most. */
  const truth = (seq: number) => {
    const item = bySeq.get(seq)!;
    const { firmwareUs, linkUs, hostUs } = controlContract.budgets;
    const overruns: [number, string][] = [
      [item.handedTrueUs - item.releaseTrueUs - firmwareUs, 'firmware'],
      [item.readyUs - item.handedTrueUs - linkUs, 'link'],
      [judgedAt.get(seq)! - item.readyUs - hostUs, 'host'],
    ];
    return overruns.sort(([a], [b]) => b - a)[0]![1];
  };
  let pingAtUs = START_US;
  const host = new VirtualHost<Sent>(
    START_US,
    {
      judge(item, arrivalUs, judgedUs) {
        if (item.damaged) {
          monitor.corrupt(item.frame.wireBytes, true);
          return;
        }
        item.frame.arrivalUs = arrivalUs;
        reporter.judged(monitor.judge(item.frame, { judgedUs }), item.frame);
        judgedAt.set(item.frame.seq, judgedUs);
        if (judgedUs >= pingAtUs) ping(judgedUs);
      },
      empty(nowUs) {
        if (monitor.silence(nowUs)) reporter.silenceBegan(1, nowUs);
        reporter.expire(nowUs);
      },
    },
    random,
    options.measured,
  );
  function ping(nowUs: number) {
    pingAtUs = nowUs + PING_PERIOD_US;
    const rxUs = Math.ceil(nowUs + 20 + 60 * random() - OFFSET_US);
    clock.pong(nowUs, rxUs, rxUs, rxUs + OFFSET_US + 20 + 60 * random(), 0);
    deviceTime.anchor(rxUs, rxUs + OFFSET_US + 50);
  }
  const source = { monitor, board: 0, stream: 1, byteUs: lineTiming(BAUD).byteUs, samples: host.samples };
  const reporter = new MissReporter(source, (miss) => {
    told.push({
      verdict: verdicts[miss.verdict]!,
      culprit: culprits[miss.culprit]!,
      cause: evidenceCauses[miss.cause]!,
      seq: miss.firstSeq,
      lastSeq: miss.lastSeq,
      count: miss.count,
      isGap: miss.isGap,
      miss: { ...miss } as Miss,
    });
  });
  reporter.emulatorLagUs = options.emulatorLagUs;
  host.run(sent, obstacles, START_US + (FAULTS + 1) * FAULT_EVERY_US);
  reporter.flush();
  const late = told.filter(({ isGap }) => !isGap);
  const gaps = told.filter(({ isGap }) => isGap);
  const ageUs = (seq: number) => judgedAt.get(seq)! - bySeq.get(seq)!.releaseTrueUs;
  return { monitor, late, gaps, ageUs, bySeq, truth };
}

/** Faults of 13 to 80 ms, or of the given length, at irregular instants. */
function schedule<Kind extends string>(seed: number, kind: Kind, leastUs = 13_000, mostUs = 80_000) {
  const random = seeded(seed);
  return Array.from({ length: FAULTS }, (_, i) => {
    const fromUs = START_US + (i + 1) * FAULT_EVERY_US + random() * 10_000;
    return { kind, fromUs, toUs: fromUs + leastUs + (mostUs - leastUs) * random() };
  });
}

function score(late: Told[], truth: string) {
  const decided = late.filter(({ culprit }) => culprit !== 'indeterminate');
  return {
    late: late.length,
    right: decided.filter(({ culprit }) => culprit === truth).length / decided.length,
    indeterminate: 1 - decided.length / late.length,
  };
}

const scenarios: readonly [string, 'fault' | 'obstacle', Fault['kind'] | Obstacle['kind'], string, string][] = [
  ['a job that runs long', 'fault', 'ran long', 'firmware', 'ran long'],
  ['a frame held after stamping', 'fault', 'held', 'firmware', 'held after stamping'],
  ['bytes that the line keeps back', 'fault', 'delayed', 'link', 'bytes late'],
  ['a blocked loop', 'obstacle', 'busy', 'host', 'loop busy'],
  ['a blocking call', 'obstacle', 'blocked', 'host', 'loop busy'],
  ['a CPU hog', 'obstacle', 'starved', 'host', 'no CPU'],
  ['a stopped process', 'obstacle', 'stopped', 'host', 'stopped'],
];

describe.each(scenarios)('%s', (_name, where, kind, culprit, cause) => {
  const faults = (seed: number) => (where === 'fault' ? schedule(seed, kind as Fault['kind']) : []);
  const obstacles = (seed: number) => (where === 'obstacle' ? schedule(seed, kind as Obstacle['kind']) : []);

  it(`is blamed on the ${culprit}`, () => {
    for (const seed of [1, 2, 3]) {
      const { late, ageUs, truth } = run(seed, faults(seed), obstacles(seed));
      const { late: count, right, indeterminate } = score(late, culprit);
      expect(count).toBeGreaterThan(150);
      expect(right).toBe(1);
      expect(indeterminate).toBeLessThanOrEqual(0.02);
      expect(late.some((told) => told.cause === cause)).toBe(true);
      for (const { seq } of late) {
        expect(ageUs(seq)).toBeGreaterThan(controlContract.deadlineUs);
        expect(truth(seq)).toBe(culprit);
      }
    }
  });

  it('is divided into segments that add up to the age of the frame', () => {
    const { late } = run(4, faults(4), obstacles(4));
    for (const { miss } of late) {
      const ageUs = miss.latenessUs + controlContract.deadlineUs;
      expect(Math.abs(miss.firmwareUs + miss.linkUs + miss.hostUs - ageUs)).toBeLessThan(1 + miss.uncertaintyUs);
    }
  });

  it('is blamed on nobody else without schedstat', () => {
    const { late } = run(5, faults(5), obstacles(5), { measured: false, emulatorLagUs: 0 });
    expect(score(late, culprit).right).toBe(1);
  });
});

describe('lost frames', () => {
  it.each([
    ['dropped', 'link', 'bytes lost'],
    ['corrupted', 'link', 'bytes corrupted'],
    ['skipped', 'firmware', 'releases skipped'],
    ['ring full', 'firmware', 'frames dropped by the board'],
  ] as const)('%s are the %s’s', (kind, culprit, cause) => {
    const { late, gaps, monitor } = run(6, schedule(6, kind, 2000, 40_000), []);
    const closed = gaps.filter(({ count }) => !Number.isNaN(count));
    expect(closed).toHaveLength(FAULTS);
    for (const gap of closed) expect([gap.culprit, gap.cause]).toEqual([culprit, cause]);
    const lost = closed.reduce((sum, { count }) => sum + count, 0);
    expect(monitor.counters.verdicts[verdictCode.lost]).toBe(lost);
    expect(monitor.counters.culprits[culprits.indexOf(culprit)]).toBe(lost);
    expect(late).toHaveLength(0);
  });

  it('of a silence are announced once without a culprit, and counted at its end', () => {
    const { gaps } = run(7, schedule(7, 'dropped', 100_000, 200_000), []);
    expect(gaps.filter(({ cause, count }) => cause === 'silence' && Number.isNaN(count))).toHaveLength(FAULTS);
    expect(gaps.filter(({ count }) => count >= 100)).toHaveLength(FAULTS);
  });
});

describe('overlapping faults', () => {
  const deviceKinds = ['ran long', 'held', 'delayed'] as const;
  const hostKinds = ['busy', 'blocked', 'starved', 'stopped'] as const;

  it('are decided right in nine of ten cases, and rarely left open', () => {
    let decided = 0;
    let right = 0;
    let all = 0;
    for (let seed = 20; seed < 32; seed++) {
      const random = seeded(seed);
      const faults = schedule(seed, deviceKinds[seed % 3]!, 5000, 40_000);
      const obstacles = faults.map(({ fromUs }) => {
        const from = fromUs - 10_000 + 30_000 * random();
        return { kind: hostKinds[seed % 4]!, fromUs: from, toUs: from + 5000 + 35_000 * random() };
      });
      const { late, truth } = run(seed, faults, obstacles);
      for (const { seq, culprit } of late) {
        all++;
        if (culprit === 'indeterminate') continue;
        decided++;
        if (culprit === truth(seq)) right++;
      }
    }
    expect(all).toBeGreaterThan(5000);
    expect(right / decided).toBeGreaterThanOrEqual(0.9);
    expect(1 - decided / all).toBeLessThanOrEqual(0.12);
  });
});

it.each([
  ['busy', 'host', 'loop busy'],
  ['stopped', 'host', 'stopped'],
] as const)('a %s stall of many reads is blamed on the %s for every frame of the backlog', (kind, culprit, cause) => {
  const { late, bySeq } = run(12, [], schedule(12, kind, 200_000, 250_000));
  expect(score(late, culprit)).toMatchObject({ right: 1 });
  expect(score(late, culprit).indeterminate).toBeLessThanOrEqual(0.02);
  expect(late.length).toBeGreaterThan(180 * FAULTS);
  expect(late.filter((told) => told.cause === cause).length / late.length).toBeGreaterThan(0.98);
  expect(bySeq.size).toBeGreaterThan(18_000);
});

it('charges the backlog of a held line to the line, although it takes many reads', () => {
  const { late } = run(13, schedule(13, 'delayed', 200_000, 250_000), []);
  expect(score(late, 'link')).toMatchObject({ right: 1 });
  expect(score(late, 'link').indeterminate).toBeLessThanOrEqual(0.02);
});

it('blames nobody when nothing is late', () => {
  const { late, gaps, monitor } = run(8, [], []);
  expect(late).toHaveLength(0);
  expect(gaps).toHaveLength(0);
  expect(monitor.counters.culprits.every((count) => count === 0)).toBe(true);
  expect(monitor.counters.verdicts[verdictCode.met]).toBeGreaterThan(18_000);
});

it('tells silence from a stall of the host', () => {
  const { gaps } = run(9, [], schedule(9, 'busy', 60_000, 200_000));
  expect(gaps).toHaveLength(0);
});

it('blames nobody for what the lag of an emulator explains', () => {
  const { late } = run(10, schedule(10, 'delayed', 13_000, 30_000), [], { measured: true, emulatorLagUs: 30_000 });
  expect(late.length).toBeGreaterThan(150);
  for (const { culprit, cause, miss } of late) {
    expect([culprit, cause]).toEqual(['indeterminate', 'emulator lag']);
    expect(miss.emulatorLagUs).toBe(30_000);
  }
});

describe('a silence at the end of which nothing is missing', () => {
  const ended = (emulatorLagUs: number) => {
    const { gaps } = run(14, schedule(14, 'delayed', 100_000, 150_000), [], { measured: true, emulatorLagUs });
    const closed = gaps.filter(({ count }) => count === 0);
    expect(closed).toHaveLength(FAULTS);
    return [...new Set(closed.map(({ culprit, cause }) => `${culprit}, ${cause}`))];
  };

  it('is the line that held the bytes back: none was lost', () => {
    expect(ended(0)).toEqual(['link, bytes late']);
  });

  it("is nobody's when the lag of an emulator explains it", () => {
    expect(ended(150_000)).toEqual(['indeterminate, emulator lag']);
  });
});

it('keeps evidence for a hundred misses a second', () => {
  const { late } = run(11, [], schedule(11, 'busy', 200_000, 240_000));
  const perSecond = new Map<number, Told[]>();
  for (const told of late) {
    const second = Math.floor(told.miss.toUs / 1e6);
    perSecond.set(second, [...(perSecond.get(second) ?? []), told]);
  }
  expect(Math.max(...[...perSecond.values()].map((told) => told.length))).toBeGreaterThan(150);
  for (const told of perSecond.values()) {
    expect(told.filter(({ miss }) => miss.hasEvidence)).toHaveLength(Math.min(100, told.length));
  }
});

it('blames the firmware alone for a saturated figure, and nobody but it without host evidence', () => {
  const frame = { ...lateFrame(), lateUs: 0xffff, latenessUs: 190_000, judgedUs: 200_000 };
  const out = blame(new Blame(), frame, controlContract.budgets, null);
  expect(culprits[out.culprit]).toBe('indeterminate'); // the rest may be the host's
  const ran = { ...lateFrame(), execUs: 30_000, latenessUs: 21_000, judgedUs: 31_000 };
  expect(culprits[blame(out, ran, controlContract.budgets, null).culprit]).toBe('firmware');
  const unknown = { ...lateFrame(), latenessUs: 21_000, judgedUs: 31_000 };
  expect(culprits[blame(out, unknown, controlContract.budgets, null).culprit]).toBe('indeterminate');
});

it('blames nobody when the frame would have met without the lag of an emulator, whatever else overran', () => {
  const frame = { ...lateFrame(), execUs: 9500, latenessUs: 1400, judgedUs: 11_400, emulatorLagUs: 1500 };
  const out = blame(new Blame(), frame, controlContract.budgets, new SampleRing(true));
  expect([culprits[out.culprit], evidenceCauses[out.cause]]).toEqual(['indeterminate', 'emulator lag']);
  blame(out, { ...frame, emulatorLagUs: 0 }, controlContract.budgets, new SampleRing(true));
  expect(culprits[out.culprit]).toBe('firmware');
});

function lateFrame() {
  return {
    ...{ lateUs: 5, execUs: 40, queueUs: 0, wireUs: 400, releaseHostUs: 0, uncertaintyUs: 50 },
    ...{ judgedUs: 0, latenessUs: 0, emulatorLagUs: 0 },
  };
}
