import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeviceTime } from './device-time.js';

const WRAP = 2 ** 32;

it('unwraps any stamp within 30 minutes of the anchor, across wraps', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 2 ** 45, noNaN: true }).map(Math.floor),
      fc.array(fc.integer({ min: 0, max: 1_800_000_000 }), { minLength: 1, maxLength: 20 }),
      (startUs, steps) => {
        const time = new DeviceTime();
        time.anchor(startUs, 7e9);
        let deviceUs = startUs;
        for (const step of steps) {
          deviceUs += step;
          const arrivalUs = 7e9 + (deviceUs - startUs) * 1.0005 - 0.0005 * 1.8e9;
          if (deviceUs - startUs > 1.7e9) time.anchor(deviceUs - 1000, arrivalUs - 1000);
          expect(time.unwrap(deviceUs % WRAP, arrivalUs)).toBe(deviceUs);
        }
      },
    ),
  );
});

it('unwraps a stamp that is older than the newest', () => {
  const time = new DeviceTime();
  time.anchor(WRAP + 500, 1e6);
  expect(time.unwrap(WRAP - 500, 1_000_100)).toBe(WRAP - 500);
});

it('unwraps nothing without an anchor, or after more than 30 minutes of silence', () => {
  const time = new DeviceTime();
  expect(time.unwrap(5, 0)).toBeNaN();
  time.anchor(5e9, 0);
  expect(time.unwrap((5e9 + 1.8e9) % WRAP, 1.8e9)).toBe(6.8e9);
  const after40Min = 6.8e9 + 2.4e9;
  expect(time.unwrap(after40Min % WRAP, 4.2e9)).toBeNaN();
  time.anchor(after40Min, 4.2e9);
  expect(time.unwrap((after40Min + 1000) % WRAP, 4.2e9 + 1000)).toBe(after40Min + 1000);
  time.restart();
  expect(time.unwrap(5, 0)).toBeNaN();
});

it('takes no time that is far from what it knows, until the next one says the same', () => {
  const time = new DeviceTime();
  time.anchor(WRAP - 1000, 1e6);
  for (const slipUs of [WRAP, -WRAP, 2 ** 44]) {
    time.anchor(WRAP + slipUs, 1e6 + 1000);
    expect(time.unwrap(500, 1e6 + 1500)).toBe(WRAP + 500);
    time.anchor(WRAP + 1000, 1e6 + 2000);
  }
  expect(time.slips).toBe(3);
  // A host that was suspended: its clock stood, the board's did not.
  const laterUs = WRAP + 8 * 3600e6;
  time.anchor(laterUs, 1e6 + 3000);
  time.anchor(laterUs + 500_000, 1e6 + 503_000);
  expect(time.unwrap((laterUs + 500_100) % WRAP, 1e6 + 503_100)).toBe(laterUs + 500_100);
  // Of another boot anything is taken.
  time.restart();
  time.anchor(7, 2e6);
  expect(time.unwrap(9, 2e6 + 2)).toBe(9);
  expect(time.slips).toBe(4);
});
