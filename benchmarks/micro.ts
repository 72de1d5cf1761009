/** What single steps of the tight loop cost, by tinybench. Absolute times of this machine: compare them within one run only. */
import { Bench } from 'tinybench';
import { crc32 } from '#dist/codec/crc32.js';
import { encodeBinary, encodeText } from '#dist/codec/encode.js';
import { ClockModel } from '#dist/deadline/clock.js';
import { DeviceTime } from '#dist/deadline/device-time.js';
import { lineTiming } from '#dist/deadline/line-load.js';
import { StreamMonitor } from '#dist/deadline/monitor.js';
import { Feed } from '#dist/feed/feed.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { contract, decoderFor, lines } from './sample-frames.js';

const FRAMES = 1000;
async function run({ size }: RunOptions): Promise<Result> {
  const bench = new Bench({
    time: size === 'smoke' ? 50 : size === 'full' ? 3000 : 700,
    warmupTime: size === 'smoke' ? 20 : 200,
  });
  const binary = lines(FRAMES, encodeBinary);
  const text = lines(FRAMES, encodeText);
  let taken = 0;
  const binaryDecoder = decoderFor('binary', () => taken++);
  const textDecoder = decoderFor('text', () => taken++);
  const feed = Feed.create({ slotsPerSecond: 1000, seconds: 8 });
  const clock = new ClockModel();
  const deviceTime = new DeviceTime();
  const monitor = new StreamMonitor({ ...contract, periodUs: 1000 }, lineTiming(921_600), clock, deviceTime);
  const arrival = { arrivalUs: 0 };
  deviceTime.anchor(0, 0);
  clock.pong(0, 100, 200, 300, 0);
  monitor.restart(1, 0);
  const judged = decoderFor('binary', (frame) => {
    const judgement = monitor.judge(frame, { judgedUs: arrival.arrivalUs });
    feed.frame(0, frame, judgement);
  });

  bench.add('crc32 of 32 bytes', () => {
    crc32(binary[0]!, 0, 32);
  });
  bench.add(`decode ${FRAMES} binary frames`, () => {
    for (const frame of binary) binaryDecoder.push(frame, arrival);
  });
  bench.add(`decode ${FRAMES} text frames through ReadlineParser`, () => {
    for (const frame of text) textDecoder.push(frame, arrival);
  });
  bench.add(`decode, judge and publish ${FRAMES} binary frames`, () => {
    for (const frame of binary) {
      arrival.arrivalUs += 1000;
      judged.push(frame, arrival);
    }
  });
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
  return {
    name: 'micro',
    verdict: taken > 0 ? 'pass' : 'fail',
    reasons: taken > 0 ? [] : ['no frame was decoded'],
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

export default { description: 'cost of the single steps of the loop', run } satisfies Benchmark;
