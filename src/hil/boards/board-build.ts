/** The build hash that a board tells, asked by the bridge's own session on its port. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AttachedBoard } from '../../attached-board.js';
import { isNonsense } from '../../board/baud-suspicion.js';
import { usualBauds } from '../../board/errors.js';
import type { DecoderCounters } from '../../codec/decoder.js';
import { Feed } from '../../feed/feed.js';
import { monotonicUs } from '../../host-clock.js';
import { boardConfig } from '../bridge-config.js';
import type { MappedBoard } from './board-map.js';
import { portOf } from './board-port.js';

const TICK_MS = 5;
/**
 * That many bytes of nonsense in the second half of the wait are no silence. A line of a fast board, ten times a second, is a
 * byte or two to a slow port; what a boot loader prints at a rate of its own is over by then.
 */
const NOISE_BYTES_MIN = 32;

/** What a board tells of itself: its hash, or why there is none. */
export type ToldBuild =
  | { readonly build: string }
  | {
      readonly build: null;
      readonly why: string;
      /** It speaks, and nothing of it makes sense: its rate is probably another one. */
      readonly isNoise: boolean;
    };

/**
 * @param withinMs for the board to answer; also for its port to appear
 * @throws Error when the port cannot be had, and waiting would not help
 */
export async function buildOnBoard(board: MappedBoard, withinMs: number): Promise<ToldBuild> {
  let refusal: string | null = null;
  const attached = new AttachedBoard({
    index: 0,
    config: boardConfig(board.path ?? board.usb!, board.baud),
    feed: Feed.create({ slotsPerSecond: 1000, seconds: 1 }),
    once: false,
    isOnly: true,
    resolve: async () => (await portOf(board))?.path ?? null,
    isTaken: () => false,
    onFatal: (_, text) => {
      refusal = text;
    },
  });
  attached.start();
  try {
    const beganUs = monotonicUs();
    const endUs = beganUs + withinMs * 1e3;
    const { counters } = attached.loop.decoder;
    let bytesBefore = 0;
    for (;;) {
      const nowUs = monotonicUs();
      attached.tick(nowUs);
      const { established } = attached.loop.board;
      if (established !== null) return { build: established.descriptor.build };
      if (refusal !== null) throw new Error(refusal);
      if (nowUs < (beganUs + endUs) / 2) bytesBefore = counters.bytes;
      if (nowUs > endUs) {
        const isNoise =
          counters.bytes - bytesBefore >= NOISE_BYTES_MIN && isNonsense(counters.bytes, understood(counters));
        const within = `within ${withinMs / 1e3} s`;
        return {
          build: null,
          isNoise,
          why: isNoise ? noise(board, counters.bytes, within) : `${silence(attached)} ${within}`,
        };
      }
      await sleep(TICK_MS);
    }
  } finally {
    await attached.stop();
  }
}

function silence({ connection, loop }: AttachedBoard): string {
  if (connection.counters.opens === 0) return 'its port did not appear';
  const { counters } = loop.decoder;
  // Of what a boot loader prints at a rate of its own, some is a line by chance.
  return understood(counters) === 0 || isNonsense(counters.bytes, understood(counters))
    ? 'it did not say anything that makes sense'
    : 'it speaks, but told no descriptor that can be used';
}

const understood = ({ frames, plainLines, textLines }: Readonly<DecoderCounters>): number =>
  frames + plainLines + textLines;

const noise = ({ name, file, baud }: MappedBoard, bytes: number, within: string): string =>
  `${bytes} bytes came at ${baud} baud ${within}, and made neither lines nor frames: it probably runs at another rate. ` +
  `Usual ones: ${usualBauds.filter((usual) => usual !== baud).join(', ')}; correct boards.${name}.baud in ${file}`;
