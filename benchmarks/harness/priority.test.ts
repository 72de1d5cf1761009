import { expect, it } from 'vitest';
import { boardPriority, isGranted, likeTheLoop, priorityNote } from './priority.js';

it('asks once for each priority', () => {
  const asked: number[] = [];
  const ask = (priority: number) => {
    asked.push(priority);
    return priority < 50;
  };
  expect([51, 51, 11, 11].map((priority) => isGranted(priority, ask))).toEqual([false, false, true, true]);
  expect(asked).toEqual([51, 11]);
});

it('starts boards and floors as ordinary programs where no priority is granted', () => {
  expect(boardPriority(true)).toEqual(['--fifo', '40']);
  expect(boardPriority(false)).toEqual([]);
  expect(likeTheLoop('bridge', ['a'], true)).toEqual(['chrt', ['--fifo', '20', 'bridge', 'a']]);
  expect(likeTheLoop('bridge', ['a'], false)).toEqual(['bridge', ['a']]);
  expect(priorityNote(true)).toContain('SCHED_FIFO 20');
  expect(priorityNote(false)).toContain('No real-time priority is granted');
});
