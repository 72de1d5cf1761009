/** The supervisor and the rings with real workers, from the build: run `npx tsc` first. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createMissRecord } from './feed/events.js';
import { Feed } from './feed/feed.js';
import { createFrameRecord, FRAME_SLOTS_MAX } from './feed/frame.js';
import { consumerStates, cursorAt, Ring, stateAt } from './feed/ring.js';
import { TEXT_SLOTS_MAX } from './feed/slot.js';
import type { OutletName, TextEvent } from './outlet.js';
import { cells, faults } from './supervisor/testing/outlet.mjs';
import { Supervisor, type SupervisorHandlers, type SupervisorLimits } from './supervisor.js';

const file = new URL('./supervisor/testing/outlet.mjs', import.meta.url);
const FRAMES_MAX = 4_000_000;
const wait = { timeout: 45_000, interval: 5 };
const patient: SupervisorLimits = {
  restart: { restartsMax: 1000, windowMs: 1000, retryMs: 200 },
  hang: { lookMs: 100, hungMs: 1500, startMs: 20_000 },
  stopGraceMs: 1200,
  stopBoundMs: 1450,
};

class Bench {
  readonly report = new Int32Array(new SharedArrayBuffer(4 * (cells.seen + FRAMES_MAX)));
  readonly feed: Feed;
  readonly texts: TextEvent[] = [];
  readonly fatal = vi.fn();
  readonly command = vi.fn<SupervisorHandlers['command']>(async () => ({ ok: true, detail: 'done' }));
  readonly supervisor: Supervisor;
  readonly #frame = createFrameRecord();
  seq = 0;

  constructor(
    slots: number,
    limits: Partial<SupervisorLimits> = {},
    fault: number = faults.none,
    { outlets = ['gateway'] as OutletName[], fifo = '' } = {},
  ) {
    this.feed = new Feed(
      Ring.create({ slots, recordSlotsMax: FRAME_SLOTS_MAX, firstOffset: 2 ** 31 - 1000 }),
      Ring.create({ slots: 8192, recordSlotsMax: TEXT_SLOTS_MAX }),
    );
    const publish = this.feed.text.bind(this.feed);
    this.feed.text = (event) => {
      this.texts.push(event);
      publish(event);
    };
    this.report[cells.fault] = fault;
    this.supervisor = new Supervisor({
      feed: this.feed,
      config: { report: this.report.buffer, fifo } as never,
      epoch: '00000000',
      startedUtcUs: 0,
      outlets,
      handlers: { command: this.command, fatal: this.fatal },
      workers: { gateway: { file, heapMiB: 32 }, mqtt: { file, heapMiB: 32 } },
      limits: { ...patient, ...limits },
    });
    running.push(this);
    this.supervisor.start();
  }

  cell(name: keyof typeof cells): number {
    return Atomics.load(this.report, cells[name]);
  }

  /** Frames of 40 values (two slots), all of them the number of the frame. */
  write(count: number, values = 40): void {
    for (let i = 0; i < count; i++) {
      this.#frame.seq = this.seq;
      this.#frame.count = values;
      this.#frame.values.fill(this.seq++, 0, values);
      this.feed.frame(0, this.#frame, this.#frame);
    }
  }

  send(count: number, values = 40): void {
    this.write(count, values);
    this.feed.wakeParked();
  }

  async started(times = 1): Promise<void> {
    await vi.waitFor(() => expect(this.cell('ready')).toBeGreaterThanOrEqual(times), wait);
  }

  async allHandled(slotsPerFrame = 2): Promise<void> {
    await vi.waitFor(() => {
      expect(this.cell('frames') * slotsPerFrame + this.cell('lost')).toBeGreaterThanOrEqual(this.seq * slotsPerFrame);
    }, wait);
  }
}

const running: Bench[] = [];
afterEach(async () => {
  for (const { supervisor } of running.splice(0)) await supervisor.stop();
});
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a worker on the rings', () => {
  test('takes a flood whole or counts what it lost, never torn, in order', async () => {
    const bench = new Bench(1024);
    await bench.started();
    for (let burst = 0; burst < 2000; burst++) {
      bench.send(500);
      if (burst % 10 === 0) await pause(0);
    }
    await vi.waitFor(() => expect(bench.cell('frames') * 2 + bench.cell('lost')).toBe(bench.seq * 2), wait);
    expect(bench.cell('torn')).toBe(0);
    expect(bench.cell('disorder')).toBe(0);
    expect(bench.cell('frames')).toBeGreaterThan(0);
    expect(bench.cell('lost')).toBeGreaterThan(0);
    expect(bench.supervisor.metrics()['tautline_feed_lost_total{outlet="gateway"}']).toBe(bench.cell('lost'));
  });

  test('is woken whenever it sleeps, also by a record that comes while it falls asleep', async () => {
    const bench = new Bench(16_384);
    const miss = createMissRecord();
    await bench.started();
    const { frames, events } = bench.feed;
    const isBehind = () =>
      Atomics.load(frames.ring.control, cursorAt(0)) !== frames.ring.head() ||
      Atomics.load(events.ring.control, cursorAt(0)) !== events.ring.head();
    const rounds = 30_000;
    for (let round = 0; round < rounds; round++) {
      if (round % 2 === 0) bench.feed.miss(miss);
      else bench.write(1 + (round % 3));
      bench.feed.wakeParked();
      // No later record may come to the rescue: so this thread waits, in its tracks, until all was handled. The worker
      // then has a few dozen nanoseconds until it parks, and somewhere in them comes the next record.
      for (const until = Date.now() + 20_000; isBehind(); )
        if (Date.now() > until) throw new Error(`asleep with records to read, in round ${round}`);
      for (let spin = Math.random() * 300; spin > 0; spin--);
    }
    await bench.allHandled();
    expect(bench.cell('events')).toBe(rounds / 2);
    expect(bench.cell('lost')).toBe(0);
    expect(bench.cell('disorder')).toBe(0);
    expect(bench.feed.wakeUps).toBeLessThanOrEqual(rounds);
  });

  test('is woken once for a chunk of many frames, and not while it runs', async () => {
    const bench = new Bench(16_384);
    await bench.started();
    await vi.waitFor(
      () => expect(Atomics.load(bench.feed.frames.ring.control, stateAt(0))).toBe(consumerStates.parked),
      wait,
    );
    const before = bench.feed.wakeUps;
    bench.write(1000);
    bench.feed.wakeParked();
    bench.feed.wakeParked();
    expect(bench.feed.wakeUps).toBe(before + 1);
    await bench.allHandled();
  });
});

describe('a worker that fails', () => {
  test('killed 20 times at random moments misses nothing that the ring holds', async () => {
    const bench = new Bench(262_144);
    await bench.started();
    for (let kill = 1; kill <= 20; kill++) {
      for (const until = Date.now() + Math.random() * 60; Date.now() < until; ) {
        bench.send(20);
        await pause(1);
      }
      bench.supervisor.kill('gateway');
      bench.send(20);
      await vi.waitFor(() => expect(bench.supervisor.states[0]?.restarts).toBe(kill), wait);
    }
    await bench.started();
    bench.send(1);
    await vi.waitFor(() => expect(Atomics.load(bench.report, cells.seen + bench.seq - 1)).toBeGreaterThan(0), wait);
    for (let seq = 0; seq < bench.seq; seq++)
      if (bench.report[cells.seen + seq] === 0) throw new Error(`frame ${seq} was never handled`);
    expect(bench.cell('lost')).toBe(0);
    expect(bench.cell('torn')).toBe(0);
    // At the moment of a kill at most one frame was handled and its cursor not yet stored.
    expect(bench.cell('frames')).toBeLessThanOrEqual(bench.seq + 20);
  });

  test.each([
    ['throws', faults.throw, /^gateway: planted \(at .*misbehave.*\); restarted$/],
    ['exits', faults.exit, /^gateway: exit code 7; restarted$/],
    ['runs out of memory', faults.heap, /^gateway: .*memory.*; restarted$/],
    ['spins', faults.spin, /^gateway: hung: no answer and no progress at offset \d+; restarted$/],
  ])('%s is restarted, goes on where it was, and the reason is logged', async (_, fault, reason) => {
    const bench = new Bench(16_384);
    await bench.started();
    bench.send(100);
    await bench.allHandled();
    Atomics.store(bench.report, cells.fault, fault);
    await vi.waitFor(() => expect(bench.cell('fault')).toBe(faults.none), wait);
    bench.send(100);
    await bench.started(2);
    await bench.allHandled();
    expect(bench.cell('lost')).toBe(0);
    expect(bench.texts).toContainEqual(expect.objectContaining({ type: 'log', text: expect.stringMatching(reason) }));
    await vi.waitFor(() => expect(bench.supervisor.states[0]).toMatchObject({ up: true, restarts: 1 }), wait);
  });

  test('too often raises an alarm that stands, is tried now and then, and takes it back when it lives', async () => {
    const restart = { restartsMax: 2, windowMs: 60_000, retryMs: 300 };
    const bench = new Bench(1024, { restart }, faults.throwAlways);
    const alarm = (active: boolean) => expect.objectContaining({ type: 'alarm', id: 'worker-gateway', active });
    await vi.waitFor(() => expect(bench.texts).toContainEqual(alarm(true)), wait);
    expect(bench.supervisor.states[0]?.restarts).toBe(3);
    expect(bench.feed.retained.before(bench.feed.events.offset)).toContainEqual(alarm(true));
    Atomics.store(bench.report, cells.fault, faults.none);
    await bench.started();
    await vi.waitFor(() => expect(bench.texts).toContainEqual(alarm(false)), wait);
    expect(bench.feed.retained.before(bench.feed.events.offset)).toEqual([]);
  });
});

describe('the supervisor', () => {
  test('passes commands on and brings the answer back', async () => {
    const bench = new Bench(1024);
    await bench.started();
    Atomics.store(bench.report, cells.fault, faults.command);
    await vi.waitFor(() => expect(bench.cell('answers')).toBe(1), wait);
    expect(bench.command).toHaveBeenCalledWith(expect.objectContaining({ board: 'pico', name: 'arm' }), 'gateway');
    bench.command.mockRejectedValueOnce(new Error('boom'));
    Atomics.store(bench.report, cells.fault, faults.command);
    await vi.waitFor(() => expect(bench.cell('answers')).toBe(1001), wait);
  });

  test('hears that an outlet cannot start, with the exit code, and does not restart it', async () => {
    const bench = new Bench(1024, {}, faults.fatal);
    await vi.waitFor(() => expect(bench.fatal).toHaveBeenCalledWith(2, 'port 8080 is taken', 'gateway'), wait);
    expect(bench.supervisor.states[0]).toMatchObject({ up: false, detail: 'port 8080 is taken', restarts: 0 });
  });

  test('takes the same failure of an outlet that has run before for a failure like any other', async () => {
    const bench = new Bench(1024);
    await bench.started();
    Atomics.store(bench.report, cells.fault, faults.fatalLater);
    await bench.started(2);
    expect(bench.fatal).not.toHaveBeenCalled();
    expect(bench.texts).toContainEqual(expect.objectContaining({ text: 'gateway: port lost; restarted' }));
  });

  test('brings the figures of the other outlets to the gateway, and counts delivery misses', async () => {
    const bench = new Bench(1024, {}, faults.none, { outlets: ['gateway', 'mqtt'] });
    await bench.started(2);
    await vi.waitFor(() => {
      Atomics.store(bench.report, cells.fault, faults.metrics); // whichever of the two comes first takes it
      expect(bench.cell('metrics')).toBeGreaterThan(0);
    }, wait);
    const misses = bench.supervisor.metrics()['tautline_delivery_misses_total{outlet="mqtt",culprit="outlet"}'];
    expect(misses! % 3).toBe(0);
    expect(misses).toBeGreaterThan(0);
  });

  test('tells an outlet that was overtaken by events how things are', async () => {
    const bench = new Bench(1024);
    const miss = createMissRecord();
    await bench.started();
    Atomics.store(bench.report, cells.fault, faults.stall);
    await vi.waitFor(() => expect(bench.cell('fault')).toBe(faults.none), wait);
    bench.supervisor.publish({ type: 'alarm', board: null, id: 'x', active: true, text: 'x', sinceUtcUs: 0 });
    for (let i = 0; i < 9000; i++) bench.feed.miss(miss);
    bench.feed.wakeParked();
    await vi.waitFor(() => {
      bench.supervisor.metrics(); // whoever reads the figures meanwhile takes nothing away
      expect(bench.cell('resyncs')).toBe(1);
    }, wait);
    expect(bench.cell('lost')).toBeGreaterThan(800);
    expect(bench.supervisor.metrics()['tautline_events_lost_total{outlet="gateway"}']).toBe(bench.cell('lost'));
  });

  test('lets through 20 log lines a second and counts the rest', async () => {
    const bench = new Bench(1024);
    await bench.started();
    Atomics.store(bench.report, cells.fault, faults.log);
    await vi.waitFor(() => {
      const held = bench.supervisor.metrics()['tautline_logs_held_total{outlet="gateway"}']!;
      expect(held + bench.texts.filter(({ type }) => type === 'log').length).toBe(1000);
      expect(held).toBeGreaterThanOrEqual(900);
    }, wait);
  });

  test('gives a new worker the boards and alarms of before its cursor', async () => {
    const bench = new Bench(1024);
    await bench.started();
    bench.supervisor.publish({ type: 'alarm', board: null, id: 'x', active: true, text: 'x', sinceUtcUs: 0 });
    const { control } = bench.feed.events.ring;
    await vi.waitFor(() => expect(Atomics.load(control, cursorAt(0))).toBe(bench.feed.events.offset), wait);
    bench.supervisor.kill('gateway');
    await bench.started(2);
    expect(bench.cell('texts')).toBe(1);
  });

  test('ends at once who has not begun: it holds nothing that takes a grace to put down', async () => {
    const bench = new Bench(1024, { stopGraceMs: 60_000, stopBoundMs: 61_000 }, faults.neverReady);
    await vi.waitFor(() => expect(bench.cell('texts')).toBe(1), wait);
    expect(await Promise.race([bench.supervisor.stop(), pause(20_000)])).toEqual([]);
  });

  test('stops in order, and ends who does not', async () => {
    const orderly = new Bench(1024);
    await vi.waitFor(() => expect(orderly.supervisor.states[0]).toMatchObject({ up: true }), wait);
    await orderly.supervisor.stop();
    expect(orderly.cell('stops')).toBe(1);

    const stubborn = new Bench(1024, { stopGraceMs: 50 }, faults.ignoreStop);
    await stubborn.started();
    expect(await stubborn.supervisor.stop()).toEqual([]);
    expect(stubborn.cell('stops')).toBe(0);
    stubborn.send(10);
    await pause(20);
    expect(stubborn.cell('frames')).toBe(0);
  });

  test('says when a worker waits in a system call and cannot be ended, and does not wait for it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tautline-supervisor-'));
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const hang = { ...patient.hang, hungMs: 300 };
    const bench = new Bench(1024, { hang, stopGraceMs: 50, stopBoundMs: 100 }, faults.none, { fifo });
    try {
      await bench.started();
      Atomics.store(bench.report, cells.fault, faults.systemCall);
      const alarm = {
        type: 'alarm',
        active: true,
        text: expect.stringContaining('waits in a system call and cannot be ended'),
      };
      await vi.waitFor(() => expect(bench.texts).toContainEqual(expect.objectContaining(alarm)), wait);
      expect(bench.supervisor.states[0]).toMatchObject({ up: false, detail: expect.stringContaining('hung') });
      expect(await bench.supervisor.stop()).toEqual(['gateway']);
    } finally {
      writeFileSync(fifo, ''); // lets the worker go
      rmSync(folder, { recursive: true });
    }
  });

  test('takes that back when the system call returns after all, and the next worker runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tautline-supervisor-'));
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    // Opened for both, it waits for no reader: it is safe to do twice.
    const letGo = () => closeSync(openSync(fifo, 'r+'));
    const bench = new Bench(1024, { hang: { ...patient.hang, hungMs: 300 } }, faults.none, { fifo });
    try {
      const alarms = () => bench.texts.filter((text) => text.type === 'alarm');
      await bench.started();
      Atomics.store(bench.report, cells.fault, faults.systemCall);
      await vi.waitFor(() => expect(alarms()).toHaveLength(1), wait);
      expect(alarms()[0]!.text).not.toContain('times');
      letGo();
      await vi.waitFor(() => expect(alarms()).toHaveLength(2), wait);
      expect(alarms()[1]).toMatchObject({ id: 'worker-gateway', active: false });
      expect(bench.supervisor.states[0]).toMatchObject({ up: true, restarts: 1 });
      expect(bench.feed.retained.before(bench.feed.events.offset)).toEqual([]);
    } finally {
      letGo();
      rmSync(folder, { recursive: true });
    }
  });
});
