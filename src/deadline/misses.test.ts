import { expect, it } from 'vitest';
import { evidenceCauses } from './cause.js';
import { MissReporter } from './misses.js';
import { sampleFrame, settledMonitor } from './model/stream.js';
import { looks, SampleRing } from './samples.js';
import { culprits, verdicts } from './verdict.js';

const OFFSET_US = 7_000_000;

it('keeps evidence for a gap and a silence after more late frames than have it', () => {
  const { monitor } = settledMonitor(0, OFFSET_US);
  const told: { isGap: boolean; hasEvidence: boolean }[] = [];
  const reporter = new MissReporter({ monitor, board: 0, stream: 1, byteUs: 11, samples: null }, (miss) => {
    told.push({ isGap: miss.isGap, hasEvidence: miss.hasEvidence });
  });
  const endUs = OFFSET_US + 200_000;
  const judge = (seq: number) => {
    const frame = sampleFrame({ seq, releaseUs: seq * 1000, arrivalUs: endUs });
    reporter.judged(monitor.judge(frame, { judgedUs: endUs }), frame);
  };
  for (let seq = 0; seq < 150; seq++) judge(seq);
  judge(152);
  monitor.silence(endUs + 51_000);
  reporter.silenceBegan(1, endUs + 51_000);
  expect(told.filter(({ isGap, hasEvidence }) => !isGap && hasEvidence)).toHaveLength(100);
  expect(told.filter(({ isGap }) => isGap)).toEqual([
    { isGap: true, hasEvidence: true },
    { isGap: true, hasEvidence: true },
  ]);
});

it.each([
  ['that was not released, on the firmware', 99, 50_000, 'firmware', 'silence', { seq: 1, skipped: 99 }],
  ['that was sent, on the line', 99, 50_000, 'link', 'bytes lost', { seq: 100, skipped: 0 }],
  [
    'nothing, on the firmware when the answer was sent after the frame was handed over',
    0,
    50_000,
    'firmware',
    'silence',
    { seq: 1 },
  ],
  ['nothing, on nobody when it was sent before: the line may hold both', 0, 990, 'indeterminate', 'none', { seq: 1 }],
] as const)(
  'blames a silence in which a ping was answered, of what is missing %s',
  (_, count, pongUs, culprit, cause, ended) => {
    const { monitor } = settledMonitor(0, OFFSET_US);
    const told: [string, string, number][] = [];
    const reporter = new MissReporter({ monitor, board: 0, stream: 1, byteUs: 11, samples: null }, (miss) => {
      told.push([culprits[miss.culprit]!, evidenceCauses[miss.cause]!, miss.count]);
    });
    const first = sampleFrame({ seq: 0, releaseUs: 0, arrivalUs: OFFSET_US + 600 });
    reporter.judged(monitor.judge(first, { judgedUs: OFFSET_US + 610 }), first);
    expect(monitor.silence(OFFSET_US + 51_000)).toBe(true);
    reporter.silenceBegan(1, OFFSET_US + 51_000);
    reporter.pong(pongUs);
    const releaseUs = count === 0 ? 1000 : 100_000;
    const next = sampleFrame({ ...ended, releaseUs, arrivalUs: OFFSET_US + 100_600 });
    reporter.judged(monitor.judge(next, { judgedUs: OFFSET_US + 100_610 }), next);
    expect(told.slice(0, 2)).toEqual([
      ['indeterminate', 'silence', Number.NaN],
      [culprit, cause, count],
    ]);
  },
);

it('blames nobody for a silence of which it is not known who held the frame that ended it', () => {
  const { monitor } = settledMonitor(0, OFFSET_US);
  const told: string[] = [];
  const unseen = { monitor, board: 0, stream: 1, byteUs: 11, samples: null };
  const reporter = new MissReporter(unseen, ({ culprit, count }) => told.push(`${count}: ${culprits[culprit]}`));
  for (const [seq, arrivalUs] of [
    [0, OFFSET_US + 600],
    [1, OFFSET_US + 100_600],
  ] as const) {
    const frame = sampleFrame({ seq, releaseUs: seq * 1000, arrivalUs });
    reporter.judged(monitor.judge(frame, { judgedUs: arrivalUs + 10 }), frame);
    if (seq === 0 && monitor.silence(OFFSET_US + 51_000)) reporter.silenceBegan(1, OFFSET_US + 51_000);
  }
  expect(told).toEqual(['NaN: indeterminate', '0: indeterminate', '1: indeterminate']);
});

it('does not let a frame more than 50 ms later move the blame to the firmware', () => {
  for (const [laterUs, culprit, isRepeated] of [
    [20_000, 'firmware', false],
    [20_000, 'firmware', true],
    [90_000, 'link', false],
  ] as const) {
    const { monitor } = settledMonitor(0, OFFSET_US);
    const samples = new SampleRing(true);
    const told: string[] = [];
    const reporter = new MissReporter({ monitor, board: 0, stream: 1, byteUs: 11, samples }, (miss) => {
      told.push(`${verdicts[miss.verdict]} ${culprits[miss.culprit]}`);
    });
    const readAt = (us: number) => samples.add(looks.read, OFFSET_US + us, us, 0, 0, OFFSET_US + us + 2000);
    const judge = (seq: number, releaseUs: number, lateUs: number, arrivalUs: number) => {
      const frame = sampleFrame({ seq, releaseUs, lateUs, arrivalUs: OFFSET_US + arrivalUs });
      readAt(arrivalUs);
      reporter.judged(monitor.judge(frame, { judgedUs: frame.arrivalUs }), frame);
    };
    judge(0, 0, 5, 600);
    for (let us = 2000; us < 20_000; us += 1000)
      samples.add(looks.empty, OFFSET_US + us, us, 0, 0, OFFSET_US + us + 1100);
    judge(1, 1000, 5, 20_100);
    if (isRepeated) judge(1, 1000, 5, 20_200); // that is no successor
    judge(2, 2000, laterUs - 2000, laterUs + 600);
    expect(told.filter((verdict) => verdict.startsWith('late'))[0]).toBe(`late ${culprit}`);
  }
});
