import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import { expect, test } from 'vitest';
import type { DataFrame, DecoderSink } from './decoder.js';
import { Decoder } from './decoder.js';
import { encodeBinary } from './encode.js';
import type { DataMessage } from './message.js';
import { streamOf } from './vectors/samples.js';

const TAG = 0x5a3c;
const ARRIVAL = { arrivalUs: 12_345_678.25 };
const FRAMES = 1000;
const ROUNDS = 200;
/** The optimising compiler works beside us and at its own pace: so many tries until its code runs. */
const TRIES = 30;

function frame(seq: number): DataMessage {
  return {
    name: 'data',
    session: TAG,
    stream: 0,
    // Above 2^31: the numbers that V8 would box.
    seq: 4_000_000_000 + seq,
    releaseUs: 4_000_000_000 + seq,
    lateUs: 2,
    execUs: 37,
    queueBytes: 0,
    flags: 1,
    skipped: 0,
    dropped: 0,
    values: [seq, -1000, 4_000_000_000, seq],
    types: ['u16', 'i16', 'u32', 'i32'],
  };
}

class SummingSink implements DecoderSink {
  readonly sum = new Float64Array(1);
  frames = 0;
  data(found: DataFrame): void {
    this.frames++;
    this.sum[0]! += found.seq + found.releaseUs + found.arrivalUs + found.values[1]!;
  }
  message(): void {}
  plain(): void {}
  text(): void {}
  corrupt(): void {}
  foreign(): void {}
  fallback(): void {}
}

function bytesIn(node: HeapProfiler.SamplingHeapProfileNode): number {
  const isCodec = /\/codec\/(?!decoder-allocation)/.test(node.callFrame.url);
  return (isCodec ? node.selfSize : 0) + node.children.reduce((sum, child) => sum + bytesIn(child), 0);
}

test('a binary data frame allocates nothing between push and sink', async () => {
  // A number is boxed where it passes a call. With such calls inlined none of it is seen, until other code takes the budget.
  setFlagsFromString('--no-turbo-inlining');
  const sink = new SummingSink();
  const decoder = new Decoder(sink);
  decoder.layouts([streamOf(frame(0))]);
  decoder.expectSession(TAG);
  decoder.expect('binary');
  const wire = Buffer.concat(Array.from({ length: FRAMES }, (_, seq) => encodeBinary(frame(seq))));
  // Cut within frames, so that both ways through the decoder are taken.
  const chunks = Array.from({ length: Math.ceil(wire.length / 100) }, (_, i) => wire.subarray(100 * i, 100 * i + 100));
  const run = () => {
    for (let round = 0; round < ROUNDS; round++) for (const chunk of chunks) decoder.push(chunk, ARRIVAL);
  };

  const session = new Session();
  session.connect();
  const collected = { includeObjectsCollectedByMinorGC: true, includeObjectsCollectedByMajorGC: true };
  let bytesPerFrame = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && bytesPerFrame > 0.5; i++) {
    run();
    await session.post('HeapProfiler.startSampling', { samplingInterval: 2048, ...collected });
    const before = sink.frames;
    run();
    const { profile } = await session.post('HeapProfiler.stopSampling');
    bytesPerFrame = bytesIn(profile.head) / (sink.frames - before);
    await new Promise(setImmediate);
  }
  session.disconnect();
  expect(decoder.counters.corruptFrames).toBe(0);
  expect(bytesPerFrame).toBeLessThanOrEqual(0.5);
}, 120_000);
