import { describe, expect, test } from 'vitest';
import type { TextEvent } from '../outlet.js';
import { RETAINED_MAX, RetainedTexts } from './retained-texts.js';

const board = (index: number, boot: string): TextEvent => ({
  type: 'board',
  index,
  id: `b${index}`,
  path: '/dev/x',
  descriptor: null,
  boot,
  contracts: {},
});
const gone = (index: number): TextEvent => ({ type: 'board-gone', index, id: `b${index}`, reason: 'unplugged' });
const alarm = (id: string, active: boolean): TextEvent => ({
  type: 'alarm',
  board: null,
  id,
  active,
  text: id,
  sinceUtcUs: 0,
});

describe('retained texts', () => {
  test('are those before the offset at which a worker resumes', () => {
    const texts = new RetainedTexts();
    texts.add(board(0, 'a'), 0, 0);
    texts.add(gone(0), 5, 0);
    texts.add(board(0, 'b'), 9, 0);
    expect(texts.before(0)).toEqual([]);
    expect(texts.before(5)).toEqual([board(0, 'a')]);
    expect(texts.before(9)).toEqual([board(0, 'a'), gone(0)]);
    expect(texts.before(10)).toEqual([board(0, 'b')]);
  });

  test('stay when the ring no longer holds them', () => {
    const texts = new RetainedTexts();
    texts.add(board(0, 'a'), 0, 0);
    texts.add(alarm('hot', true), 1, 0);
    texts.add(board(1, 'a'), 900, 800);
    expect(texts.before(800)).toEqual([board(0, 'a'), alarm('hot', true)]);
  });

  test('hold standing alarms, not those that have ended, and no log lines', () => {
    const texts = new RetainedTexts();
    texts.add(alarm('hot', true), 0, 0);
    texts.add(alarm('cold', true), 1, 0);
    texts.add(alarm('hot', false), 2, 0);
    texts.add({ type: 'log', board: null, level: 'info', text: 'x', utcUs: 0 }, 3, 0);
    expect(texts.before(4)).toEqual([alarm('cold', true)]);
  });

  test('tell who has missed events also which alarms have ended', () => {
    const texts = new RetainedTexts();
    texts.add(alarm('hot', true), 0, 0);
    texts.add(alarm('hot', false), 2, 0);
    expect(texts.latest()).toEqual([alarm('hot', false)]);
  });

  test('never forget a board, nor an alarm that stands for one that is over', () => {
    const texts = new RetainedTexts();
    texts.add(board(0, 'a'), 0, 0);
    texts.add(alarm('hot', true), 1, 1);
    for (let i = 2; i < 2 * RETAINED_MAX; i++) texts.add(alarm(`client-${i >> 1}`, i % 2 === 0), i, i);
    expect(texts.before(1e9)).toEqual([board(0, 'a'), alarm('hot', true)]);
  });

  test('are bounded, and what is forgotten is counted', () => {
    const texts = new RetainedTexts();
    for (let i = 0; i < RETAINED_MAX + 10; i++) texts.add(alarm(`a${i}`, true), i, i);
    texts.add(alarm('last', true), 1e6, 1e6);
    expect(texts.before(2e6)).toHaveLength(RETAINED_MAX);
    expect(texts.forgotten).toBe(10);
  });
});
