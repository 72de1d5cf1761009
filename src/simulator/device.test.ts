import { expect, it } from 'vitest';
import { delays, seeded } from '../deadline/model/line.js';
import { Device } from './device.js';
import { LineToHost } from './line-to-host.js';
import { FrameBook } from './truth.js';

it('is reset by its hardware watchdog when that is due, however the instant is rounded', () => {
  const random = seeded(3000);
  for (let k = 0; k < 1000; k++) {
    const book = new FrameBook();
    const line = new LineToHost(921_600, delays.pty!, book, random, null);
    const device = new Device({ line, book, random, output: { changed: () => {} }, bug: null });
    // Across a power of two, where a sum loses a bit.
    const bootedUs = 2 ** 25 - 50_000 * random();
    device.start(bootedUs, 0);
    device.hang(bootedUs);
    device.run(device.dueUs);
    expect(device.resetCause).toBe('watchdog');
  }
});
