/** `pico`, `uno`: the committed firmware on the emulated board, in this process and in virtual time. */
import type { Capability } from './capabilities.js';
import { bootRomPath, imagePath, missingImage, tryOwnImage } from './firmware-image.js';
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

export function virtualTarget(name: 'pico' | 'uno'): Target {
  return {
    name,
    isRealTime: false,
    capabilities: new Set(can),
    missing: (firmware) => missingImage(name, firmware),
    start: async ({ firmware, seed, needs, trace }) => {
      tryOwnImage(name);
      const board = firmware === 'test' ? (`${name}-test` as const) : name;
      return new VirtualRig({
        board,
        seed,
        trace,
        image: imagePath(name, firmware),
        bootRom: bootRomPath(),
        hasOutlets: needs.includes('outlets'),
      });
    },
    stop: async () => {},
  };
}
