import { expect, it } from 'vitest';
import { isFirst } from './first-frame.js';

it('takes no frame of the boot before for the first of this one', () => {
  const awaited = { zeroUs: 50e6, sinceUs: 50e6 };
  const planned = (deviceUs: number) => awaited.zeroUs + deviceUs;
  expect(isFirst(awaited, planned(200_000), 50.3e6)).toBe(true);
  expect(isFirst(awaited, planned(2_000_000), 50.3e6)).toBe(false);
});

it('takes no line from before the source was told to speak', () => {
  const awaited = { zeroUs: 0, sinceUs: 50e6 };
  expect(isFirst(awaited, 49.9e6, 50.1e6)).toBe(false);
  expect(isFirst(awaited, 50.001e6, 50.1e6)).toBe(true);
});
