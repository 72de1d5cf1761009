import { afterEach, expect, test } from 'vitest';
import { emulate } from './emulate.js';

const { platform } = process;
afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform });
});

test('without pseudo-terminals it is refused, and no board is named that would need one, too', async () => {
  Object.defineProperty(process, 'platform', { value: 'win32' });
  await expect(emulate('pico', {})).rejects.toMatchObject({
    exitCode: 2,
    message: expect.not.stringContaining('emulated:'),
  });
});
