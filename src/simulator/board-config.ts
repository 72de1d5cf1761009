/** The setting of the simulated board, as a user would write it. */
import type { BoardConfig } from '../config.js';
import { controlStream } from '../deadline/model/stream.js';

export interface BoardChoice {
  readonly encoding: 'binary' | 'text';
  readonly class: 'firm' | 'hard';
}

export function defaultBoard(choice: BoardChoice): BoardConfig {
  return {
    path: '/dev/simulated',
    baud: 921_600,
    encoding: choice.encoding,
    contract: { [controlStream.name]: { class: choice.class } },
  };
}
