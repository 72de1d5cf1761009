/** What two targets of one firmware must have in common, measured by device time and by content: no clock of this machine is in it. */
import type { ArmState } from '../codec/schema.js';
import { HilBridge } from './bridge.js';
import { periodOf } from './judge.js';
import type { Rig } from './rig.js';
import type { Target } from './targets.js';
import { TimedOut } from './test-verdict.js';
import { notInTime } from './time-out.js';
import { Trace } from './trace.js';

export interface Profile {
  readonly target: string;
  /** Mean and worst distance of releases that follow each other. */
  readonly periodUs: number;
  readonly worstPeriodUs: number;
  /** Half of the jobs began this soon after their release: those that no message of the host held up, whenever it came. */
  readonly jitterP50Us: number;
  /** From the start of the board's clock after a reset to its first release, µs: how long it boots. */
  readonly firstReleaseUs: number;
  /** Name and signals of each stream. */
  readonly streams: readonly string[];
  /** What was said and answered, in order. */
  readonly conversation: readonly string[];
}

/** How far two targets may be apart; null: not compared, because one of them keeps no time of its own. */
export interface Tolerances {
  readonly periodPpm: number;
  readonly jitterP50Us: number | null;
  readonly firstReleaseUs: number | null;
}

const WINDOW_FRAMES = 500;
const AGAIN_MS = 15_000;
/** Taken, out of its range, unknown, into the safe state and out of it; and what the board is afterwards. */
const script: readonly { readonly name: string; readonly values: readonly number[]; readonly state: ArmState }[] = [
  { name: 'setpoint', values: [1500], state: 'disarmed' },
  { name: 'load', values: [1e6], state: 'disarmed' },
  { name: 'no-such-command', values: [], state: 'disarmed' },
  { name: 'rearm', values: [], state: 'disarmed' },
  { name: 'safe', values: [], state: 'tripped' },
  { name: 'setpoint', values: [1000], state: 'tripped' },
  { name: 'rearm', values: [], state: 'disarmed' },
  { name: 'disarm', values: [], state: 'disarmed' },
];

/**
 * @param inconclusive ends the test: the measurement failed, and this machine may be the reason
 * @throws Error when the board does not come up, not again after the reset, or does not follow the script
 */
export async function measureProfile(
  target: Target,
  seed: number,
  inconclusive: (reason: string) => never,
): Promise<Profile> {
  const refuse = (reason: string): never => {
    throw new Error(`${target.name}: ${reason}`);
  };
  const terms = { isRealTime: target.isRealTime, inconclusive, refuse, marginal: () => {}, replay: '' };
  const trace = (nowUs: () => number) => new Trace({ ...terms, nowUs });
  const rig = await target.start({ firmware: 'release', seed, needs: [], trace });
  try {
    return await measure(target, rig);
  } catch (error) {
    if (!(error instanceof TimedOut) || error.excuse === null) throw error;
    return inconclusive(`${target.name}: ${error.message}; ${error.excuse}`);
  } finally {
    await rig.close();
  }
}

async function measure(target: Target, rig: Rig): Promise<Profile> {
  const bridge = new HilBridge(rig);
  const { trace } = rig;
  await bridge.streaming();
  const before = trace.health!.boot;
  await rig.reset('pin');
  await rig.until('it streams again', () => (trace.frames.at(-1)?.boot ?? before) !== before, AGAIN_MS);
  await bridge.streaming();
  rig.begin?.();
  const mark = trace.mark();
  await rig.until('frames', () => trace.since(mark).frames.length > WINDOW_FRAMES, AGAIN_MS);
  const { frames } = trace.since(mark);
  const { streams } = bridge.descriptor!;
  const conversation: string[] = [];
  for (const { name, values, state } of script) {
    // A command has an expiry in the board's time.
    await rig.until('its clock is known', () => Number.isFinite(trace.frames.at(-1)!.releaseHostUs), AGAIN_MS);
    const answer = await bridge.command(name, ...values);
    if (!answer.ok && notInTime.has(answer.code)) throw new Error(`${name}: ${answer.detail}`);
    await rig.until(`${name}: ${state}`, () => trace.health!.arm === state, AGAIN_MS);
    const { tripCause } = trace.health!;
    conversation.push(`${[name, ...values].join(' ')}: ${answer.ok ? 'ok' : answer.code}, ${state}, ${tripCause}`);
  }
  const steps = frames
    .slice(1)
    .map((frame, i) => periodOf(frames[i]!, frame))
    .filter(Number.isFinite);
  const nominalUs = streams[0]!.periodUs;
  const late = frames.map(({ lateUs }) => lateUs).toSorted((a, b) => a - b);
  return {
    target: target.name,
    periodUs: steps.reduce((sum, step) => sum + step, 0) / steps.length,
    worstPeriodUs: steps.reduce((worst, step) =>
      Math.abs(step - nominalUs) > Math.abs(worst - nominalUs) ? step : worst,
    ),
    jitterP50Us: late[Math.floor(late.length / 2)]!,
    firstReleaseUs: frames[0]!.releaseUs - frames[0]!.seq * nominalUs,
    streams: streams.map(({ name, signals }) => `${name}: ${signals.map((signal) => signal.name).join(', ')}`),
    conversation,
  };
}

/** In what two targets have drifted apart, one sentence each; empty when they agree. */
export function drift(a: Profile, b: Profile, tolerances: Tolerances): string[] {
  const found: string[] = [];
  const compare = (what: string, get: (of: Profile) => number, limit: number | null): void => {
    const apart = Math.abs(get(a) - get(b));
    if (limit !== null && !(apart <= limit))
      found.push(`${what}: ${get(a)} us on ${a.target}, ${get(b)} us on ${b.target}; they may be ${limit} us apart`);
  };
  compare('period', ({ periodUs }) => periodUs, (a.periodUs * tolerances.periodPpm) / 1e6);
  compare('worst period', ({ worstPeriodUs }) => worstPeriodUs, (a.periodUs * tolerances.periodPpm) / 1e6);
  compare('jitter, median', ({ jitterP50Us }) => jitterP50Us, tolerances.jitterP50Us);
  compare('first release after a reset', ({ firstReleaseUs }) => firstReleaseUs, tolerances.firstReleaseUs);
  for (const what of ['streams', 'conversation'] as const) {
    for (let i = 0; i < Math.max(a[what].length, b[what].length); i++) {
      if (a[what][i] !== b[what][i])
        found.push(`${what}: "${a[what][i]}" on ${a.target}, "${b[what][i]}" on ${b.target}`);
    }
  }
  return found;
}
