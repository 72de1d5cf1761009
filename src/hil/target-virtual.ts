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
  'outlets',
  'testFirmware',
];

export function virtualTarget(): Target {
  return {
    name: 'pico',
    isRealTime: false,
    capabilities: new Set(can),
    missing: () => null,
    start: async ({ firmware, seed, needs, trace }) => {
      const board = firmware === 'test' ? 'pico-test' : 'pico';
      return new VirtualRig({ board, seed, trace, hasOutlets: needs.includes('outlets') });
    },
    stop: async () => {},
  };
}
