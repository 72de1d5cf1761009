/** `pico`: the committed firmware on the emulated Pico, in this process and in virtual time. */
import type { Capability } from './capabilities.js';
import type { Target } from './targets.js';
import { VirtualRig } from './virtual-rig.js';

const can: readonly Capability[] = [
  'virtualTime',
  'timing',
  'reset',
  'power',
  'unplug',
  'faults',
  'io',
  'testFirmware',
];

export function virtualTarget(): Target {
  return {
    name: 'pico',
    isRealTime: false,
    capabilities: new Set(can),
    missing: () => null,
    start: async ({ firmware, seed, trace }) =>
      new VirtualRig({ board: firmware === 'test' ? 'pico-test' : 'pico', seed, trace }),
    stop: async () => {},
  };
}
