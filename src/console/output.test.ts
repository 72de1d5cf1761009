import { afterEach, describe, expect, test, vi } from 'vitest';
import { BACKLOG_BYTES_MAX, Output } from './output.js';

const failure = (code: string) => Object.assign(new Error(code), { code });

/** A pipe that takes `room` bytes and then says EAGAIN. */
class Pipe {
  taken = '';
  room = Number.POSITIVE_INFINITY;
  error: string | undefined;
  readonly write = (bytes: Uint8Array): number => {
    if (this.error !== undefined) throw failure(this.error);
    if (this.room === 0) throw failure('EAGAIN');
    const some = bytes.subarray(0, Math.min(bytes.length, this.room));
    this.taken += Buffer.from(some).toString();
    this.room -= some.length;
    return some.length;
  };
}

afterEach(() => vi.useRealTimers());

describe('output', () => {
  test('goes on in the middle of a line when the reader reads again', () => {
    vi.useFakeTimers();
    const pipe = new Pipe();
    const output = new Output(pipe.write);
    pipe.room = 3;
    output.line('hello');
    output.line('world');
    expect(pipe.taken).toBe('hel');
    pipe.room = 1000;
    vi.runOnlyPendingTimers();
    expect(pipe.taken).toBe('hello\nworld\n');
  });

  test('drops whole lines past its bound, counts them, and says so', () => {
    vi.useFakeTimers();
    const pipe = new Pipe();
    const output = new Output(pipe.write);
    pipe.room = 0;
    const line = 'x'.repeat(1023);
    for (let i = 0; i < 100; i++) output.line(line);
    expect(output.dropped).toBe(100 - BACKLOG_BYTES_MAX / 1024);
    pipe.room = Number.POSITIVE_INFINITY;
    vi.runOnlyPendingTimers();
    output.line('again');
    expect(pipe.taken).toBe(`${`${line}\n`.repeat(64)}… 36 lines dropped: stderr did not take them\nagain\n`);
  });

  test.each(['ENOSPC', 'EDQUOT'])('waits for room on a disk that is full (%s)', (code) => {
    vi.useFakeTimers();
    const pipe = new Pipe();
    const output = new Output(pipe.write);
    pipe.error = code;
    output.line('during');
    pipe.error = undefined;
    vi.runOnlyPendingTimers();
    output.line('after');
    expect(pipe.taken).toBe('during\nafter\n');
  });

  test('ends quietly when nobody reads any more', () => {
    const pipe = new Pipe();
    const output = new Output(pipe.write);
    pipe.error = 'EPIPE';
    for (let i = 0; i < 100; i++) output.line('x');
    pipe.error = undefined;
    output.line('y');
    expect(pipe.taken).toBe('');
  });
});
