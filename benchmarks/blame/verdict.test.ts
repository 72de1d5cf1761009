import { expect, it } from 'vitest';
import { type BlameFindings, blameVerdict } from './verdict.js';

const good: BlameFindings = {
  running: { accuracy: 1, indeterminate: 0, setAside: 0 },
  together: { accuracy: 1, indeterminate: 0 },
  perCause: { 'loop blocked': { lateFrames: 1000 } },
  metButBlamed: 0,
  simulated: { accuracy: 1, indeterminate: 0 },
  silenceP99Us: 1000,
  delivered: [{ cause: 'broker stands', consumer: 1, outlet: 0, indeterminate: 0, others: 0 }],
  isSmoke: false,
};
const rare = { 'loop blocked': { lateFrames: 149 } };
const lateMachine = { ...good.running, setAside: 0.21 };

it.each<[string, Partial<BlameFindings>, 'pass' | 'fail' | 'inconclusive', RegExp?]>([
  ['what is good enough', {}, 'pass'],
  ['too few late frames', { perCause: rare }, 'inconclusive', /loop blocked: 149/],
  [
    'too few, beside a failure',
    { perCause: rare, together: { accuracy: 0.5, indeterminate: 0 } },
    'fail',
    /^overlapping: 50/,
  ],
  [
    'a late machine, beside what it explains',
    { running: lateMachine, silenceP99Us: 9000 },
    'inconclusive',
    /^the machine/,
  ],
  [
    'a late machine, beside what is certain',
    { running: lateMachine, metButBlamed: 1 },
    'fail',
    /^1 frames that had met/,
  ],
  ['a smoke run that found little', { isSmoke: true, perCause: rare, silenceP99Us: 9000 }, 'pass'],
  [
    'a smoke run that judged nothing',
    { isSmoke: true, together: { accuracy: null, indeterminate: null } },
    'fail',
    /^overlapping/,
  ],
])('judges %s', (_, changed, verdict, reason = /^$/) => {
  const judged = blameVerdict({ ...good, ...changed });
  expect(judged.verdict).toBe(verdict);
  expect(judged.reasons[0] ?? '').toMatch(reason);
});
