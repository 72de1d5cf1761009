/** Targets in real time: a board on a port, and the real bridge with its outlets. */
import { existsSync } from 'node:fs';
import type { Capability } from './capabilities.js';
import { environment } from './environment.js';
import { bootRomPath, imagePath, missingImage, tryOwnImage } from './firmware-image.js';
import { HostProcess, missingHost } from './host-process.js';
import { emulatorLine, hostLine, needsLine, portLine, throughProxy } from './line-boards.js';
import { type BoardHandle, RealRig } from './real-rig.js';
import { missingSimavr, simavr } from './simavr.js';
import type { RigOptions, Target } from './targets.js';

/** Of an emulator in a process of its own: it keeps its own time, and says when this machine kept it from that. */
const emulatorCan: readonly Capability[] = ['timing', 'reset', 'power', 'unplug', 'faults', 'outlets', 'testFirmware'];

/** `pico-pty`, `uno-pty`: the emulated board as `npm start` runs it, a process of its own on a pseudo-terminal. */
export function emulatedTarget(board: 'pico' | 'uno'): Target {
  return realTarget(`${board}-pty`, emulatorCan, {
    missing: (firmware) =>
      process.platform === 'win32' ? 'Windows has no pseudo-terminals' : missingImage(board, firmware),
    open: async (options) => {
      tryOwnImage(board);
      const { firmware, needs, seed } = options;
      const name = firmware === 'test' ? (`${board}-test` as const) : board;
      const image = imagePath(board, firmware);
      const rom = bootRomPath();
      const given = [
        ...(image === undefined ? [] : ['--image', image]),
        ...(rom === undefined ? [] : ['--bootrom', rom]),
      ];
      const emulate = (ofSeed: number) => ({ board: name, arguments: ['--seed', String(ofSeed), ...given] });
      if (needs.includes('faults') || image !== undefined) return throughProxy(emulatorLine(seed, emulate), options);
      return {
        path: `emulated:${name}`,
        faults: null,
        reset: async (bridge, by) => {
          bridge.boards[0]!.emulator?.tell(by === 'powerOn' ? 'power' : 'reset');
        },
        unplug: async (bridge, ms) => {
          bridge.boards[0]!.emulator?.tell(`unplug ${ms}`);
        },
        close: async () => {},
      };
    },
  });
}

/** `uno-simavr`: the Uno's image in simavr, which shares no code with the emulated Uno. */
export function simavrTarget(): Target {
  return realTarget('uno-simavr', emulatorCan, {
    missing: missingSimavr,
    open: (options) => throughProxy(emulatorLine(options.seed, simavr(options.firmware)), options),
  });
}

/** `host`: the firmware compiled for this machine. Its timer is this machine's, so it keeps no time of its own. */
export function hostTarget(): Target {
  return realTarget('host', ['reset', 'unplug', 'faults', 'outlets', 'testFirmware'], {
    missing: missingHost,
    open: async (options) => {
      if (needsLine(options)) return throughProxy(await hostLine(options), options);
      const { firmware, seed } = options;
      const board = await HostProcess.start(firmware, seed);
      return {
        path: board.path,
        faults: null,
        reset: async () => board.pressReset(),
        close: () => board.end(),
      };
    },
  });
}

/** A board that is really there. Nothing is known of it but its port. */
export function portTarget(path: string): Target {
  const hasPty = process.platform !== 'win32';
  return realTarget(path, ['timing', 'outlets', ...(hasPty ? (['unplug', 'faults'] as const) : [])], {
    missing: () => (existsSync(path) || /^COM\d+$/.test(path) ? null : `there is no port ${path}: plug the board in`),
    open: async (options) => {
      const { baud } = environment;
      return needsLine(options)
        ? throughProxy(portLine(path, baud), options)
        : { path, baud, faults: null, close: async () => {} };
    },
  });
}

interface RealBoard extends Pick<Target, 'missing' | 'lacks'> {
  open(options: RigOptions): Promise<BoardHandle>;
  stop?(): Promise<void>;
}

export function realTarget(name: string, can: readonly Capability[], board: RealBoard): Target {
  const { missing, lacks, open, stop } = board;
  return {
    name,
    isRealTime: true,
    capabilities: new Set(can),
    missing,
    ...(lacks === undefined ? {} : { lacks }),
    start: async (options) => {
      const handle = await open(options);
      try {
        return await RealRig.start({ board: handle, trace: options.trace, isBoardDisturbed: !can.includes('timing') });
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    stop: async () => stop?.(),
  };
}
