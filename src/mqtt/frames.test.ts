import { beforeEach, describe, expect, test } from 'vitest';
import { decodeFrames } from '../sdk/columns.js';
import { boardText, descriptor, freshFrame } from './broker.rig.js';
import { Bench } from './publisher.rig.js';

let bench: Bench;

describe('with QoS 0', () => {
  test('a backlog leaves in packets of 64, a new boot begins a new one, and nothing is missing', () => {
    bench = new Bench({ frames: true });
    bench.publisher.text(boardText);
    bench.up();
    for (let seq = 0; seq < 100; seq++) bench.publisher.frame(freshFrame(seq, bench.nowUs), seq);
    for (let seq = 0; seq < 5; seq++)
      bench.publisher.frame(Object.assign(freshFrame(seq, bench.nowUs), { boot: 7 }), 100 + seq);
    bench.publisher.batchEnd();
    const batches = bench.packets
      .filter(({ topic }) => topic.endsWith('/frames'))
      .map(({ payload }) => decodeFrames(new Uint8Array(payload as Buffer))!);
    expect(batches.map(({ groups, offset }) => [groups.length, groups[0]!.rows, groups[0]!.boot, offset])).toEqual([
      [1, 64, 0x0bad_cafe, 64],
      [1, 36, 0x0bad_cafe, 100],
      [1, 5, 7, 105],
    ]);
    const [first] = batches[1]!.groups;
    expect(batches[1]!.epoch).toBe('1234abcd');
    expect([first!.seq[0], first!.releaseUs[0], first!.lifespanUs, first!.status[0]]).toEqual([64, 64_000, 250_000, 0]);
    expect(first!.values.map((column) => column[0])).toEqual([6.4, 1.2, 1500, 42]);
    expect(first!.utcUs[0]).toBe(1.7e15 + bench.nowUs - 500);
  });

  test('of a time without connection nothing is left, and each batch is counted', () => {
    bench = new Bench({ frames: true });
    bench.publisher.text(boardText);
    bench.frames(0, 200);
    bench.up();
    bench.frames(200, 201);
    const [packet, ...more] = bench.packets.filter(({ topic }) => topic.endsWith('/frames'));
    expect(more).toEqual([]);
    expect([...decodeFrames(new Uint8Array(packet!.payload as Buffer))!.groups[0]!.seq]).toEqual([200]);
    expect(bench.metrics.dropped.frames).toBe(200);
  });

  test('what left later than the outlet’s budget is a delivery miss', () => {
    bench = new Bench({ frames: true });
    bench.publisher.text(boardText);
    bench.up();
    bench.publisher.frame(freshFrame(0, bench.nowUs), 0);
    bench.publisher.frame(freshFrame(1, bench.nowUs + 20_000), 1);
    bench.nowUs += 30_000;
    bench.publisher.batchEnd();
    expect(bench.delivery.misses.take()).toMatchObject([
      {
        board: 'pico',
        stream: 'control',
        client: 'broker',
        culprit: 'outlet',
        count: 1,
        outletUs: 30_000,
        consumerUs: null,
      },
    ]);
    expect(bench.metrics.values(0, true)['tautline_stage_seconds_count{stage="outlet"}']).toBe(2);
  });
});

describe('with QoS 1', () => {
  const batches = () =>
    bench.packets
      .filter(({ topic }) => topic.endsWith('/frames'))
      .map(({ qos, payload }) => ({ qos, ...decodeFrames(new Uint8Array(payload as Buffer))! }));
  const seqs = () => batches().map(({ groups }) => [...groups[0]!.seq]);
  beforeEach(() => {
    bench = new Bench({ frames: true, framesQos: 1 });
    bench.publisher.text(boardText);
  });

  test('leave at once while the broker keeps up', () => {
    bench.up();
    bench.frames(0, 3);
    expect(seqs()).toEqual([[0], [1], [2]]);
    expect(batches().every(({ qos }) => qos === 1)).toBe(true);
  });

  test('of a time without connection are kept, many in a message, and say when they were sent', () => {
    bench.frames(0, 150);
    bench.up();
    bench.publisher.tick();
    expect(seqs().map((batch) => batch.length)).toEqual([64, 64, 22]);
    expect(seqs().flat()).toEqual(Array.from({ length: 150 }, (_, i) => i));
    for (const { sentUtcUs } of batches()) expect(sentUtcUs).toBe(1.7e15 + bench.nowUs);
  });

  test('share messages while the window is full, and the last ones do not wait for a next frame', () => {
    bench.up(1);
    bench.frames(0, 10);
    expect(seqs()).toEqual([[0]]);
    bench.acknowledgeAll();
    bench.publisher.tick();
    expect(seqs()).toEqual([[0], [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });

  test('that the broker takes late are charged to it', () => {
    bench.up();
    bench.frames(0, 1);
    bench.nowUs += 10e6;
    bench.acknowledgeAll();
    expect(bench.delivery.misses.take()).toMatchObject([{ culprit: 'consumer', count: 1, stream: 'control' }]);
  });

  test('of the end of a time without connection need no next frame', () => {
    bench.frames(0, 100);
    bench.up();
    bench.acknowledgeAll();
    expect(seqs().flat()).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test('leave when the window has room again, though nothing is due', () => {
    bench.up(1);
    bench.frames(0, 10);
    bench.acknowledgeAll();
    expect(seqs().flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('that still wait are not lost to a new firmware', () => {
    bench.frames(0, 10);
    bench.publisher.text({ ...boardText, descriptor: { ...descriptor, firmware: '1.0.1' } } as typeof boardText);
    bench.up();
    bench.acknowledgeAll();
    expect(seqs().flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
