import { afterEach, expect, test } from 'vitest';
import { emulate } from './emulate.js';

const { platform } = process;
afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform });
});

test.each(['abc', '', '1.5'])('a seed that is no whole number is refused with its value: %j', async (seed) => {
  await expect(emulate('pico', { seed })).rejects.toMatchObject({
    exitCode: 2,
    message: `--seed "${seed}" is not a whole number`,
  });
});

test('without pseudo-terminals it is refused, and no board is named that would need one, too', async () => {
  Object.defineProperty(process, 'platform', { value: 'win32' });
  await expect(emulate('pico', {})).rejects.toMatchObject({
    exitCode: 2,
    message: expect.not.stringContaining('emulated:'),
  });
});
