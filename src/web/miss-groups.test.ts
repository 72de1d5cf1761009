import { describe, expect, it } from 'vitest';
import type { DeliveryMissMessage, MissMessage } from '../sdk/index.js';
import { addDeliveryMiss, addMiss, GROUPS_MAX, type MissGroup } from './miss-groups.js';

const late: MissMessage = {
  board: 'pico',
  stream: 'control',
  boot: '0000002a',
  seq: 1,
  verdict: 'late',
  culprit: 'host',
  latenessUs: 100,
  segments: { firmwareUs: 60, linkUs: 410, hostUs: 11_630 },
  uncertaintyUs: 60,
  time: '2026-11-24T04:00:00.129456Z',
  evidence: { cause: 'loop busy' },
};
const { seq: _, ...withoutSeq } = late;
const gap: MissMessage = { ...withoutSeq, verdict: 'lost', latenessUs: null, firstSeq: 5, lastSeq: 14, count: 10 };

describe('misses in groups', () => {
  it('puts a burst of a kind into one line with its count and its worst', () => {
    const groups: MissGroup[] = [];
    for (let seq = 0; seq < 1000; seq++) addMiss(groups, { ...late, seq, latenessUs: seq === 500 ? 9000 : 100 }, seq);
    expect(groups).toMatchObject([{ count: 1000, worstUs: 9000, first: { seq: 0 } }]);
  });

  it('counts the frames of gaps, and says when a number is not known', () => {
    const groups: MissGroup[] = [];
    addMiss(groups, gap, 0);
    addMiss(groups, gap, 1);
    expect(groups[0]!.count).toBe(20);
    addMiss(groups, { ...gap, count: null }, 2);
    expect(groups[0]!.count).toBeNull();
  });

  it('keeps another culprit, and another burst, apart', () => {
    const groups: MissGroup[] = [];
    addMiss(groups, late, 0);
    addMiss(groups, { ...late, culprit: 'link' }, 10);
    addMiss(groups, late, 20);
    addMiss(groups, late, 6000);
    expect(groups.map(({ count, first }) => [count, first.culprit])).toEqual([
      [1, 'host'],
      [1, 'link'],
      [2, 'host'],
    ]);
  });

  it('tells late deliveries by whom they were for', () => {
    const groups: MissGroup[] = [];
    const delivered: DeliveryMissMessage = {
      ...{
        board: 'pico',
        stream: 'control',
        outlet: 'gateway',
        client: 'slow 127.0.0.1',
        culprit: 'consumer',
        count: 12,
      },
      ...{ time: late.time!, verdict: 'delivered late', segments: { outletUs: 800, consumerUs: 250_000 } },
    } as const;
    addDeliveryMiss(groups, delivered, 0);
    addDeliveryMiss(groups, { ...delivered, segments: { outletUs: 800, consumerUs: 300_000 } }, 1000);
    addDeliveryMiss(groups, { ...delivered, client: null, culprit: 'outlet' }, 1000);
    expect(groups).toMatchObject([
      { count: 12, because: 'gateway to all', first: { culprit: 'outlet' } },
      { count: 24, worstUs: 300_800, because: 'gateway to slow 127.0.0.1', first: { culprit: 'consumer' } },
    ]);
  });

  it('is bounded', () => {
    const groups: MissGroup[] = [];
    for (let i = 0; i < 100; i++) addMiss(groups, { ...late, boot: String(i) }, i);
    expect(groups).toHaveLength(GROUPS_MAX);
    expect(groups[0]!.kind.startsWith('99/')).toBe(true);
  });
});
