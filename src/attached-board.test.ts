import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { AttachedBoard } from './attached-board.js';
import type { BoardConfig } from './config.js';
import { Feed } from './feed/feed.js';
import { BoardLoop } from './loop/board-loop.js';
import type { BoardLoopOptions } from './loop/surroundings.js';

/** What the loop of such a board is handed. */
function handed(config: Partial<BoardConfig> & { readonly path: string }): BoardLoopOptions {
  let options: BoardLoopOptions | undefined;
  new AttachedBoard({
    index: 0,
    config: { baud: 115_200, encoding: 'auto', contract: {}, ...config },
    feed: Feed.create({ slotsPerSecond: 1000, seconds: 1 }),
    once: false,
    isOnly: true,
    resolve: async (name) => name,
    isTaken: () => false,
    createLoop: (given) => {
      options = given;
      return new BoardLoop(given);
    },
    onFatal: () => {},
  });
  return options!;
}

it.each([
  ['/dev/ttyUSB0', 'uart', true, 115_200],
  ['/dev/ttyACM0', undefined, true, 115_200],
  // What bounds the clock must be certain: native USB takes no time, whatever rate was set.
  ['/dev/ttyACM0', 'usb', false, 12_160_000],
  ['/dev/pts/7', 'uart', false, 115_200],
] as const)('takes the time of bytes on %s, line %s, for certain: %s', (path, line, timedLine, baud) => {
  const options = handed({ path, ...(line === undefined ? {} : { line }) });
  expect(options.timedLine).toBe(timedLine);
  expect(options.config.baud).toBe(baud);
});

it('ends the alarm about its port when there is none any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-port-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'port');
  writeFileSync(path, '');
  const feed = Feed.create({ slotsPerSecond: 1000, seconds: 1 });
  const board = new AttachedBoard({
    index: 0,
    config: { path, baud: 115_200, encoding: 'auto', contract: {} },
    feed,
    once: false,
    isOnly: false,
    resolve: async (name) => name,
    isTaken: () => false,
    onFatal: () => {},
  });
  onTestFinished(() => board.stop());
  board.start();
  const alarms = () => feed.retained.latest().filter(({ type }) => type === 'alarm');
  await vi.waitFor(() => expect(alarms()).toMatchObject([{ id: 'port', active: true }]));
  rmSync(path);
  board.connection.tryNow();
  await vi.waitFor(() => expect(board.connection.state).toBe('absent'));
  expect(alarms()).toMatchObject([{ id: 'port', active: false }]);
});
