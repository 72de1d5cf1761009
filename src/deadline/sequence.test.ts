import { expect, it } from 'vitest';
import { SEEN_SPAN, SequenceTracker } from './sequence.js';

it('places frames across the wrap of 32 bits', () => {
  const sequence = new SequenceTracker();
  expect(sequence.place(2 ** 32 - 2)).toBe('first');
  expect(sequence.place(2 ** 32 - 1)).toBe('next');
  expect(sequence.place(0)).toBe('next');
  expect(sequence.seq).toBe(2 ** 32);
  expect(sequence.place(3)).toBe('gap');
  expect(sequence.missing).toBe(2);
  expect(sequence.place(2 ** 32 - 1)).toBe('repeated');
  expect(sequence.seq).toBe(2 ** 32 - 1);
  expect(sequence.place(2)).toBe('reordered');
  expect(sequence.place(2)).toBe('repeated');
  expect(sequence.newest).toBe(2 ** 32 + 3);
});

it('takes anything older than it remembers for reordered', () => {
  const sequence = new SequenceTracker();
  sequence.place(0);
  sequence.place(SEEN_SPAN);
  expect(sequence.place(0)).toBe('reordered');
  expect(sequence.place(SEEN_SPAN)).toBe('repeated');
});

it('takes a number from before the first for reordered', () => {
  const sequence = new SequenceTracker();
  sequence.place(3);
  expect(sequence.place(2 ** 32 - 1)).toBe('reordered');
  expect(sequence.place(2)).toBe('reordered');
});

it('does not take the slot of a skipped number for seen', () => {
  const sequence = new SequenceTracker();
  for (let n = 0; n < SEEN_SPAN; n++) sequence.place(n);
  sequence.place(SEEN_SPAN + 10);
  for (let n = SEEN_SPAN; n < SEEN_SPAN + 10; n++) expect(sequence.place(n)).toBe('reordered');
});
