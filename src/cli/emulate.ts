import { exitCodes, UserError } from '../exit-codes.js';

interface Options {
  readonly link?: string;
  readonly image?: string;
  readonly bootrom?: string;
  readonly seed?: string;
  readonly parentWatch?: boolean;
}

/** Runs an emulated board on a pseudo-terminal until a signal. Lines on standard input command it: `reset`, `unplug MS`, `quit`. */
export async function emulate(
  name: string,
  { link, image, bootrom, seed, parentWatch = false }: Options,
): Promise<void> {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    const instead = 'an emulated board needs a pseudo-terminal, and this system has none: use Linux or macOS';
    throw new UserError(instead, exitCodes.usage);
  }
  const number = seed === undefined ? undefined : wholeNumber('--seed', seed);
  const { emulatedBoardName } = await import('../board/emulated/boards.js');
  const { runEmulator } = await import('../board/emulated/process.js');
  process.exitCode = await explain(async () =>
    runEmulator({
      board: emulatedBoardName(name),
      endWithParent: parentWatch,
      ...(link === undefined ? {} : { link }),
      ...(image === undefined ? {} : { image }),
      ...(bootrom === undefined ? {} : { bootRom: bootrom }),
      ...(number === undefined ? {} : { seed: number }),
    }),
  );
}

function wholeNumber(option: string, value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isSafeInteger(number)) return number;
  throw new UserError(`${option} "${value}" is not a whole number`, exitCodes.usage);
}

/** What an emulator refuses is for the user as it stands: a name, a file, an image that needs more than there is. */
async function explain(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    throw new UserError((error as Error).message, exitCodes.usage);
  }
}
