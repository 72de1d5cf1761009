/**
 * What is measured side by side. Every arm is started once and stays; its source speaks only during its own windows, and
 * the windows of all arms alternate in a shuffled order, because the machine's mood changes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { mulberry32, quantile } from './statistics.js';

export interface Window {
  /** Ascending, µs from the planned instant. */
  readonly latenciesUs: Float64Array;
  /** Of the bridge: seconds of CPU a second. NaN for an arm whose cost nobody asks for. */
  readonly cpu: number;
  readonly rssMiB: number;
  /** Of all clients together, of those that were planned within the window; `sent`: NaN where nothing is counted. */
  readonly frames: { readonly came: number; readonly sent: number };
  /** Of those that came: releases that the board skipped, counted from their own planned instants to the frame after them. */
  readonly skipped?: number;
  /** By how much the source was itself late, µs: p50 and p99. It is part of every latency, and not taken out. */
  readonly sourceLateUs?: readonly [number, number];
}

export interface Arm {
  readonly name: string;
  /** Frames that it loses are a failure; those of another one say that something is wrong with the run. */
  readonly isOurs: boolean;
  start(): Promise<void>;
  /** Lets the source speak, and measures after it has settled. */
  window(settleMs: number, measureMs: number): Promise<Window>;
  /** Stands still while another one is measured: what a bridge does for a board that is silent would be taken from its peers. */
  pause?(): void;
  resume?(): void;
  end(): Promise<void>;
}

export interface Plan {
  readonly windows: number;
  readonly warmUpMs: number;
  readonly settleMs: number;
  readonly measureMs: number;
  readonly seed: number;
}

/** Between two windows all are awake for so long: what was held up arrives, and connections live on. */
const BREATH_MS = 150;

/** Windows by arm; those of the same index ran one after the other. */
export type Windows = Readonly<Record<string, readonly Window[]>>;

export async function interleave(arms: readonly Arm[], plan: Plan): Promise<Windows> {
  const random = mulberry32(plan.seed);
  const windows: Record<string, Window[]> = Object.fromEntries(arms.map(({ name }) => [name, []]));
  const started: Arm[] = [];
  let failed: { readonly error: unknown } | undefined;
  try {
    for (const arm of arms) {
      started.push(arm);
      await arm.start();
      // The compilers of V8 must have seen the load before it counts.
      await arm.window(0, plan.warmUpMs);
    }
    for (let i = 0; i < plan.windows; i++) {
      process.stderr.write(`\r   window ${i + 1} of ${plan.windows}`);
      for (const arm of shuffled(arms, random)) {
        windows[arm.name]!.push(await alone(arm, arms, plan));
        await sleep(BREATH_MS);
      }
    }
    process.stderr.write('\n');
  } catch (error) {
    failed = { error };
  }
  for (const arm of started) {
    // What failed first is told; the rest is often no more than its consequence.
    await arm.end().catch((error) => {
      failed ??= { error };
    });
  }
  if (failed !== undefined) throw failed.error;
  return windows;
}

async function alone(arm: Arm, arms: readonly Arm[], { settleMs, measureMs }: Plan): Promise<Window> {
  const others = arms.filter((each) => each !== arm);
  for (const other of others) other.pause?.();
  try {
    return await arm.window(settleMs, measureMs);
  } finally {
    for (const other of others) other.resume?.();
  }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [mixed[i], mixed[other]] = [mixed[other]!, mixed[i]!];
  }
  return mixed;
}

/** One figure of each window of an arm. What was sent and did not come is later than all that came: Infinity. */
export const quantiles = (windows: readonly Window[], fraction: number): number[] =>
  windows.map(({ latenciesUs, frames: { sent } }) => quantile(latenciesUs, fraction, Number.isNaN(sent) ? 0 : sent));
export const cpuOf = (windows: readonly Window[]): number[] => windows.map(({ cpu }) => cpu);
export const rssOf = (windows: readonly Window[]): number[] => windows.map(({ rssMiB }) => rssMiB);

export function merged(windows: readonly Window[]): Float64Array {
  const all = new Float64Array(windows.reduce((sum, { latenciesUs }) => sum + latenciesUs.length, 0));
  let at = 0;
  for (const { latenciesUs } of windows) {
    all.set(latenciesUs, at);
    at += latenciesUs.length;
  }
  return all.sort();
}
