import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventParser } from './event-stream.js';

const parsed = (pieces: readonly string[]): [name: string, data: string][] => {
  const events: [string, string][] = [];
  const parser = new EventParser((name, data) => events.push([name, data]));
  for (const piece of pieces) parser.feed(piece);
  return events;
};

test('events by the standard: names, comments, line ends, data in several lines, fields that are not known', () => {
  expect(parsed(['event: open\ndata: {"a":1}\n\n'])).toEqual([['open', '{"a":1}']]);
  expect(parsed([': a comment\nid: 7\r\ndata:x\r\n\r\n'])).toEqual([['', 'x']]);
  expect(parsed(['data: a\ndata:  b\n\n'])).toEqual([['', 'a\n b']]);
  expect(parsed(['event: nothing\n\ndata: x\n\n'])).toEqual([['', 'x']]);
  expect(parsed(['data: not ended'])).toEqual([]);
});

test('the same events in whatever pieces they come', () => {
  const event = fc.record({ name: fc.constantFrom('', 'binary', 'close'), data: fc.stringMatching(/^[^\r\n]+$/) });
  const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 10 }), cuts, (events, at) => {
      const text = events.map(({ name, data }) => `event: ${name}\ndata: ${data}\n\n`).join('');
      const ends = [0, ...at.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
      const pieces = ends.slice(1).map((end, i) => text.slice(ends[i], end));
      expect(parsed(pieces)).toEqual(events.map(({ name, data }) => [name, data]));
    }),
  );
});

test('an event without an end is not collected for ever', () => {
  const parser = new EventParser(() => {});
  const piece = 'x'.repeat(4 * 1024 * 1024);
  expect(() => {
    for (let i = 0; i < 5; i++) parser.feed(i % 2 === 0 ? `data: ${piece}` : `${piece}\n`);
  }).toThrow('an event without an end');
});
