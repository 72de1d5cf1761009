import { beforeEach, expect, test } from 'vitest';
import { Flusher, HARD_BOUND_BYTES, Outbox, type OutboxCounters, SOFT_BOUND_BYTES } from './outbox.js';
import { frameText } from './packet.js';

let written: Uint8Array[][];
let closed: { code: number; reason: string } | undefined;
let wire: {
  bufferedBytes: number;
  write(packets: readonly Uint8Array[]): void;
  close(code: number, reason: string): void;
};
let counters: OutboxCounters;
let flusher: Flusher;
let outbox: Outbox;
const packet = (bytes: number, fill = 0) => new Uint8Array(bytes).fill(fill);

beforeEach(() => {
  written = [];
  closed = undefined;
  wire = {
    bufferedBytes: 0,
    write: (packets) => written.push([...packets]),
    close: (code, reason) => {
      closed = { code, reason };
    },
  };
  counters = { writes: 0, bytes: 0, conflated: 0, cut: 0 };
  flusher = new Flusher();
  outbox = new Outbox(wire, counters, flusher.touch);
});

test('everything since the last flush is one write, control first', () => {
  outbox.offer(packet(3, 1));
  outbox.controlPacket(packet(2, 2));
  outbox.offer(packet(1, 3));
  expect(written).toEqual([]);
  flusher.flush();
  expect(written).toEqual([[packet(2, 2), packet(3, 1), packet(1, 3)]]);
  flusher.flush();
  expect(counters).toMatchObject({ writes: 1, bytes: 6 });
});

test('data over the soft bound is not taken, and is again when the client has read', () => {
  wire.bufferedBytes = SOFT_BOUND_BYTES - 10;
  expect(outbox.offer(packet(11))).toBe(false);
  expect(outbox.offer(packet(10))).toBe(true);
  expect(counters.conflated).toBe(1);
  flusher.flush();
  wire.bufferedBytes = 0;
  expect(outbox.offer(packet(11))).toBe(true);
});

test('a packet larger than the bound passes when nothing waits', () => {
  expect(outbox.offer(packet(SOFT_BOUND_BYTES + 1))).toBe(true);
  flusher.flush();
  wire.bufferedBytes = 1;
  expect(outbox.offer(packet(SOFT_BOUND_BYTES + 1))).toBe(false);
});

test('a large batch is written ahead, so that a fast reader is not held for slow', () => {
  for (let i = 0; i < 10; i++) expect(outbox.offer(packet(20_000))).toBe(true);
  expect(written.length).toBeGreaterThan(2);
});

test('control passes the soft bound; over the hard bound the client is cut with a reason', () => {
  wire.bufferedBytes = HARD_BOUND_BYTES - 10;
  outbox.controlPacket(packet(10));
  expect(closed).toBeUndefined();
  outbox.controlPacket(packet(1));
  expect(closed).toEqual({ code: 4008, reason: expect.stringContaining('did not read') });
  expect(counters.cut).toBe(1);
});

test('after its end nothing is taken or written', () => {
  outbox.close(1000, '');
  outbox.controlPacket(packet(1));
  expect(outbox.offer(packet(1))).toBe(false);
  flusher.flush();
  expect(written).toEqual([]);
});

test.each([
  [0, [0x81, 0]],
  [125, [0x81, 125]],
  [126, [0x81, 126, 0, 126]],
  [65_535, [0x81, 126, 0xff, 0xff]],
  [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
])('a text of %i bytes has the header of RFC 6455', (length, header) => {
  const framed = frameText('x'.repeat(length));
  expect([...framed.subarray(0, header.length)]).toEqual(header);
  expect(framed.length).toBe(header.length + length);
});
