import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from './rp2040/clock.js';
import { LINE_BYTES_MAX, SerialLine, sameRate, sampleCharacter } from './serial-line.js';

describe('sampleCharacter', () => {
  it('returns every byte when both ends agree within their tolerance', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.double({ min: 0.97, max: 1.03, noNaN: true }), (byte, ratio) => {
        expect(sampleCharacter(byte, 1000, 1000 * ratio)).toEqual({ byte, framingError: false });
      }),
    );
  });

  it('garbles at another rate: a receiver eight times too slow sees an idle line, one eight times too fast only the start bit', () => {
    expect(sampleCharacter(0x55, 1000, 8000)).toEqual({ byte: 0xfe | 0x01, framingError: false });
    expect(sampleCharacter(0xff, 8000, 1000).byte & 0x7f).toBe(0);
  });

  it('accepts the error of a divisor and refuses the next standard rate', () => {
    expect(sameRate(1e9 / 921_600, 1e9 / 920_810)).toBe(true);
    expect(sameRate(1e9 / 921_600, 1e9 / 460_800)).toBe(false);
  });
});

describe('SerialLine', () => {
  it('carries one character after the other in ten bit times each', () => {
    const clock = new VirtualClock();
    const seen: [number, number][] = [];
    const line = new SerialLine(
      clock,
      () => 1000,
      (byte) => seen.push([byte, clock.nanos]),
    );
    clock.advanceTo(500);
    line.send(Uint8Array.of(1, 2), undefined);
    clock.advanceTo(15_000);
    line.send(Uint8Array.of(3), undefined);
    clock.advanceTo(1e6);
    expect(seen).toEqual([
      [1, 10_500],
      [2, 20_500],
      [3, 30_500],
    ]);
    expect(line.idle).toBe(true);
  });

  it('is bounded, and counts what it refuses', () => {
    const line = new SerialLine(
      new VirtualClock(),
      () => 1000,
      () => {},
    );
    expect(line.send(new Uint8Array(LINE_BYTES_MAX + 10), undefined)).toBe(LINE_BYTES_MAX);
    expect(line.dropped).toBe(10);
    expect(line.free).toBe(0);
  });
});
