/**
 * The bridge as it ships, in a process of its own, with a stamp behind the last step of its loop: when a frame's verdict
 * and values are in the ring. Takes `--config` and `--set`; over IPC it says when frames of
 * all boards have come, and answers.
 */
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { startBridge } from '#dist/bridge.js';
import type { DataFrame } from '#dist/codec/data-frame.js';
import { loadConfig } from '#dist/config-load.js';
import type { Judgement } from '#dist/deadline/judgement.js';
import { verdictCode } from '#dist/deadline/verdict.js';
import { monotonicUs } from '#dist/host-clock.js';
import { type Awaited, type AwaitRequest, isFirst } from './first-frame.js';
import { GRACE_MS, PlannedReleases } from './harness/releases.js';

export interface MeasureRequest {
  readonly measureMs: number;
  /** Host monotonic at device time 0 of the first board. */
  readonly zeroUs: number;
  /** A slowdown planted into the loop, spent before each stamp: for the self-test of the gate. */
  readonly plantedUs?: number;
  /** Gives the first board a command each `COMMAND_MS`. */
  readonly isCommanding?: boolean;
}

export interface MeasureAnswer {
  /** From the planned release to the verdict, of what the first board planned within the measurement, in the order of arrival. */
  readonly latenciesUs: readonly number[];
  readonly atMs: readonly number[];
  /** How late the board itself began its job, as its frames say. */
  readonly lateUs: readonly number[];
  readonly collections: readonly { readonly atMs: number; readonly durationMs: number; readonly kind: string }[];
  readonly missesMs: readonly number[];
  /** Of all boards, within the measurement. */
  readonly frames: number;
  /** The same by board, with the releases that it did not run. */
  readonly boards: readonly { readonly frames: number; readonly skipped: number }[];
  /** Of `latenciesUs`: releases that the first board skipped, counted from their own planned instants. */
  readonly counted: number;
  /** Sessions that ended: what was on its way then is in no count of lost frames. */
  readonly sessionsLost: number;
  /** Frames that a board made and that were not judged. */
  readonly lost: number;
  /** Releases that a board did not run: its own process was held up. */
  readonly skipped: number;
  readonly corrupt: number;
  readonly wakeUps: number;
  /** Given within the measurement. */
  readonly commands: number;
  /** From the call to the board's answer. */
  readonly commandsUs: readonly number[];
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

/** Between two commands. */
export const COMMAND_MS = 25;
/** Preallocated: what is measured must not see the garbage of the measurement. */
const SAMPLES_MAX = 1_000_000;
const latenciesUs = new Float64Array(SAMPLES_MAX);
const atUs = new Float64Array(SAMPLES_MAX);
const LATE_MAX_US = 65_535;
const lateUs = new Uint16Array(SAMPLES_MAX);
const misses: number[] = [];
let samples = 0;
/** Of them: releases that were skipped. */
let counted = 0;
let zeroUs = Number.NaN;
/** Device times of the measurement, µs. */
let beginUs = Number.NaN;
let endUs = Number.NaN;
let plantedUs = 0;

/** Of the first board. */
let awaited: Awaited | undefined;
/** Boards of which no frame has come since the start. */
const unheard = new Set(boards.map((_, index) => index));

function noteFirst(board: number, releaseUs: number): void {
  if (unheard.delete(board) && unheard.size === 0) process.send?.({});
  if (board !== 0 || awaited === undefined) return;
  if (!isFirst(awaited, awaited.zeroUs + releaseUs, monotonicUs())) return;
  awaited = undefined;
  process.send?.({});
}

/** Of the first board; its period is known when its first frame is here. */
let releases: PlannedReleases | undefined;
let periodUs = Number.NaN;

function skippedBefore({ seq, releaseUs }: DataFrame): number {
  if (releases === undefined) {
    periodUs = boards[0]!.loop.board.streams[0]!.monitor.contract.periodUs;
    releases = new PlannedReleases(periodUs);
  }
  return releases.skippedBefore(seq, releaseUs);
}

/** The verdict and the values of a frame are where the outlets can read them. @param skipped releases right before it */
function stamp({ releaseUs, lateUs: startedLateUs }: DataFrame, skipped: number): void {
  if (plantedUs > 0) for (const untilUs = monotonicUs() + plantedUs; monotonicUs() < untilUs; );
  const nowUs = monotonicUs();
  for (let k = skipped; k >= 0; k--) {
    const plannedUs = releaseUs - k * periodUs;
    if (!(plannedUs >= beginUs && plannedUs < endUs) || samples === SAMPLES_MAX) continue;
    latenciesUs[samples] = nowUs - zeroUs - plannedUs;
    atUs[samples] = nowUs;
    lateUs[samples++] = Math.min(LATE_MAX_US, startedLateUs + k * periodUs);
    if (k > 0) counted++;
  }
}

/** Of all boards. */
const counts = { frames: 0, lost: 0, skipped: 0 };
const byBoard = boards.map(() => ({ frames: 0, skipped: 0 }));

function watch(): void {
  const { feed } = bridge;
  const frame = feed.frame.bind(feed);
  feed.frame = (board, received, judgement) => {
    const own = byBoard[board]!;
    counts.frames++;
    own.frames++;
    const { gap } = judgement as Judgement;
    if (gap.count > 0) {
      counts.lost += gap.count - gap.skippedDelta;
      counts.skipped += gap.skippedDelta;
      own.skipped += gap.skippedDelta;
    }
    frame(board, received, judgement);
    if (unheard.size > 0 || awaited !== undefined) noteFirst(board, (received as DataFrame).releaseUs);
    if (board !== 0) return;
    const skipped = skippedBefore(received as DataFrame);
    if (!Number.isNaN(zeroUs)) stamp(received as DataFrame, skipped);
  };
  const miss = feed.miss.bind(feed);
  feed.miss = (record) => {
    if (!Number.isNaN(zeroUs)) misses.push(monotonicUs());
    miss(record);
  };
}

const corrupt = (): number =>
  boards
    .flatMap(({ loop }) => loop.board.streams)
    .reduce((sum, { monitor }) => sum + monitor.counters.verdicts[verdictCode.corrupt]!, 0);

const sessionsLost = (): number => boards.reduce((sum, { loop }) => sum + loop.session.counters.lost, 0);

async function command(into: number[]): Promise<void> {
  const beganUs = monotonicUs();
  const name = 'setpoint';
  const answer = await bridge.command({ board: boards[0]!.loop.id, name, arguments: [1500], by: 'benchmark' });
  if (answer.ok) into.push(monotonicUs() - beganUs);
}

process.on('message', (request: MeasureRequest | AwaitRequest) => {
  if ('awaits' in request) {
    awaited = request.awaits;
    return;
  }
  const commandsUs: number[] = [];
  samples = 0;
  counted = 0;
  misses.length = 0;
  Object.assign(counts, { frames: 0, lost: 0, skipped: 0 });
  for (const own of byBoard) Object.assign(own, { frames: 0, skipped: 0 });
  const corruptBefore = corrupt();
  const wakeUpsBefore = bridge.feed.wakeUps;
  const sessionsLostBefore = sessionsLost();
  collections.length = 0;
  const beganUs = monotonicUs();
  const beganMs = performance.now();
  let given = 0;
  const commands = request.isCommanding
    ? setInterval(() => {
        given++;
        void command(commandsUs);
      }, COMMAND_MS)
    : undefined;
  zeroUs = request.zeroUs;
  beginUs = beganUs - zeroUs;
  endUs = beginUs + request.measureMs * 1e3;
  plantedUs = request.plantedUs ?? 0;
  setTimeout(() => {
    clearInterval(commands);
    const ms = (us: number) => Math.round((us - beganUs) / 10) / 100;
    const within = {
      missesMs: misses.map(ms),
      ...counts,
      boards: byBoard.map((own) => ({ ...own })),
      sessionsLost: sessionsLost() - sessionsLostBefore,
      corrupt: corrupt() - corruptBefore,
      wakeUps: bridge.feed.wakeUps - wakeUpsBefore,
      commands: given,
    };
    setTimeout(() => {
      zeroUs = Number.NaN;
      const answer: MeasureAnswer = {
        ...within,
        latenciesUs: [...latenciesUs.subarray(0, samples)],
        counted,
        atMs: Array.from(atUs.subarray(0, samples), ms),
        lateUs: [...lateUs.subarray(0, samples)],
        collections: collections
          .map((each) => ({ ...each, atMs: each.atMs - beganMs }))
          .filter(({ atMs }) => atMs < request.measureMs),
        commandsUs,
      };
      process.send?.(answer);
    }, GRACE_MS);
  }, request.measureMs);
});

watch();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => void bridge.stop().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
