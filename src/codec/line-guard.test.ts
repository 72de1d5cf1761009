import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineGuard } from './line-guard.js';

const LIMIT = 10;
const bytes = (text: string) => new TextEncoder().encode(text);

function guarded() {
  const lines: string[] = [];
  const overlong: [number, boolean][] = [];
  const guard = new LineGuard(
    {
      line: (line) => lines.push(new TextDecoder().decode(line)),
      overlong: (count, first) => overlong.push([count, first]),
    },
    LIMIT,
  );
  const push = (chunk: Uint8Array) => {
    let calls = 0;
    for (let at = 0; at < chunk.length; calls++) at = guard.push(chunk, at);
    return calls;
  };
  return { guard, lines, overlong, push };
}

describe('line guard', () => {
  test('gives lines within the call, one for each call', () => {
    const { lines, guard } = guarded();
    const chunk = bytes('one\ntwo\nth');
    expect(guard.push(chunk, 0)).toBe(4);
    expect(lines).toEqual(['one']);
    expect(guard.push(chunk, 4)).toBe(8);
    expect(guard.push(chunk, 8)).toBe(10);
    expect(lines).toEqual(['one', 'two']);
    guard.push(bytes('ree\n'), 0);
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  test('takes a line of exactly its limit, LF included, and none longer', () => {
    const { lines, overlong, push } = guarded();
    push(bytes('123456789\n1234567890\nok\n'));
    expect(lines).toEqual(['123456789', 'ok']);
    expect(overlong).toEqual([
      [10, true],
      [1, false],
    ]);
  });

  test('reports an endless line again and again, so that it shows while it lasts', () => {
    const { lines, overlong, push, guard } = guarded();
    for (let i = 0; i < 5; i++) push(bytes('1234567'));
    expect(guard.discarding).toBe(true);
    expect(overlong).toEqual([
      [10, true],
      [10, false],
      [10, false],
    ]);
    push(bytes('\nok\n'));
    expect(overlong.at(-1)).toEqual([6, false]);
    expect(lines).toEqual(['ok']);
  });

  test('forgets what a reset interrupts', () => {
    const { lines, guard, push } = guarded();
    push(bytes('half'));
    expect(guard.reset()).toBe(4);
    push(bytes('whole\n'));
    expect(lines).toEqual(['whole']);
  });

  test('still works after a sink has thrown', () => {
    const lines: string[] = [];
    const guard = new LineGuard(
      {
        line: (line) => {
          if (lines.push(new TextDecoder().decode(line)) === 1) throw new Error('bug of the sink');
        },
        overlong: () => {},
      },
      LIMIT,
    );
    expect(() => guard.push(bytes('one\n'), 0)).toThrow('bug of the sink');
    guard.push(bytes('two\n'), 0);
    expect(lines).toEqual(['one', 'two']);
  });

  test('accounts for every byte, however they are cut', () => {
    const text = fc.array(fc.constantFrom('a', 'bc', '\n', '\r\n', 'x'.repeat(9), 'y'.repeat(25)), { maxLength: 30 });
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (parts, cuts) => {
        const wire = bytes(parts.join(''));
        const { lines, overlong, push, guard } = guarded();
        for (let at = 0, i = 0; at < wire.length; i++) {
          push(wire.slice(at, at + cuts[i % cuts.length]!));
          at += cuts[i % cuts.length]!;
        }
        const empty = parts
          .join('')
          .split('\n')
          .slice(0, -1)
          .filter((line) => line === '').length;
        const inLines = lines.reduce((sum, line) => sum + line.length + 1, empty);
        const inReports = overlong.reduce((sum, [count]) => sum + count, 0);
        expect(inLines + inReports + guard.reset()).toBe(wire.length);
        for (const line of lines) expect(line.length).toBeLessThan(LIMIT);
      }),
    );
  });
});
