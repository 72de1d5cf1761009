import { exitCodes, UserError } from '../exit-codes.js';

interface Options {
  readonly link?: string;
  readonly image?: string;
  readonly seed?: number;
  readonly parentWatch?: boolean;
}

/** Runs an emulated board on a pseudo-terminal until a signal. Lines on standard input command it: `reset`, `unplug MS`, `quit`. */
export async function emulate(name: string, { link, image, seed, parentWatch = false }: Options): Promise<void> {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    const instead = 'this system has no pseudo-terminals: use path = "emulated:pico" in the settings instead';
    throw new UserError(instead, exitCodes.usage);
  }
  const { emulatedBoardName } = await import('../board/emulated/boards.js');
  const { runEmulator } = await import('../board/emulated/process.js');
  const board = explain(() => emulatedBoardName(name));
  process.exitCode = await runEmulator({
    board,
    endWithParent: parentWatch,
    ...(link === undefined ? {} : { link }),
    ...(image === undefined ? {} : { image }),
    ...(seed === undefined ? {} : { seed }),
  });
}

function explain<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new UserError((error as Error).message, exitCodes.usage);
  }
}
