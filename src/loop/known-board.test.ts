import { expect, it } from 'vitest';
import type { ClockModel } from '../deadline/clock.js';
import type { DeviceTime } from '../deadline/device-time.js';
import { KnownBoard } from './known-board.js';
import type { BoardReport } from './report.js';
import type { BoardLoopOptions } from './surroundings.js';

it('forgets the signals of a sketch when the port is opened again and another one prints, and not before', () => {
  const told: (string[] | undefined)[] = [];
  const report: Pick<BoardReport, 'board'> = {
    board: ({ descriptor }) => told.push(descriptor?.streams[0]?.signals.map(({ name }) => name)),
  };
  const options = { config: { path: '/dev/ttyACM0', baud: 115_200 }, provisionalId: 'board-1' };
  const board = new KnownBoard(
    options as BoardLoopOptions,
    report as BoardReport,
    undefined as unknown as ClockModel,
    undefined as unknown as DeviceTime,
  );
  board.opened();
  board.read([{ name: 'old', value: 1 }], 1000, '/dev/ttyACM0');
  board.opened();
  board.tell('/dev/ttyACM0');
  const { frame } = board.read([{ name: 'new', value: 2 }], 2000, '/dev/ttyACM0');
  expect([frame.count, frame.values[0]]).toEqual([1, 2]);
  expect(told).toEqual([['old'], ['old'], ['new']]);
});
