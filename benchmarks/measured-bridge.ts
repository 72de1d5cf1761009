/**
 * The bridge as it ships, in a process of its own, with a stamp behind the last step of its loop: when a frame's verdict
 * and values are in the ring. Takes `--config` and `--set`; `ready` and answers go over IPC.
 */
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { AttachedBoard } from '#dist/attached-board.js';
import { startBridge } from '#dist/bridge.js';
import { loadConfig } from '#dist/config-load.js';
import { verdictCode } from '#dist/deadline/verdict.js';
import { monotonicUs } from '#dist/host-clock.js';

export interface MeasureRequest {
  readonly measureMs: number;
  /** Host monotonic at device time 0 of the first board. */
  readonly zeroUs: number;
  /** A slowdown planted into the loop, spent before each stamp: for the self-test of the gate. */
  readonly plantedUs?: number;
}

export interface MeasureAnswer {
  /** From the planned release to the verdict, of the first board, in the order of arrival. */
  readonly latenciesUs: readonly number[];
  readonly atMs: readonly number[];
  /** How late the board itself began its job, as its frames say. */
  readonly lateUs: readonly number[];
  readonly collections: readonly { readonly atMs: number; readonly durationMs: number; readonly kind: string }[];
  readonly missesMs: readonly number[];
  /** Since the sessions began, of all boards. */
  readonly frames: number;
  readonly lost: number;
  readonly corrupt: number;
  readonly wakeUps: number;
}

const { values } = parseArgs({
  options: { config: { type: 'string' }, set: { type: 'string', multiple: true, default: [] } },
});
const { config, explicit } = loadConfig({ environment: {}, file: values.config!, set: values.set });
const bridge = startBridge({ config, explicit });
const boards = bridge.boards;
const collections: { atMs: number; durationMs: number; kind: string }[] = [];
const kinds: Record<number, string> = { 1: 'scavenge', 2: 'mark-sweep', 4: 'major', 8: 'incremental', 16: 'weak' };

type Collected = PerformanceEntry & { readonly detail: { readonly kind: number } };

new PerformanceObserver((list) => {
  for (const { startTime, duration, detail } of list.getEntries() as Collected[]) {
    const { kind } = detail;
    collections.push({ atMs: startTime, durationMs: duration, kind: kinds[kind] ?? String(kind) });
  }
}).observe({ entryTypes: ['gc'] });

/** Preallocated: what is measured must not see the garbage of the measurement. */
const SAMPLES_MAX = 1_000_000;
const latenciesUs = new Float64Array(SAMPLES_MAX);
const atUs = new Float64Array(SAMPLES_MAX);
const lateUs = new Uint16Array(SAMPLES_MAX);
const misses: number[] = [];
let count = 0;
let zeroUs = Number.NaN;
let plantedUs = 0;

/** The frames of the first board pass here after everything else was done with them. */
function stampBehind({ loop }: AttachedBoard): void {
  const data = loop.data.bind(loop);
  loop.data = (frame) => {
    data(frame);
    if (!Number.isNaN(zeroUs) && count < SAMPLES_MAX) {
      if (plantedUs > 0) for (const untilUs = monotonicUs() + plantedUs; monotonicUs() < untilUs; );
      const nowUs = monotonicUs();
      latenciesUs[count] = nowUs - zeroUs - frame.releaseUs;
      atUs[count] = nowUs;
      lateUs[count++] = frame.lateUs;
    }
  };
  const miss = bridge.feed.miss.bind(bridge.feed);
  bridge.feed.miss = (record) => {
    if (!Number.isNaN(zeroUs)) misses.push(monotonicUs());
    miss(record);
  };
}

const verdictsOf = (code: number): number =>
  boards
    .flatMap(({ loop }) => loop.board.streams)
    .reduce((sum, { monitor }) => sum + monitor.counters.verdicts[code]!, 0);

process.on('message', (request: MeasureRequest) => {
  count = 0;
  misses.length = 0;
  collections.length = 0;
  const beganUs = monotonicUs();
  const beganMs = performance.now();
  zeroUs = request.zeroUs;
  plantedUs = request.plantedUs ?? 0;
  setTimeout(() => {
    zeroUs = Number.NaN;
    const ms = (us: number) => Math.round((us - beganUs) / 10) / 100;
    const answer: MeasureAnswer = {
      latenciesUs: [...latenciesUs.subarray(0, count)],
      atMs: Array.from(atUs.subarray(0, count), ms),
      lateUs: [...lateUs.subarray(0, count)],
      collections: collections.map((each) => ({ ...each, atMs: each.atMs - beganMs })),
      missesMs: misses.map(ms),
      frames: boards.reduce((sum, { loop }) => sum + loop.decoder.counters.frames, 0),
      lost: verdictsOf(verdictCode.lost),
      corrupt: verdictsOf(verdictCode.corrupt),
      wakeUps: bridge.feed.wakeUps,
    };
    process.send?.(answer);
  }, request.measureMs);
});

stampBehind(boards[0]!);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => void bridge.stop().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
