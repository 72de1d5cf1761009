import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { evidenceCauses } from '../deadline/cause.js';
import { verdictCode } from '../deadline/verdict.js';
import { createMissRecord } from '../feed/events.js';
import { createFrameRecord } from '../feed/frame.js';
import { missMessage } from './miss.js';
import { NewestFrame } from './newest-frame.js';
import { stateMessage } from './state.js';

const UTC_OFFSET_US = 1.7e15;
const signals = [{ name: 'speed' }, { name: 'current' }];
const frame = (change: object = {}) =>
  Object.assign(createFrameRecord(), {
    ...{ seq: 7, boot: 0x2a, verified: true, count: 2, lifespanUs: 250_000, verdict: verdictCode.met },
    ...{ releaseUs: 7000, releaseHostUs: 10_000, arrivalUs: 11_000, judgedUs: 11_000, uncertaintyUs: 61.234 },
    ...change,
  });
const stateOf = (change: object, nowUs: number) => {
  const newest = new NewestFrame('control', signals);
  newest.take(frame(change));
  return stateMessage('pico', newest, nowUs, UTC_OFFSET_US);
};
const unsettled = { releaseHostUs: Number.NaN, uncertaintyUs: Number.POSITIVE_INFINITY };

describe('a state', () => {
  it('is not live while the clock of the board is not known, for its age is not', () => {
    expect(stateOf(unsettled, 11_001)).toMatchObject({ live: false, time: null, ageUs: null, uncertaintyUs: null });
  });

  it('of a plain line ages from its arrival', () => {
    const plain = { verified: false, verdict: verdictCode.unverified, ...unsettled };
    expect(stateOf(plain, 12_000)).toMatchObject({ live: true, ageUs: 1000, releaseUs: null, uncertaintyUs: null });
  });

  it('is never live when its age and the doubt about it may be over its lifespan', () => {
    const us = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(us, us, us, (lifespanUs, uncertaintyUs, ageUs) => {
        const state = stateOf({ lifespanUs, uncertaintyUs }, 10_000 + ageUs);
        if (state.live) expect(ageUs + uncertaintyUs).toBeLessThanOrEqual(lifespanUs + 1e-3);
      }),
    );
  });

  it('follows a sequence that begins anew with a new session of the same boot', () => {
    const newest = new NewestFrame('control', signals);
    // Counted on past its 32 bits in the session before.
    expect(newest.take(frame({ seq: 2 ** 32 + 5 }))).toBe(true);
    expect(newest.take(frame({ seq: 2 ** 32 + 4 }))).toBe(false);
    expect(newest.take(frame({ seq: 6 }))).toBe(true);
    expect(newest.take(frame({ seq: 5 }))).toBe(false);
    expect(newest.seq).toBe(6);
  });

  it('carries values without the binary tail of their scale', () => {
    const newest = new NewestFrame('control', signals);
    const one = frame();
    one.values.set([3 * 0.1, Number.NaN]);
    newest.take(one);
    expect(stateMessage('pico', newest, 11_000, UTC_OFFSET_US).values).toEqual({ speed: 0.3, current: null });
  });
});

describe('the examples of the document have the fields of the messages, in their order', () => {
  const text = readFileSync(new URL('../../docs/socket-protocol.md', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/```json\n([^`]+)```/g)].map(([, json]) => JSON.parse(json!) as object);
  const miss = Object.assign(createMissRecord(), {
    ...{ verdict: verdictCode.late, firstSeq: 8, fromUs: 10_000, toUs: 22_000, hasEvidence: true, isGap: false },
    ...{ latenessUs: 2000.04, firmwareUs: 200, linkUs: 800, hostUs: 11_000, uncertaintyUs: 60, busyUs: 10_500 },
  });

  test('state', () => {
    expect(Object.keys(stateOf({}, 11_000))).toEqual(Object.keys(examples[0]!));
  });

  test('miss; its time is that of the release', () => {
    const message = missMessage('pico', 'control', miss, UTC_OFFSET_US);
    expect(Object.keys(message)).toEqual(Object.keys(examples[1]!));
    expect(message).toMatchObject({ seq: 8, latenessUs: 2000, time: '2023-11-14T22:13:20.010000Z' });
    expect(message.evidence).toMatchObject({ busyUs: 10_500 });
    expect(message.evidence).not.toHaveProperty('waitedUs');
  });

  test('gap', () => {
    const gap = { ...miss, isGap: true, lastSeq: 17, count: 10, latenessUs: 5, hasEvidence: false };
    const message = missMessage('pico', 'control', gap, UTC_OFFSET_US);
    expect(message).toMatchObject({ firstSeq: 8, lastSeq: 17, count: 10, latenessUs: null, evidence: null });
    expect(message).toMatchObject({ fromUs: UTC_OFFSET_US + 10_000, toUs: UTC_OFFSET_US + 22_000 });
    expect(message).not.toHaveProperty('seq');
  });
});

test('docs/blame.md says what each cause and each figure of the evidence is', () => {
  const text = readFileSync(new URL('../../docs/blame.md', import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith('Evidence of a miss\n')) ?? '';
  const named = [...section.matchAll(/^\| (`.*?) \| /gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
  const inside = [...section.matchAll(/; in it `(\w+)`.* and `(\w+)`/g)].flatMap(([, ...names]) => names);
  const known = { ...createMissRecord(), hasEvidence: true };
  for (const [name, value] of Object.entries(known)) if (Number.isNaN(value)) Object.assign(known, { [name]: 1 });
  const { cause: _, ...figures } = missMessage('pico', 'control', known, UTC_OFFSET_US).evidence!;
  const columns = ['cause', 'culprit', 'figure'];
  expect([...named, ...inside].filter((name) => !columns.includes(name)).sort()).toEqual(
    [...evidenceCauses, ...Object.keys(figures)].sort(),
  );
});
