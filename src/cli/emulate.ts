import { exitCodes, UserError } from '../exit-codes.js';

interface Options {
  readonly link?: string;
  readonly image?: string;
  readonly bootrom?: string;
  readonly seed?: number;
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
  const { emulatedBoardName } = await import('../board/emulated/boards.js');
  const { runEmulator } = await import('../board/emulated/process.js');
  process.exitCode = await explain(async () =>
    runEmulator({
      board: emulatedBoardName(name),
      endWithParent: parentWatch,
      ...(link === undefined ? {} : { link }),
      ...(image === undefined ? {} : { image }),
      ...(bootrom === undefined ? {} : { bootRom: bootrom }),
      ...(seed === undefined ? {} : { seed }),
    }),
  );
}

/** What an emulator refuses is for the user as it stands: a name, a file, an image that needs more than there is. */
async function explain(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    throw new UserError((error as Error).message, exitCodes.usage);
  }
}
