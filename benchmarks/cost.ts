/**
 * What the checks cost on the thread of the loop: a monitor's step, the evidence of a read, the blame of a late frame, and
 * all of them together beside decoding and the ring alone. One frame a read, as at 1 kHz.
 */
import { Bench } from 'tinybench';
import type { DataFrame } from '#dist/codec/data-frame.js';
import { type Arrival, Decoder } from '#dist/codec/decoder.js';
import type { DecoderSink } from '#dist/codec/decoder-sink.js';
import { encodeBinary } from '#dist/codec/encode.js';
import { Blame, blame } from '#dist/deadline/blame.js';
import { ClockModel } from '#dist/deadline/clock.js';
import { DeviceTime } from '#dist/deadline/device-time.js';
import { Evidence } from '#dist/deadline/evidence.js';
import { Judgement } from '#dist/deadline/judgement.js';
import { lineTiming } from '#dist/deadline/line-load.js';
import { MissReporter } from '#dist/deadline/misses.js';
import { controlContract, controlStream } from '#dist/deadline/model/stream.js';
import { StreamMonitor } from '#dist/deadline/monitor.js';
import { BoardPolicy } from '#dist/deadline/policy.js';
import { looks, SampleRing } from '#dist/deadline/samples.js';
import { verdictCode } from '#dist/deadline/verdict.js';
import { Feed } from '#dist/feed/feed.js';
import { monotonicUs } from '#dist/host-clock.js';
import { type Benchmark, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';

const TAG = 0x1234;
const BAUD = 921_600;
/** So many frames a measured turn: a single one is too short to time. */
const FRAMES = 1000;
/** Past the deadline of 10 ms. */
const LATE_US = 40_000;
const MET_US = 500;
const names = {
  bare: 'decode and ring',
  judging: 'decode, monitor, ring',
  whole: 'all checks, frames met',
  late: 'all checks, frames late',
  evidence: 'evidence of a read',
  backlog: 'blame behind a backlog',
} as const;

type OnFrame = (checked: Checked, frame: DataFrame, arrivalUs: number) => void;

const bars = { monitorUs: 1, evidenceUs: 2, blameUs: 10, blameMostUs: 10, allUs: 6 };

/** A stream with its checks, as the loop has them, fed with frames of one a millisecond. */
class Checked {
  readonly feed = Feed.create({ slotsPerSecond: 1000, seconds: 8 });
  readonly clock = new ClockModel();
  readonly deviceTime = new DeviceTime();
  readonly monitor = new StreamMonitor(controlContract, lineTiming(BAUD), this.clock, this.deviceTime);
  readonly evidence = new Evidence({ nowUs: monotonicUs, drain: () => 0, onEmpty: () => undefined, periodUs: 1000 });
  readonly reporter: MissReporter;
  readonly policy = new BoardPolicy({ safe: () => undefined, alarm: () => undefined });
  readonly #types = controlStream.signals.map(({ type }) => type);
  #seq = 0;

  constructor() {
    const { monitor, evidence, feed } = this;
    const source = { monitor, board: 0, stream: 0, byteUs: lineTiming(BAUD).byteUs, samples: evidence.samples };
    this.reporter = new MissReporter(source, (miss) => feed.miss(miss));
    this.policy.guard(controlStream.id, controlStream.name, monitor);
    this.deviceTime.anchor(0, 0);
    this.clock.pong(0, 100, 200, 300, 0);
    monitor.restart(1, 0);
  }

  /** A second of frames: the same again would be repetitions. The clock is kept as pings keep it. */
  second(): Frame[] {
    const nowUs = this.#seq * 1000;
    this.clock.pong(nowUs, nowUs + 100, nowUs + 200, nowUs + 300, 0);
    return Array.from({ length: FRAMES }, () => this.#frame());
  }

  #frame(): Frame {
    const seq = this.#seq++;
    const types = this.#types;
    const values = types.map((_, i) => (seq + i) % 1000);
    const timing = { lateUs: 3, execUs: 12, queueBytes: 0, flags: 0, skipped: 0, dropped: 0 };
    const head = { session: TAG, stream: controlStream.id, seq, releaseUs: (seq * 1000) >>> 0 };
    return { bytes: encodeBinary({ name: 'data', ...head, ...timing, values, types }), releaseUs: seq * 1000 };
  }
}

interface Frame {
  readonly bytes: Uint8Array;
  readonly releaseUs: number;
}

/** Reads of a backlog: one after the other without sleep, so that none of them proves that the line was empty. */
function backlog(): SampleRing {
  const samples = new SampleRing(true);
  for (let k = 0; k < 1000; k++) samples.add(looks.read, k * 100, 0, k * 100, 0, k * 100 + 2000);
  return samples;
}

/** Late since before the backlog began. */
const oldFrame = {
  ...{ lateUs: 0, execUs: 10, queueUs: 0, wireUs: 400, releaseHostUs: -1e6, uncertaintyUs: 100 },
  ...{ judgedUs: 99_900, latenessUs: 1e6, emulatorLagUs: 0 },
};

function decoderOf(data: DecoderSink['data']): Decoder {
  const nothing = () => undefined;
  const others = { message: nothing, plain: nothing, text: nothing, corrupt: nothing, foreign: nothing };
  const decoder = new Decoder({ data, ...others, fallback: nothing });
  decoder.layouts([controlStream]);
  decoder.expect('binary');
  decoder.expectSession(TAG);
  return decoder;
}

async function run({ size }: RunOptions): Promise<Result> {
  const bench = new Bench({ time: size === 'smoke' ? 50 : 1500, warmupTime: size === 'smoke' ? 20 : 300 });
  /** `data` gets the frame, and when it came. */
  const add = (
    name: string,
    checked: Checked,
    ageUs: number,
    data: OnFrame,
    before: (arrival: Arrival) => void = () => undefined,
  ) => {
    const arrival = { arrivalUs: 0 };
    const decoder = decoderOf((frame) => data(checked, frame, arrival.arrivalUs));
    let frames = checked.second();
    bench.add(
      name,
      () => {
        for (const { bytes, releaseUs } of frames) {
          arrival.arrivalUs = releaseUs + ageUs;
          before(arrival);
          decoder.push(bytes, arrival);
        }
      },
      {
        beforeEach: () => {
          frames = checked.second();
        },
      },
    );
    return checked;
  };
  const constant = new Judgement();
  const bare = add(names.bare, new Checked(), MET_US, ({ feed }, frame) => feed.frame(0, frame, constant));
  const judging = add(names.judging, new Checked(), MET_US, ({ feed, monitor }, frame, arrivalUs) =>
    feed.frame(0, frame, monitor.judge(frame, { judgedUs: arrivalUs })),
  );
  const whole = new Checked();
  add(names.whole, whole, MET_US, check, (arrival) => whole.evidence.read(arrival));
  const late = new Checked();
  add(names.late, late, LATE_US, check, (arrival) => late.evidence.read(arrival));
  const looking = new Checked();
  bench.add(names.evidence, () => {
    for (let i = 0; i < FRAMES; i++) looking.evidence.read({ arrivalUs: i });
  });
  const samples = backlog();
  const told = new Blame();
  const { budgets } = controlContract;
  bench.add(names.backlog, () => {
    for (let i = 0; i < FRAMES; i++) blame(told, oldFrame, budgets, samples);
  });
  await bench.run();
  for (const { evidence } of [bare, judging, whole, late, looking]) evidence.dispose();

  const us = (name: (typeof names)[keyof typeof names]): number => {
    const result = bench.getTask(name)?.result;
    if (result?.state !== 'completed') throw new Error(`${name} did not complete`);
    return (result.latency.p50 * 1e3) / FRAMES;
  };
  const baseUs = us(names.bare);
  const wholeUs = us(names.whole);
  const values = {
    monitorUs: us(names.judging) - baseUs,
    evidenceUs: us(names.evidence),
    blameUs: us(names.late) - wholeUs,
    blameMostUs: us(names.backlog),
    allUs: wholeUs - baseUs,
  };
  const missed = Object.entries(bars).flatMap(([name, bar]) => {
    const value = values[name as keyof typeof bars];
    return value <= bar ? [] : [`${name} is ${value.toFixed(2)}, more than ${bar}`];
  });
  const isAsPlanned = isAll(whole, verdictCode.met) && isAll(late, verdictCode.late);
  const failures = isAsPlanned ? [] : ['the frames did not meet, or were not late, as planned'];
  const rows: [string, number, number][] = [
    ['monitor, a frame', values.monitorUs, bars.monitorUs],
    ['evidence, a read', values.evidenceUs, bars.evidenceUs],
    ['blame, a late frame', values.blameUs, bars.blameUs],
    ['blame, behind a backlog of 512 reads', values.blameMostUs, bars.blameMostUs],
    ['all checks, a frame a read', values.allUs, bars.allUs],
  ];
  return {
    name: 'cost',
    // Milliseconds of each show that it runs, and nothing of what it costs.
    ...verdictOf([], size, { failures: size === 'smoke' ? failures : [...failures, ...missed] }),
    values,
    tables: [
      {
        title: `What the checks cost on the loop, p50, µs; decoding and the ring alone take ${baseUs.toFixed(2)}`,
        columns: ['check', 'costs', 'at most'],
        rows: rows.map(([name, value, bar]) => [name, value.toFixed(2), bar]),
      },
    ],
    series: [],
  };
}

function check({ monitor, reporter, policy, feed }: Checked, frame: DataFrame, judgedUs: number): void {
  const judgement = monitor.judge(frame, { judgedUs });
  reporter.judged(judgement, frame);
  policy.judged(controlStream.id, judgement);
  feed.frame(0, frame, judgement);
}

/** Nearly: the clock is not yet known to the first. */
function isAll({ monitor }: Checked, verdict: number): boolean {
  const { verdicts } = monitor.counters;
  return verdicts[verdict]! > 0.99 * verdicts.reduce((sum, count) => sum + count);
}

export default { description: 'what the checks cost on the thread of the loop', run } satisfies Benchmark;
