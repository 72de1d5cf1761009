/**
 * How well the bridge knows a board's clock. The board is the firmware's host port, which tells at which instant of the
 * host's own clock its time began: so the truth is known exactly. Idle, and under load: a hog beside it and stalls of the
 * loop. Klipper's formulas run on the same pings. USB adapters are modelled, because a pseudo-terminal has no polls.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBridge } from '#dist/bridge.js';
import { loadConfig } from '#dist/config-load.js';
import { lineTiming, pingWireUs } from '#dist/deadline/line-load.js';
import { clockTrace, delays, driftOf } from '#dist/deadline/model/line.js';
import { monotonicUs } from '#dist/host-clock.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { Program, sleep } from './harness/processes.js';
import { mulberry32, quantile } from './harness/statistics.js';
import { KlipperClock } from './peers/klipper-clock.js';

const SAMPLE_MS = 10;
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

const noSamples = (): Samples => ({ errorUs: [], uncertaintyUs: [], klipperUs: [], klipperWireUs: [], inside: 0 });

async function onPseudoTerminal(seconds: number, warmUpSeconds: number, seed: number) {
  const fifo = process.getuid?.() === 0 ? ['--fifo', '40'] : [];
  const folder = mkdtempSync(join(tmpdir(), 'tautline-clock-'));
  const path = join(folder, 'board');
  const board = Program.start('firmware/build/host/tautline-host', ['--baud', String(BAUD), '--link', path, ...fifo]);
  const [, zeroNs] = await board.line(/^zero (\d+)/);
  const zeroUs = Number(zeroNs) / 1e3;
  const set = [`board.path=${path}`, `board.baud=${BAUD}`, 'http.port=0', 'mqtt.enabled=false'];
  const bridge = startBridge({ config: loadConfig({ environment: {}, set }).config });
  const { loop } = bridge.boards[0]!;
  const plain = new KlipperClock();
  const withWire = new KlipperClock();
  // The same pings for all three: what the model is given is given to the peers.
  const pong = loop.clock.pong.bind(loop.clock);
  loop.clock.pong = (sentUs, rxUs, txUs, arrivalUs, wireUs, slackUs) => {
    plain.answer(sentUs / 1e6, rxUs, arrivalUs / 1e6);
    withWire.answer((sentUs + WIRE_US) / 1e6, rxUs, (arrivalUs - WIRE_US) / 1e6);
    pong(sentUs, rxUs, txUs, arrivalUs, wireUs, slackUs);
  };
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
      samples.klipperUs.push(Math.abs(plain.hostS(deviceUs) * 1e6 - truthUs));
      samples.klipperWireUs.push(Math.abs(withWire.hostS(deviceUs) * 1e6 - truthUs));
    }
    return samples;
  };
  const idle = await take();
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
  await hog.end();
  await bridge.stop();
  await board.end();
  rmSync(folder, { recursive: true });
  return { idle, loaded, steps: loop.clock.steps };
}

const p = (values: readonly number[], fraction: number) => quantile(Float64Array.from(values).sort(), fraction);

async function run({ size, seed }: RunOptions): Promise<Result> {
  const seconds = size === 'smoke' ? 4 : size === 'full' ? 300 : 40;
  // Klipper's regression forgets with 1/30 a query: before a minute it has hardly begun to know the rate.
  const warmUpSeconds = size === 'smoke' ? 3 : 60;
  const { idle, loaded, steps } = await onPseudoTerminal(seconds, warmUpSeconds, seed);
  const models: Record<string, unknown> = {};
  const modelRows: (string | number)[][] = [];
  for (const [name, model] of Object.entries(delays)) {
    for (const frameHz of [100, 1000]) {
      const trace = clockTrace({
        seed,
        seconds: size === 'smoke' ? 30 : 180,
        frameHz,
        model,
        drift: driftOf(40, 1, 60),
      });
      const { coverage, errorP99Us, uncertaintyP50Us } = trace;
      models[`${name}, ${frameHz} Hz`] = { coverage, errorP99Us, uncertaintyP50Us };
      modelRows.push([
        name,
        frameHz,
        `${(coverage * 100).toFixed(2)} %`,
        errorP99Us.toFixed(0),
        uncertaintyP50Us.toFixed(0),
      ]);
    }
  }
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
  };
  const reasons: string[] = [];
  if (coverage < 0.999)
    reasons.push(`the truth was inside the stated interval only ${(coverage * 100).toFixed(2)} % of the time`);
  const row = (name: string, of: Samples, key: 'errorUs' | 'klipperUs' | 'klipperWireUs') => [
    name,
    p(of[key], 0.5).toFixed(0),
    p(of[key], 0.99).toFixed(0),
    key === 'errorUs' ? p(of.uncertaintyUs, 0.5).toFixed(0) : '',
    key === 'errorUs' ? `${((100 * of.inside) / of.errorUs.length).toFixed(2)} %` : '',
  ];
  return {
    name: 'clock',
    verdict: reasons.length > 0 ? 'fail' : 'pass',
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
        title: 'Modelled lines, virtual time',
        columns: ['line', 'frames a second', 'truth inside', 'error p99 µs', 'stated uncertainty p50 µs'],
        rows: modelRows,
      },
    ],
    series: [],
  };
}

export default { description: "how well a board's clock is known, beside Klipper's formulas", run } satisfies Benchmark;
