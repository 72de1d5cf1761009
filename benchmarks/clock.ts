/**
 * How well the bridge knows a board's clock. The board is the firmware's host port, which tells at which instant of the
 * host's own clock its time began: so the truth is known exactly. Idle, and under load: a hog beside it and stalls of the
 * loop. Klipper's formulas run on the same pings. USB adapters are modelled, because a pseudo-terminal has no polls.
 */
import { join } from 'node:path';
import { startBridge } from '#dist/bridge.js';
import { loadConfig } from '#dist/config-load.js';
import { ClockModel } from '#dist/deadline/clock.js';
import { lineTiming, pingWireUs } from '#dist/deadline/line-load.js';
import { clockTrace, delays, driftOf } from '#dist/deadline/model/line.js';
import { monotonicUs } from '#dist/host-clock.js';
import { FLOOR_LATE_US, type Late, lateIn } from './blame/rig.js';
import { floorLateUs } from './blame/score.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { clockVerdict, missed, notFollowed, outside } from './harness/clock-bars.js';
import { boardPriority, isGranted } from './harness/priority.js';
import { NO_SETTINGS, Program, sleep, temporaryFolder } from './harness/processes.js';
import { mulberry32, quantile } from './harness/statistics.js';
import { KlipperClocks } from './peers/klipper-clock.js';

const SAMPLE_MS = 10;
/** Before the board and the bridge. */
const PROBE_PRIORITY = 60;
/** As on a real UART: the host port's line gives each byte its time, and what is opened by another name than a pseudo-terminal's is taken for a line. */
const BAUD = 921_600;
/** A ping, and its pong, on the wire. */
const WIRE_US = pingWireUs('binary', lineTiming(BAUD));

interface Samples {
  readonly errorUs: number[];
  readonly uncertaintyUs: number[];
  readonly klipperUs: number[];
  readonly klipperWireUs: number[];
  inside: number;
}

const STEPS_PPM = [200, -200] as const;
/** So long the clock is watched after its rate has stepped. */
const AFTER_STEP_S = 10;

/**
 * A board whose rate steps: what the real one sends, at the instants at which it really comes, with its device times bent from
 * some instant on. So the truth stays known.
 */
class BentClock {
  readonly #model = new ClockModel();
  readonly #mapped = { hostUs: 0, uncertaintyUs: 0 };
  #fromUs = Number.POSITIVE_INFINITY;
  /** Seconds from the step to the newest sample that was outside of the stated interval. */
  followedS = 0;

  constructor(readonly ppm: number) {}

  step(deviceUs: number): void {
    this.#fromUs = deviceUs;
  }

  pong(sentUs: number, rxUs: number, txUs: number, arrivalUs: number, wireUs: number): void {
    this.#model.pong(sentUs, Math.floor(this.#bent(rxUs)), Math.floor(this.#bent(txUs)), arrivalUs, wireUs);
  }

  frame(completeUs: number, arrivalUs: number): void {
    this.#model.frame(this.#bent(completeUs), arrivalUs);
  }

  sample(deviceUs: number, truthUs: number): void {
    const { hostUs, uncertaintyUs } = this.#model.map(this.#bent(deviceUs), this.#mapped);
    if (!(Math.abs(hostUs - truthUs) <= uncertaintyUs)) this.followedS = (deviceUs - this.#fromUs) / 1e6;
  }

  #bent(deviceUs: number): number {
    return deviceUs - Math.max(0, deviceUs - this.#fromUs) * this.ppm * 1e-6;
  }
}

const noSamples = (): Samples => ({ errorUs: [], uncertaintyUs: [], klipperUs: [], klipperWireUs: [], inside: 0 });

async function onPseudoTerminal(seconds: number, warmUpSeconds: number, seed: number) {
  const path = join(temporaryFolder(), 'board');
  const board = Program.start('firmware/build/host/tautline-host', [
    ...['--baud', String(BAUD), '--link', path],
    ...boardPriority(),
  ]);
  const [, zeroNs] = await board.line(/^zero (\d+)/);
  const zeroUs = Number(zeroNs) / 1e3;
  const set = [`board.path=${path}`, `board.baud=${BAUD}`, 'http.port=0', 'mqtt.enabled=false'];
  const bridge = startBridge({ config: loadConfig({ file: NO_SETTINGS, environment: {}, set }).config });
  const { loop } = bridge.boards[0]!;
  const klipper = new KlipperClocks();
  const bent = STEPS_PPM.map((ppm) => new BentClock(ppm));
  // The same pings for all three: what the model is given is given to the peers.
  const pong = loop.clock.pong.bind(loop.clock);
  loop.clock.pong = (sentUs, rxUs, txUs, arrivalUs, wireUs, slackUs) => {
    klipper.answer({ sentUs, rxUs, txUs, arrivalUs, wireUs: WIRE_US });
    for (const clock of bent) clock.pong(sentUs, rxUs, txUs, arrivalUs, wireUs);
    pong(sentUs, rxUs, txUs, arrivalUs, wireUs, slackUs);
  };
  const observe = loop.clock.observe.bind(loop.clock);
  loop.clock.observe = (times) => {
    for (const clock of bent) clock.frame(times.completeUs, times.arrivalUs);
    observe(times);
  };
  const probe = isGranted(PROBE_PRIORITY)
    ? Program.start('dist/benchmarks/native/floor-probe', [String(PROBE_PRIORITY), String(FLOOR_LATE_US)])
    : null;
  while (loop.session.state !== 'streaming' || !loop.clock.settled) await sleep(50);
  await sleep(warmUpSeconds * 1000);
  const take = async (): Promise<Samples> => {
    const samples = noSamples();
    const mapped = { hostUs: 0, uncertaintyUs: 0 };
    for (const endUs = monotonicUs() + seconds * 1e6; monotonicUs() < endUs; await sleep(SAMPLE_MS)) {
      const truthUs = monotonicUs();
      const deviceUs = truthUs - zeroUs;
      loop.clock.map(deviceUs, mapped);
      const errorUs = Math.abs(mapped.hostUs - truthUs);
      samples.errorUs.push(errorUs);
      samples.uncertaintyUs.push(mapped.uncertaintyUs);
      if (errorUs <= mapped.uncertaintyUs) samples.inside++;
      const { plain, withWire } = klipper.errorsUs(deviceUs, truthUs);
      samples.klipperUs.push(plain);
      samples.klipperWireUs.push(withWire);
    }
    return samples;
  };
  const idleFromUs = monotonicUs();
  const idle = await take();
  for (const clock of bent) clock.step(monotonicUs() - zeroUs);
  for (const endUs = monotonicUs() + AFTER_STEP_S * 1e6; monotonicUs() < endUs; await sleep(SAMPLE_MS)) {
    const truthUs = monotonicUs();
    for (const clock of bent) clock.sample(truthUs - zeroUs, truthUs);
  }
  const followed = Object.fromEntries(
    bent.map(({ ppm, followedS }) => [`the pseudo-terminal, ${signed(ppm)} ppm`, followedS]),
  );
  const hog = Program.start(process.execPath, [
    '-e',
    'for(;;){const t=Date.now()+300;while(Date.now()<t);Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,300)}',
  ]);
  const random = mulberry32(seed);
  const stall = setInterval(() => {
    for (const untilUs = monotonicUs() + 5000 + random() * 50_000; monotonicUs() < untilUs; );
  }, 400);
  const loaded = await take();
  clearInterval(stall);
  const floorLate = await lateShare(probe, idleFromUs, monotonicUs());
  await hog.end();
  await bridge.stop();
  await board.end();
  return { idle, loaded, steps: loop.clock.steps, followed, floorLate };
}

/** Of the time between, how much the machine was late in waking its most urgent thread; 0 where nobody may be that urgent. */
async function lateShare(probe: Program | null, fromUs: number, toUs: number): Promise<number> {
  if (probe === null) return 0;
  await probe.end();
  const late: readonly Late[] = lateIn(probe);
  return floorLateUs(late, fromUs, toUs) / (toUs - fromUs);
}

const signed = (ppm: number): string => (ppm > 0 ? `+${ppm}` : String(ppm));

/** The rate steps after a minute, when the clock is well known: the longest of a few seeds until it was followed, s. */
function stepsOnModelledLines(seed: number): Record<string, number> {
  const stepAtS = 60;
  const rows = Object.entries(delays).flatMap(([name, model]) =>
    [100, 1000].flatMap((frameHz) =>
      STEPS_PPM.map((ppm) => {
        const followedS = [0, 1, 2].map((k) => {
          const drift = (s: number) => (s < stepAtS ? 20 : 20 + ppm);
          return clockTrace({ seed: seed + k, seconds: stepAtS + 30, frameHz, model, drift }).lastOutsideS - stepAtS;
        });
        return [`${name}, ${frameHz} Hz, ${signed(ppm)} ppm`, Math.max(0, ...followedS)] as const;
      }),
    ),
  );
  return Object.fromEntries(rows);
}

/** Both are judged by the same frames, after a third of the trace: Klipper's regression needs its time. */
function onModelledLines(seconds: number, seed: number) {
  const figures = Object.entries(delays).flatMap(([name, model]) =>
    [100, 1000].map((frameHz) => {
      const klipper = new KlipperClocks();
      const errors = { ours: [] as number[], plain: [] as number[], withWire: [] as number[] };
      const { coverage, uncertaintyP50Us } = clockTrace({
        ...{ seed, seconds, frameHz, model, drift: driftOf(40, 1, 60) },
        onPong: (sentUs, rxUs, txUs, arrivalUs) => klipper.answer({ sentUs, rxUs, txUs, arrivalUs, wireUs: 0 }),
        onFrame: (deviceUs, truthUs, mappedUs) => {
          if (deviceUs < (seconds * 1e6) / 3) return;
          const { plain, withWire } = klipper.errorsUs(deviceUs, truthUs);
          errors.ours.push(Math.abs(mappedUs - truthUs));
          errors.plain.push(plain);
          errors.withWire.push(withWire);
        },
      });
      const figuresOfLine = {
        ...{ coverage, uncertaintyP50Us, errorP99Us: p(errors.ours, 0.99) },
        ...{ klipperP99Us: p(errors.plain, 0.99), klipperWireP99Us: p(errors.withWire, 0.99) },
      };
      return [`${name}, ${frameHz} Hz`, figuresOfLine] as const;
    }),
  );
  return Object.fromEntries(figures);
}

const p = (values: readonly number[], fraction: number) => quantile(Float64Array.from(values).sort(), fraction);

async function run({ size, seed }: RunOptions): Promise<Result> {
  const seconds = size === 'smoke' ? 4 : size === 'full' ? 300 : 40;
  // Klipper's regression forgets with 1/30 a query: before a minute it has hardly begun to know the rate.
  const warmUpSeconds = size === 'smoke' ? 3 : 60;
  const { idle, loaded, steps, followed, floorLate } = await onPseudoTerminal(seconds, warmUpSeconds, seed);
  const models = onModelledLines(size === 'smoke' ? 30 : 180, seed);
  const coverage = (idle.inside + loaded.inside) / (idle.errorUs.length + loaded.errorUs.length);
  const values = {
    idleP99Us: p(idle.errorUs, 0.99),
    loadedP99Us: p(loaded.errorUs, 0.99),
    idleUncertaintyP50Us: p(idle.uncertaintyUs, 0.5),
    loadedUncertaintyP50Us: p(loaded.uncertaintyUs, 0.5),
    coverage,
    klipperIdleP99Us: p(idle.klipperUs, 0.99),
    klipperLoadedP99Us: p(loaded.klipperUs, 0.99),
    klipperWireIdleP99Us: p(idle.klipperWireUs, 0.99),
    klipperWireLoadedP99Us: p(loaded.klipperWireUs, 0.99),
    models,
    stepFollowedS: { ...followed, ...stepsOnModelledLines(seed) },
    floorLate,
  };
  // Seconds are too short for either clock to have settled: a smoke run is not held to times.
  const wrong = [...outside(values), ...(size === 'smoke' ? [] : notFollowed(values.stepFollowedS))];
  const { verdict, reasons } = clockVerdict(wrong, size === 'smoke' ? [] : missed(values), floorLate);
  const row = (name: string, of: Samples, key: 'errorUs' | 'klipperUs' | 'klipperWireUs') => [
    name,
    p(of[key], 0.5).toFixed(0),
    p(of[key], 0.99).toFixed(0),
    key === 'errorUs' ? p(of.uncertaintyUs, 0.5).toFixed(0) : '',
    key === 'errorUs' ? `${((100 * of.inside) / of.errorUs.length).toFixed(2)} %` : '',
  ];
  return {
    name: 'clock',
    verdict,
    reasons,
    values,
    tables: [
      {
        title: `Error against the truth on a pseudo-terminal, µs; ${steps} steps`,
        columns: ['clock', 'p50', 'p99', 'stated uncertainty p50', 'truth inside'],
        rows: [
          row('ours, idle', idle, 'errorUs'),
          row('Klipper, idle', idle, 'klipperUs'),
          row('Klipper with wire time, idle', idle, 'klipperWireUs'),
          row('ours, loaded', loaded, 'errorUs'),
          row('Klipper, loaded', loaded, 'klipperUs'),
          row('Klipper with wire time, loaded', loaded, 'klipperWireUs'),
        ],
      },
      {
        title: 'A step of the rate by 200 ppm: truth inside again after, s',
        columns: ['line', 'followed after'],
        rows: Object.entries(values.stepFollowedS).map(([name, s]) => [name, s.toFixed(2)]),
      },
      {
        title: 'Modelled lines, virtual time',
        columns: [
          ...['line', 'truth inside', 'error p99 µs', 'stated uncertainty p50 µs'],
          ...['Klipper p99 µs', 'with wire time'],
        ],
        rows: Object.entries(models).map(([name, each]) => [
          name,
          `${(each.coverage * 100).toFixed(2)} %`,
          ...[each.errorP99Us, each.uncertaintyP50Us, each.klipperP99Us, each.klipperWireP99Us].map((us) =>
            us.toFixed(0),
          ),
        ]),
      },
    ],
    series: [],
  };
}

export default { description: "how well a board's clock is known, beside Klipper's formulas", run } satisfies Benchmark;
