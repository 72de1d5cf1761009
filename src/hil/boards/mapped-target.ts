/** A board of `hil-boards.toml` as a target: what its entry says can be done to it, and no more. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Capability } from '../capabilities.js';
import { environment } from '../environment.js';
import { needsLine, throughProxy } from '../line-boards.js';
import type { BoardHandle } from '../real-rig.js';
import { realTarget } from '../target-real.js';
import type { FirmwareKind, RigOptions, Target } from '../targets.js';
import { type BoardLock, lockBoard } from './board-lock.js';
import type { MappedBoard } from './board-map.js';
import { portOf } from './board-port.js';
import { ensureFirmware } from './firmware-on-board.js';
import { runProgram } from './run-program.js';
import { isDriveThere } from './uf2-drive.js';

/** Long enough for the capacitor between DTR and an Arduino's reset pin to charge. */
const DTR_LOW_MS = 100;
/** Long enough for what is charged on a board to be gone. */
const POWER_OFF_MS = 1000;
const COMMAND_MS = 30_000;

const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

export async function mappedTarget(board: MappedBoard): Promise<Target> {
  const isAbsent = await absence(board);
  const desk = new Desk(board);
  return realTarget(board.name, capabilitiesOf(board), {
    missing: () => isAbsent,
    lacks: (firmware) => lacks(board, firmware),
    open: (options) => desk.open(options),
    stop: () => desk.leave(),
  });
}

function capabilitiesOf(board: MappedBoard): Capability[] {
  const can: Capability[] = ['outlets'];
  if (board.timing) can.push('timing');
  if (board.reset !== 'none') can.push('reset');
  if (board.powerOff !== undefined) can.push('power');
  if (board.flasher !== 'none' && board.image.test !== undefined) can.push('testFirmware');
  if (process.platform !== 'win32') can.push('unplug', 'faults');
  return [...can, ...board.features.map((name) => `feature:${name}` as const)];
}

/** Why it is not there; null when it is, and when that cannot be told: then the first test that wants it says why. */
async function absence(board: MappedBoard): Promise<string | null> {
  const isThere = await portOf(board).then(
    (port) => port !== null || isDriveThere(board), // in its bootloader it has no port, and can be flashed
    () => true,
  );
  return isThere ? null : absent(board);
}

const absent = ({ name, path, usb, file }: MappedBoard): string =>
  `board ${name} is not there: there is no port ${path ?? usb}: plug it in, or correct ${file} ("tautline ports" lists ports)`;

function lacks({ name, flasher, image, file }: MappedBoard, firmware: FirmwareKind): string | null {
  if (firmware === 'release' || (flasher !== 'none' && image[firmware] !== undefined)) return null;
  return `needs the image "${firmware}", and boards.${name} in ${file} gives no image.${firmware} with a flasher`;
}

/** The board, held by this run, with the firmware that it has now. */
class Desk {
  #lock: BoardLock | null = null;
  /** What it runs. A refusal stays: neither waiting nor flashing is done twice by itself. */
  #prepared: Promise<FirmwareKind> | null = null;

  constructor(private readonly board: MappedBoard) {}

  async open(options: RigOptions): Promise<BoardHandle> {
    this.#prepared ??= this.#prepare(options.firmware);
    if ((await this.#prepared) !== options.firmware) {
      this.#prepared = this.#prepare(options.firmware);
      await this.#prepared;
    }
    await this.#lock?.follow();
    return needsLine(options) ? this.#behindProxy(options) : this.#direct();
  }

  async leave(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }

  async #prepare(firmware: FirmwareKind): Promise<FirmwareKind> {
    const { board } = this;
    const options = { waitMs: environment.waitSeconds * 1e3, tell };
    this.#lock ??= await lockBoard(board, options);
    await ensureFirmware(board, firmware, options);
    return firmware;
  }

  #direct(): BoardHandle {
    const { path, usb, baud } = this.board;
    return {
      path: path ?? usb!,
      baud,
      faults: null,
      reset: (bridge, by) => this.#reset(by, (ms) => bridge.boards[0]!.connection.pulseDtr(ms)),
      close: async () => {},
    };
  }

  async #behindProxy(options: RigOptions): Promise<BoardHandle> {
    const { board } = this;
    const port = await portOf(board);
    if (port === null) throw new Error(absent(board));
    const line = {
      kind: 'port' as const,
      baud: board.baud,
      path: () => port.path,
      reset: (by: string, proxy: { pulseDtr(ms: number): Promise<void> }) =>
        this.#reset(by, (ms) => proxy.pulseDtr(ms)),
      close: async () => {},
    };
    return throughProxy(line, options);
  }

  async #reset(by: string, pulseDtr: (lowMs: number) => Promise<void>): Promise<void> {
    const { name, reset, resetCommand, powerOff, powerOn, file } = this.board;
    if (by === 'powerOn') {
      if (powerOff === undefined) throw new Error(`boards.${name} in ${file} has no powerOff and powerOn`);
      await this.#run('powerOff', powerOff);
      await sleep(POWER_OFF_MS);
      await this.#run('powerOn', powerOn!);
    } else if (reset === 'command') await this.#run('resetCommand', resetCommand!);
    else if (reset === 'dtr') await this.#byDtr(pulseDtr);
    else throw new Error(`boards.${name} in ${file} has no reset`);
  }

  async #byDtr(pulse: (lowMs: number) => Promise<void>): Promise<void> {
    const { name, file } = this.board;
    try {
      await pulse(DTR_LOW_MS);
    } catch (error) {
      throw new Error(
        `boards.${name}.reset = "dtr": ${(error as Error).message}: this port has no DTR line (a pseudo-terminal has none, and ` +
          `some adapters leave it out). Take reset = "command" or "none" in ${file}.`,
      );
    }
  }

  #run(key: string, command: string): Promise<void> {
    const { name, folder } = this.board;
    return runProgram({ what: `boards.${name}.${key}`, command, folder, timeoutMs: COMMAND_MS });
  }
}
