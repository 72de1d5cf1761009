import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Way } from './way.js';

const UTC_MS = 1.8e12;
/** A link with its two clocks, apart by whatever they are. */
class Link {
  readonly way = new Way();
  bridgeMs = UTC_MS;
  localMs = 500;
  pass(ms: number): void {
    this.bridgeMs += ms;
    this.localMs += ms;
  }
  /** A message that takes so long. @returns by how much that is too long */
  send(wayMs: number): number {
    return this.way.excessMs(this.bridgeMs, this.localMs + wayMs);
  }
}

describe('the way of messages', () => {
  it('counts from the quickest, for the clocks do not agree', () => {
    const link = new Link();
    expect(link.send(20)).toBe(0);
    link.pass(100);
    expect(link.send(5)).toBe(0);
    link.pass(100);
    expect(link.send(25)).toBeCloseTo(20, 0);
  });

  it('tells how late what was held up is, to the last of it', () => {
    const link = new Link();
    link.send(5);
    const sentMs = Array.from({ length: 40 }, () => {
      link.pass(100);
      return link.bridgeMs;
    });
    for (const ms of sentMs) expect(link.way.excessMs(ms, link.localMs + 5)).toBeCloseTo(link.bridgeMs - ms, -1);
    link.pass(100);
    expect(link.send(5)).toBeLessThan(1);
  });

  it.each([-3_600_000, -300, 3_600_000])('goes on at once when the clock of the bridge is set by %d ms', (stepMs) => {
    const link = new Link();
    link.send(5);
    link.pass(100);
    link.bridgeMs += stepMs;
    expect(link.send(5)).toBe(0);
    link.pass(100);
    expect(link.send(105)).toBeCloseTo(100, 0);
  });

  it('is not misled by control that went before data', () => {
    const link = new Link();
    link.send(5);
    link.pass(100);
    expect(link.way.excessMs(link.bridgeMs, link.localMs + 100)).toBeCloseTo(95, 0);
    expect(link.way.excessMs(link.bridgeMs - 10, link.localMs + 100)).toBeCloseTo(105, 0);
  });

  it('goes on at once after a sleep in which the clock here stood', () => {
    const link = new Link();
    link.send(5);
    link.bridgeMs += 3_600_000;
    expect(link.send(5)).toBe(0);
  });

  it('bears clocks that drift apart as far as NTP lets them', () => {
    const link = new Link();
    link.send(5);
    for (let seconds = 0; seconds < 3600; seconds++) {
      link.pass(1000);
      link.localMs += 0.5;
      expect(link.send(5)).toBeLessThan(1);
    }
  });

  it('is never negative: nothing becomes younger by it', () => {
    const step = fc.record({
      passMs: fc.nat(1000),
      wayMs: fc.nat(5000),
      stepMs: fc.integer({ min: -5000, max: 5000 }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const link = new Link();
        for (const { passMs, wayMs, stepMs } of steps) {
          link.pass(passMs);
          link.bridgeMs += stepMs;
          expect(link.send(wayMs)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
