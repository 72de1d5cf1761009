/** The build hash that a board tells, asked by the bridge's own session on its port. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AttachedBoard } from '../../attached-board.js';
import { Feed } from '../../feed/feed.js';
import { monotonicUs } from '../../host-clock.js';
import { boardConfig } from '../bridge-config.js';
import type { MappedBoard } from './board-map.js';
import { portOf } from './board-port.js';

const TICK_MS = 5;

/** What a board tells of itself: its hash, or why there is none. */
export type ToldBuild = { readonly build: string } | { readonly build: null; readonly why: string };

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
    const endUs = monotonicUs() + withinMs * 1e3;
    for (;;) {
      const nowUs = monotonicUs();
      attached.tick(nowUs);
      const { established } = attached.loop.board;
      if (established !== null) return { build: established.descriptor.build };
      if (refusal !== null) throw new Error(refusal);
      if (nowUs > endUs) return { build: null, why: `${silence(attached)} within ${withinMs / 1e3} s` };
      await sleep(TICK_MS);
    }
  } finally {
    await attached.stop();
  }
}

function silence({ connection, loop }: AttachedBoard): string {
  if (connection.counters.opens === 0) return 'its port did not appear';
  const { frames, plainLines, textLines } = loop.decoder.counters;
  return frames + plainLines + textLines > 0
    ? 'it speaks, but told no descriptor that can be used'
    : 'it did not say anything that makes sense';
}
