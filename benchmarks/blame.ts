/**
 * The blame matrix: faults in a running bridge with real firmware, and what the bridge says of every late or lost frame
 * beside what really happened to it. The truth is the segment that was really delayed, from the board's own log; the
 * label of the fault only names the row. Beside it the simulator, with the same reasoning in virtual time.
 */

import { monotonicUs } from '#dist/host-clock.js';
import { simulate } from '#dist/simulator/simulate.js';
import { durationUs, type Fault, faults } from './blame/faults.js';
import { BlameRig, type Evidence } from './blame/rig.js';
import { type Decision, type Figures, figuresOf, judge, type Window } from './blame/score.js';
import { blameVerdict, type Delivered } from './blame/verdict.js';
import type { Benchmark, Result, RunOptions, Table } from './harness/benchmark.js';
import { sleep } from './harness/processes.js';
import { mulberry32, quantile } from './harness/statistics.js';

const sizes = {
  smoke: { strikes: 2, losses: 4, pairs: 2, silences: 3, deliveries: 1, simulatedHours: 0.1 },
  normal: { strikes: 25, losses: 150, pairs: 60, silences: 120, deliveries: 8, simulatedHours: 3 },
  full: { strikes: 100, losses: 400, pairs: 300, silences: 500, deliveries: 30, simulatedHours: 20 },
} as const;

/** After a fault of at most 80 ms and what it leaves behind: single faults are never on top of each other. */
const PAUSE_MIN_MS = 330;
const PAUSE_SPREAD_MS = 120;
/** A fault that loses is over at once. */
const LOSS_PAUSE_MIN_MS = 100;
const SILENCE_US = 150_000;
const OVERLAPPING = 'two at once';
const SILENCE = 'line silent';
async function strikeAlone(rig: BlameRig, fault: Fault, times: number, random: () => number): Promise<Window> {
  const fromUs = monotonicUs();
  for (let k = 0; k < times; k++) {
    fault.strike(rig, durationUs(random));
    await sleep((fault.loses ? LOSS_PAUSE_MIN_MS : PAUSE_MIN_MS) + random() * PAUSE_SPREAD_MS);
  }
  await sleep(500);
  return { cause: fault.name, fromUs, toUs: monotonicUs() };
}

async function strikeInPairs(rig: BlameRig, times: number, random: () => number): Promise<Window> {
  const delaying = faults.filter(({ loses }) => !loses);
  const any = () => delaying[Math.floor(random() * delaying.length)]!;
  const fromUs = monotonicUs();
  for (let k = 0; k < times; k++) {
    any().strike(rig, durationUs(random));
    await sleep(random() * 30);
    any().strike(rig, durationUs(random));
    await sleep(PAUSE_MIN_MS + 100 + random() * PAUSE_SPREAD_MS);
  }
  await sleep(500);
  return { cause: OVERLAPPING, fromUs, toUs: monotonicUs() };
}

/** The line keeps everything back for three leases, again and again. */
async function keepSilent(rig: BlameRig, times: number, random: () => number): Promise<Window> {
  const fromUs = monotonicUs();
  for (let k = 0; k < times; k++) {
    rig.line('delay', SILENCE_US);
    await sleep(SILENCE_US / 1e3 + 50 + random() * 50);
  }
  return { cause: SILENCE, fromUs, toUs: monotonicUs() };
}

/** A broker that stands while misses wait for it; then a client that paints late, beside one that doesn't. */
async function deliverLate(rig: BlameRig, times: number): Promise<readonly Window[]> {
  const fromUs = monotonicUs();
  for (let k = 0; k < times; k++) {
    rig.tell({ type: 'block', ms: 30 });
    await rig.stopBroker(500);
    await sleep(1200);
  }
  const betweenUs = monotonicUs();
  await rig.readSlowly(400, times * 1000);
  await sleep(1500);
  return [
    { cause: 'broker stands', fromUs, toUs: betweenUs },
    { cause: 'client paints late', fromUs: betweenUs, toUs: monotonicUs() },
  ];
}

async function run({ size, seed }: RunOptions): Promise<Result> {
  const { strikes, losses, pairs, silences, deliveries, simulatedHours } = sizes[size];
  const random = mulberry32(seed);
  const rig = await BlameRig.start();
  await sleep(3000);
  const windows: Window[] = [];
  for (const fault of faults) windows.push(await strikeAlone(rig, fault, fault.loses ? losses : strikes, random));
  windows.push(await strikeInPairs(rig, pairs, random));
  const silent = await keepSilent(rig, silences, random);
  const late = await deliverLate(rig, deliveries);
  const evidence = await rig.finish();
  const { contract } = evidence.ready.streams[0]!;
  const { decisions, metButBlamed } = judge(evidence, [...windows, silent], contract);
  const alone = decisions.filter(({ cause }) => cause !== OVERLAPPING);
  const running = figuresOf(alone);
  const together = figuresOf(decisions.filter(({ cause }) => cause === OVERLAPPING));
  const perCause = Object.fromEntries(
    [...faults.map(({ name }) => name), SILENCE].map((name) => [
      name,
      figuresOf(alone.filter(({ cause }) => cause === name)),
    ]),
  );
  const silence = silenceLatenciesUs(evidence, silent, contract.leaseUs);
  const delivered = deliveredOf(evidence, late);
  const { blame: simulated } = await simulate({ seed, hours: simulatedHours, overlap: false });
  const { accuracy, indeterminate } = simulated;
  return {
    name: 'blame',
    values: {
      simulator: { accuracy, indeterminate, perCause: simulated.perCause },
      running: {
        ...running,
        perCause,
        overlapping: { accuracy: together.accuracy, indeterminate: together.indeterminate },
        matrix: matrixOf(alone),
      },
      metButBlamed,
      silence: { count: silence.length, overLeaseP99Us: p99(silence) },
      deliveries: delivered,
    },
    ...blameVerdict({
      running,
      together,
      perCause: { ...perCause, [OVERLAPPING]: together },
      metButBlamed,
      simulated,
      silenceP99Us: p99(silence),
      delivered,
      isSmoke: size === 'smoke',
    }),
    tables: [causes(perCause, together), confusion(alone), deliveryTable(delivered), silenceTable(silence)],
    series: [],
  };
}

const share = (fraction: number | null): string => (fraction === null ? '–' : `${(fraction * 100).toFixed(2)} %`);

function causes(perCause: Record<string, Figures>, together: Figures): Table {
  const row = (name: string, { lateFrames, accuracy, indeterminate, setAside }: Figures) => [
    name,
    lateFrames,
    share(accuracy),
    share(indeterminate),
    share(setAside),
  ];
  return {
    title: 'Running bridge, faults one at a time; the last row two at once',
    columns: ['fault', 'late or lost frames', 'of the decided right', 'left open', 'set aside'],
    rows: [...Object.entries(perCause).map(([name, figures]) => row(name, figures)), row(OVERLAPPING, together)],
  };
}

const culpritNames = ['firmware', 'link', 'host'] as const;
const answers = [...culpritNames, 'indeterminate'] as const;

/** How long after the lease each silence was told; not of those at which the host itself stalled. */
function silenceLatenciesUs({ misses, stalls }: Evidence, { fromUs, toUs }: Window, leaseUs: number): number[] {
  return misses
    .filter((miss) => miss.isGap === 1 && Number.isNaN(miss.count) && miss.toUs >= fromUs && miss.toUs < toUs)
    .filter((miss) => !stalls.some(({ plannedUs, wokeUs }) => plannedUs < miss.toUs && wokeUs > miss.toUs - 5000))
    .map((miss) => miss.toUs - miss.fromUs - leaseUs);
}

const p99 = (values: readonly number[]): number => quantile(Float64Array.from(values).sort(), 0.99);

function deliveredOf({ deliveries }: Evidence, windows: readonly Window[]): Delivered[] {
  return windows.map(({ cause, fromUs, toUs }) => {
    const within = deliveries.filter(({ atUs }) => atUs >= fromUs && atUs < toUs + 1e6);
    const isMeant = ({ client }: { client: string | null }) => client === null || /^(broker|slow)/.test(client);
    const sum = (culprit: string) =>
      within.filter((each) => isMeant(each) && each.culprit === culprit).reduce((total, { count }) => total + count, 0);
    const others = within.filter((each) => !isMeant(each)).reduce((total, { count }) => total + count, 0);
    return { cause, consumer: sum('consumer'), outlet: sum('outlet'), indeterminate: sum('indeterminate'), others };
  });
}

const deliveryTable = (delivered: readonly Delivered[]): Table => ({
  title: 'Deliveries: who was said to be late, in frames or messages',
  columns: ['fault', 'consumer', 'outlet', 'indeterminate', 'clients that were not held up'],
  rows: delivered.map(({ cause, consumer, outlet, indeterminate, others }) => [
    cause,
    consumer,
    outlet,
    indeterminate,
    others,
  ]),
});

const silenceTable = (latencies: readonly number[]): Table => {
  const sorted = Float64Array.from(latencies).sort();
  return {
    title: 'Silence: told so long after the lease, µs',
    columns: ['silences', 'p50', 'p99', 'most'],
    rows: [[sorted.length, ...[0.5, 0.99, 1].map((fraction) => quantile(sorted, fraction).toFixed(0))]],
  };
};

/** Truth by answer, in frames. */
function matrixOf(decisions: readonly Decision[]): Record<string, Record<string, number>> {
  const cell = (truth: string, told: string) =>
    decisions
      .filter((each) => !each.isSetAside && each.truth === truth && each.told === told)
      .reduce((total, { count }) => total + count, 0);
  return Object.fromEntries(
    culpritNames.map((truth) => [truth, Object.fromEntries(answers.map((told) => [told, cell(truth, told)]))]),
  );
}

function confusion(decisions: readonly Decision[]): Table {
  return {
    title: 'What was really late, and who was blamed; frames',
    columns: ['truth', ...answers],
    rows: Object.entries(matrixOf(decisions)).map(([truth, told]) => [
      truth,
      ...answers.map((answer) => told[answer]!),
    ]),
  };
}

export default {
  description: 'who was late: the bridge beside the truth, faults in the running bridge',
  run,
} satisfies Benchmark;
