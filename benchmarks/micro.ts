/** What single steps of a frame's way cost, by tinybench. Absolute times of this machine: compare them within one run only. */
import { Bench } from 'tinybench';
import { crc32 } from '#dist/codec/crc32.js';
import { DataFrame } from '#dist/codec/data-frame.js';
import { encodeBinary, encodeText } from '#dist/codec/encode.js';
import { ClockModel } from '#dist/deadline/clock.js';
import { DeviceTime } from '#dist/deadline/device-time.js';
import { lineTiming } from '#dist/deadline/line-load.js';
import { StreamMonitor } from '#dist/deadline/monitor.js';
import { verdictCode } from '#dist/deadline/verdict.js';
import { Cursor } from '#dist/feed/cursor.js';
import { Feed } from '#dist/feed/feed.js';
import { createFrameRecord, type FrameRecord, readFrame } from '#dist/feed/frame.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { addOutlets } from './micro-outlets.js';
import { contract, decoderFor, lines, signals } from './sample-frames.js';

const FRAMES = 1000;
const PERIOD_US = 1000;
/** From a release until its frame has come, and until it is judged. */
const ARRIVED_US = 400;
const JUDGED_US = 410;

/** A board at 1 kHz whose clock is known, and which meets: each step is that of a frame later than all before it. */
class MeetingBoard {
  readonly frame = new DataFrame();
  readonly judged = { judgedUs: JUDGED_US };
  readonly monitor: StreamMonitor;
  readonly #clock = new ClockModel();
  #releaseUs = 0;

  constructor() {
    const deviceTime = new DeviceTime();
    deviceTime.anchor(0, 0);
    this.monitor = new StreamMonitor(
      { ...contract, periodUs: PERIOD_US },
      lineTiming(921_600),
      this.#clock,
      deviceTime,
    );
    this.monitor.restart(1, 0);
    this.frame.seq = 0;
    this.ping();
  }

  /** As once a second. */
  ping(): void {
    const nowUs = this.#releaseUs;
    this.#clock.pong(nowUs, nowUs + 100, nowUs + 200, nowUs + 300, 0);
  }

  /** Moves what was decoded last to its place in time: the same frames come over and over. */
  next(frame: DataFrame): void {
    this.#releaseUs += PERIOD_US;
    this.frame.seq++;
    frame.seq = this.frame.seq >>> 0;
    frame.releaseUs = this.#releaseUs >>> 0;
    frame.arrivalUs = this.#releaseUs + ARRIVED_US;
    this.judged.judgedUs = this.#releaseUs + JUDGED_US;
  }

  /** Why its rows say nothing, or null. */
  get objection(): string | null {
    const { verdicts } = this.monitor.counters;
    const others = verdicts.reduce((sum, count) => sum + count) - verdicts[verdictCode.met]!;
    return others === 0 && verdicts[verdictCode.met]! > 0 ? null : `${others} frames did not meet`;
  }
}

function addDecoding(bench: Bench, taken: () => void): void {
  const arrival = { arrivalUs: 0 };
  const binary = lines(FRAMES, encodeBinary);
  const text = lines(FRAMES, encodeText);
  const binaryDecoder = decoderFor('binary', taken);
  const textDecoder = decoderFor('text', taken);
  bench.add('crc32 of 32 bytes', () => {
    crc32(binary[0]!, 0, 32);
  });
  bench.add(`decode ${FRAMES} binary frames, signals: ${signals.length}`, () => {
    for (const frame of binary) binaryDecoder.push(frame, arrival);
  });
  for (const count of [1, 16, 64]) {
    const wide = lines(FRAMES, encodeBinary, count);
    const decoder = decoderFor('binary', taken, count);
    bench.add(`decode ${FRAMES} binary frames, signals: ${count}`, () => {
      for (const frame of wide) decoder.push(frame, arrival);
    });
  }
  bench.add(`decode ${FRAMES} text frames through ReadlineParser`, () => {
    for (const frame of text) textDecoder.push(frame, arrival);
  });
}

/** @returns the boards whose frames are judged */
function addJudging(bench: Bench): MeetingBoard[] {
  const clock = new ClockModel();
  const times = { completeUs: 50, arrivalUs: ARRIVED_US, releaseUs: 0, hostUs: Number.NaN, uncertaintyUs: Number.NaN };
  bench.add(`clock: ${FRAMES} frames and a pong`, () => {
    const nowUs = times.releaseUs;
    clock.pong(nowUs, nowUs + 100, nowUs + 200, nowUs + 300, 0);
    for (let i = 0; i < FRAMES; i++) {
      times.completeUs += PERIOD_US;
      times.arrivalUs += PERIOD_US;
      times.releaseUs += PERIOD_US;
      clock.observe(times);
    }
  });
  const judging = new MeetingBoard();
  bench.add(`monitor, with its clock: ${FRAMES} frames`, () => {
    judging.ping();
    for (let i = 0; i < FRAMES; i++) {
      judging.next(judging.frame);
      judging.monitor.judge(judging.frame, judging.judged);
    }
  });
  return [judging];
}

/** @returns a frame as an outlet reads it */
function addFeed(bench: Bench, whole: MeetingBoard): FrameRecord {
  const binary = lines(FRAMES, encodeBinary);
  const feed = Feed.create({ slotsPerSecond: FRAMES, seconds: 8 });
  const decoder = decoderFor('binary', (frame) => {
    whole.next(frame);
    feed.frame(0, frame, whole.monitor.judge(frame, whole.judged));
  });
  const arrival = { arrivalUs: 0 };
  const publish = () => {
    whole.ping();
    for (const frame of binary) decoder.push(frame, arrival);
  };
  publish();
  const { ring } = feed.frames;
  const record = createFrameRecord();
  const copy = (_: unknown, slot: number) => readFrame(ring, slot, record);
  const readAll = () => {
    const cursor = new Cursor(ring, feed.frames.offset - FRAMES, copy);
    while (cursor.copyNext()) cursor.advance();
  };
  readAll();
  const read = { ...record, values: record.values.slice() };
  bench.add(`ring: write ${FRAMES} frames`, () => {
    for (let i = 0; i < FRAMES; i++) feed.frame(0, read, read);
  });
  bench.add(`ring: read ${FRAMES} frames`, readAll);
  bench.add(`decode, judge and publish ${FRAMES} binary frames`, publish);
  return read;
}

async function run({ size }: RunOptions): Promise<Result> {
  const bench = new Bench({
    time: size === 'smoke' ? 50 : size === 'full' ? 3000 : 700,
    warmupTime: size === 'smoke' ? 20 : 200,
  });
  let taken = 0;
  addDecoding(bench, () => taken++);
  const whole = new MeetingBoard();
  const boards = [...addJudging(bench), whole];
  addOutlets(bench, { ...addFeed(bench, whole) }, signals, FRAMES);
  await bench.run();

  const rows = bench.tasks.map((task) => {
    const { result } = task;
    if (result?.state !== 'completed') throw new Error(`${task.name} did not complete`);
    const perCall = task.name.includes(String(FRAMES)) ? FRAMES : 1;
    const { p50, p99 } = result.latency;
    return {
      name: task.name,
      p50Ns: (p50 * 1e6) / perCall,
      p99Ns: (p99 * 1e6) / perCall,
      perSecond: (perCall * 1e3) / p50,
    };
  });
  const reasons = boards.flatMap(({ objection }) => objection ?? []);
  if (taken === 0) reasons.push('no frame was decoded');
  return {
    name: 'micro',
    verdict: reasons.length === 0 ? 'pass' : 'fail',
    reasons,
    values: Object.fromEntries(rows.map(({ name, ...figures }) => [name, figures])),
    tables: [
      {
        title: 'Cost of a step, per frame',
        columns: ['step', 'p50 ns', 'p99 ns', 'a second, millions'],
        rows: rows.map(({ name, p50Ns, p99Ns, perSecond }) => [
          name,
          p50Ns.toFixed(0),
          p99Ns.toFixed(0),
          (perSecond / 1e6).toFixed(2),
        ]),
      },
    ],
    series: [],
  };
}

export default {
  description: 'cost of the single steps of a frame, from the line to the packets',
  run,
} satisfies Benchmark;
