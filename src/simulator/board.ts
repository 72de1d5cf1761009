/** The modelled board's fixed data: its descriptor, as the sample firmware's, and the lengths that follow from it. */
import { crc32 } from '../codec/crc32.js';
import type { Descriptor } from '../codec/descriptor.js';
import { controlStream } from '../deadline/model/stream.js';

export const WATCHDOG_US = 100_000;
export const PERIOD_US = controlStream.periodUs;
export const STREAM = controlStream.id;

/** A firm contract, as the sample firmware offers it; the configuration makes it hard in half of the runs. */
const descriptor: Descriptor = {
  id: 'simulated',
  name: 'motor',
  mcu: 'model',
  firmware: '1.0.0',
  build: '0'.repeat(64),
  tickHz: 1e6 / PERIOD_US,
  baud: 921_600,
  armable: true,
  watchdogMs: WATCHDOG_US / 1e3,
  streams: [controlStream],
  commands: [
    {
      name: 'setpoint',
      arguments: [{ name: 'speed', scale: 1, offset: 0, unit: 'rpm', min: 0, max: 4000 }],
      dangerous: false,
    },
  ],
};

export const descriptorBytes = new TextEncoder().encode(JSON.stringify(descriptor));
export const descriptorHash = crc32(descriptorBytes);
