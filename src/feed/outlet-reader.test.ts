import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type OutletStart, type TextEvent, WAKE } from '../outlet.js';
import { createHealthRecord, createMissRecord, createStatsRecord } from './events.js';
import { Feed } from './feed.js';
import { createFrameRecord, FRAME_SLOTS_MAX } from './frame.js';
import { answerPings, type RingHandlers, type RingReader, readRings } from './outlet-reader.js';
import { consumerStates, cursorAt, Ring, stateAt } from './ring.js';
import { TEXT_SLOTS_MAX } from './slot.js';

const CONSUMER = 3;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** Both ends in one thread. A frame is shown as its number, an event as its kind and number. */
class Bench {
  readonly feed: Feed;
  readonly seen: string[] = [];
  readonly main: MessagePort;
  readonly #worker: MessagePort;
  readonly #frame = createFrameRecord();
  #seq = 0;

  constructor(slots = 1024, firstOffset = 0) {
    this.feed = new Feed(
      Ring.create({ slots, recordSlotsMax: FRAME_SLOTS_MAX, firstOffset }),
      Ring.create({ slots: 1024, recordSlotsMax: TEXT_SLOTS_MAX, firstOffset }),
    );
    const { port1, port2 } = new MessageChannel();
    this.main = port1;
    this.#worker = port2;
    open.push(port1);
    this.feed.onParked(CONSUMER, () => port1.postMessage(WAKE));
  }

  read(from = this.feed.frames.ring.firstOffset, more: RingHandlers = {}): RingReader {
    const { frames, events } = this.feed;
    const start = {
      consumer: CONSUMER,
      feed: frames.ring.memory,
      events: events.ring.memory,
      feedCursor: from,
      eventsCursor: events.ring.firstOffset,
    } as OutletStart;
    const handlers: RingHandlers = {
      frame: ({ seq }) => void this.seen.push(`${seq}`),
      miss: ({ count }) => void this.seen.push(`miss ${count}`),
      stats: ({ rateHz }) => void this.seen.push(`stats ${rateHz}`),
      health: ({ boots }) => void this.seen.push(`health ${boots}`),
      text: (event) => void this.seen.push(event.type === 'log' ? event.text : event.type),
      batchEnd: () => void this.seen.push('|'),
      lost: (slots, ring, fromOffset, toOffset) =>
        void this.seen.push(`lost ${slots} ${ring} ${fromOffset}-${toOffset}`),
      ...more,
    };
    const reader = readRings(start, handlers, this.#worker);
    open.push(reader);
    return reader;
  }

  frame(times = 1, count = 4): void {
    for (let i = 0; i < times; i++) {
      this.#frame.seq = this.#seq++;
      this.#frame.count = count;
      this.feed.frame(0, this.#frame, this.#frame);
    }
  }

  miss(count: number): void {
    this.feed.miss({ ...createMissRecord(), count });
  }

  parked(): Promise<void> {
    return this.asleep(consumerStates.parked);
  }

  async asleep(state: number): Promise<void> {
    await vi.waitFor(() => expect(Atomics.load(this.feed.frames.ring.control, stateAt(CONSUMER))).toBe(state), {
      timeout: 10_000,
      interval: 1,
    });
  }
}

const log = (text: string): TextEvent => ({ type: 'log', board: null, level: 'info', text, utcUs: 0 });

describe('both rings', () => {
  test('come in the order in which they were written, every kind', async () => {
    const bench = new Bench();
    bench.feed.text(log('boot'));
    bench.frame(2);
    bench.miss(7);
    bench.frame();
    bench.feed.stats({ ...createStatsRecord(), rateHz: 1000 });
    bench.feed.health({ ...createHealthRecord(), boots: 2 });
    bench.frame();
    bench.feed.text(log('end'));
    bench.read();
    await bench.parked();
    expect(bench.seen).toEqual(['boot', '0', '1', 'miss 7', '2', 'stats 1000', 'health 2', '3', 'end', '|']);
  });

  test('an event comes after the frames that were published before it, also when they were lost', async () => {
    const bench = new Bench(64);
    bench.frame(40);
    bench.miss(1);
    bench.frame(100);
    bench.miss(2);
    bench.read();
    await bench.parked();
    expect(bench.seen.filter((each) => each.startsWith('lost'))).toHaveLength(1);
    expect(bench.seen.filter((each) => each.startsWith('miss'))).toEqual(['miss 1', 'miss 2']);
    expect(bench.seen.slice(-3)).toEqual(['139', 'miss 2', '|']);
  });

  test('a loss is told with its range, before the record after it', async () => {
    const bench = new Bench(64);
    bench.frame(140);
    const reader = bench.read();
    await bench.parked();
    const next = Number(bench.seen[1]);
    expect(bench.seen[0]).toBe(`lost ${next} feed 0-${next}`);
    expect(reader.lostSlots).toBe(next);
    expect(bench.seen).toHaveLength(140 - next + 2);
  });
});

describe('a reader', () => {
  test('sleeps when it has read everything, and one wake-up is enough for a chunk', async () => {
    const bench = new Bench();
    bench.read();
    await bench.parked();
    bench.frame(3);
    bench.feed.wakeParked();
    bench.feed.wakeParked();
    expect(bench.feed.wakeUps).toBe(1);
    await bench.parked();
    expect(bench.seen).toEqual(['0', '1', '2', '|']);
  });

  test('with patience is woken for events, not for frames, which it looks for in its own time', async () => {
    const bench = new Bench();
    const reader = bench.read();
    reader.patience(5);
    await bench.asleep(consumerStates.dozing);
    bench.frame(2);
    bench.feed.wakeParked();
    expect(bench.feed.wakeUps).toBe(0);
    await vi.waitFor(() => expect(bench.seen).toEqual(['0', '1', '|']), { timeout: 10_000 });
    reader.patience(60_000);
    await bench.asleep(consumerStates.dozing);
    bench.frame();
    bench.miss(1);
    bench.feed.wakeParked();
    bench.feed.wakeParked();
    expect(bench.feed.wakeUps).toBe(1);
    await vi.waitFor(() => expect(bench.seen.slice(3)).toEqual(['2', 'miss 1', '|']), { timeout: 10_000 });
  });

  test('looks when it is told to, and is woken again for each chunk when its patience ends', async () => {
    const bench = new Bench();
    const reader = bench.read();
    reader.patience(60_000);
    await bench.asleep(consumerStates.dozing);
    bench.frame();
    reader.look();
    expect(bench.seen).toEqual(['0', '|']);
    bench.frame();
    reader.patience(0);
    expect(bench.seen).toEqual(['0', '|', '1', '|']);
    await bench.parked();
    bench.frame();
    bench.feed.wakeParked();
    expect(bench.feed.wakeUps).toBe(1);
  });

  test('lets its event loop turn during a flood', async () => {
    const bench = new Bench(16_384);
    bench.frame(10_000);
    let turns = 0;
    let turning = true;
    const turn = () => {
      turns++;
      if (turning) setImmediate(turn);
    };
    setImmediate(turn);
    bench.read();
    await bench.parked();
    turning = false;
    expect(bench.seen.filter((each) => each === '|').length).toBeGreaterThanOrEqual(4);
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  test('that is closed reads no more; the next one goes on at its cursor', async () => {
    const bench = new Bench();
    bench.frame(2);
    const first = bench.read();
    await bench.parked();
    expect(first.offset).toBe(2);
    first.close();
    bench.frame();
    bench.feed.wakeParked();
    expect(bench.feed.wakeUps).toBe(0);
    expect(Atomics.load(bench.feed.frames.ring.control, cursorAt(CONSUMER))).toBe(2);
    bench.read(2);
    await bench.parked();
    expect(bench.seen).toEqual(['0', '1', '|', '2', '|']);
  });

  test('drains what is there at once', () => {
    const bench = new Bench();
    const reader = bench.read();
    bench.frame(2);
    bench.miss(1);
    reader.drain();
    expect(bench.seen).toEqual(['0', '1', 'miss 1', '|']);
  });

  test('closed within a handler stops behind that record', async () => {
    const bench = new Bench();
    bench.frame(5);
    const reader = bench.read(0, { frame: ({ seq }) => seq === 2 && reader.close() });
    await vi.waitFor(() => expect(reader.offset).toBe(3), { timeout: 10_000 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(Atomics.load(bench.feed.frames.ring.control, cursorAt(CONSUMER))).toBe(3);
  });

  test('closed at the end of a batch is nobody that could be woken', async () => {
    const bench = new Bench();
    bench.frame();
    const reader = bench.read(0, { batchEnd: () => reader.close() });
    await vi.waitFor(() => expect(reader.offset).toBe(1), { timeout: 10_000 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(Atomics.load(bench.feed.frames.ring.control, stateAt(CONSUMER))).toBe(consumerStates.detached);
  });

  test('answers pings, and so does a worker that reads nothing', async () => {
    const bench = new Bench();
    const answers: unknown[] = [];
    bench.main.on('message', (message) => answers.push(message));
    bench.read();
    bench.main.postMessage({ type: 'ping', id: 4 });
    const { port1, port2 } = new MessageChannel();
    open.push(port1, { close: answerPings(port2) });
    port1.on('message', (message) => answers.push(message));
    port1.postMessage({ type: 'ping', id: 5 });
    await vi.waitFor(() => expect(answers).toHaveLength(2), { timeout: 10_000 });
    expect(answers).toEqual(
      expect.arrayContaining([
        { type: 'pong', id: 4 },
        { type: 'pong', id: 5 },
      ]),
    );
  });
});

describe('history', () => {
  const visited = (reader: RingReader, from: number, to: number, max = Number.POSITIVE_INFINITY) => {
    const seqs: number[] = [];
    const reached = reader.history(from, to, ({ seq }) => {
      seqs.push(seq);
      return seqs.length < max;
    });
    return { seqs, reached };
  };

  test.each([0, 2 ** 31 - 3, 2 ** 32 - 3])(
    'visits a range and leaves the live cursor alone, from %d',
    async (first) => {
      const bench = new Bench(1024, first);
      bench.frame(10);
      const reader = bench.read();
      expect(visited(reader, first + 2, first + 6)).toEqual({ seqs: [2, 3, 4, 5], reached: first + 6 });
      expect(reader.offset).toBe(first);
      expect([reader.oldestOffset(), reader.newestOffset()]).toEqual([first, first + 10]);
    },
  );

  test('asked in pieces visits every frame once, also those of several slots', () => {
    const bench = new Bench();
    bench.frame(10, 64);
    const reader = bench.read();
    const seqs: number[] = [];
    for (let from = 0; from < reader.newestOffset(); from += 4)
      seqs.push(...visited(reader, from, Math.min(from + 4, reader.newestOffset())).seqs);
    expect(seqs).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('of what was overwritten gives the rest', () => {
    const bench = new Bench(64);
    bench.frame(100);
    const reader = bench.read();
    const { seqs, reached } = visited(reader, 0, 100);
    expect(reached).toBe(100);
    expect(seqs[0]).toBe(reader.oldestOffset());
    expect(seqs.at(-1)).toBe(99);
  });

  test('of what is overwritten during the visit has a hole', () => {
    const bench = new Bench(64);
    bench.frame(50);
    const reader = bench.read();
    const seqs: number[] = [];
    const reached = reader.history(0, 50, ({ seq }) => {
      if (seq === 10) bench.frame(40);
      seqs.push(seq);
    });
    expect(reached).toBe(50);
    expect(seqs.length).toBeLessThan(50);
    expect(seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]!)).toBe(true);
  });

  test('ends at what is not yet published, and a visitor can stop it', () => {
    const bench = new Bench();
    bench.frame(5);
    const reader = bench.read();
    expect(visited(reader, 3, 6)).toEqual({ seqs: [3, 4], reached: 5 });
    expect(visited(reader, 5, 5)).toEqual({ seqs: [], reached: 5 });
    expect(visited(reader, 0, 5, 2)).toEqual({ seqs: [0, 1], reached: 1 });
  });
});
