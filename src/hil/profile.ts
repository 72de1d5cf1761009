/** What two targets of one firmware must have in common, measured by device time and by content: no clock of this machine is in it. */
import type { ArmState } from '../codec/schema.js';
import { HilBridge } from './bridge.js';
import { periodOf } from './judge.js';
import type { Rig } from './rig.js';
import type { Target } from './targets.js';
import { TimedOut } from './test-verdict.js';
import { Trace } from './trace.js';

export interface Profile {
  readonly target: string;
  /** Mean and worst distance of releases that follow each other. */
  readonly periodUs: number;
  readonly worstPeriodUs: number;
  /** Half of the jobs began this soon after their release: those that no message of the host held up, whenever it came. */
  readonly jitterP50Us: number;
  /** From the start of the board's clock after a reset to its first release, µs: how long it boots. Null where its reset cannot be pressed. */
  readonly firstReleaseUs: number | null;
  /** Name and signals of each stream. */
  readonly streams: readonly string[];
  /** What was said and answered, in order. */
  readonly conversation: readonly string[];
}

/** A command, as an outlet gives it, and what it leaves the board as. */
export interface ProfileStep {
  readonly name: string;
  /** Default: none. */
  readonly values?: readonly number[];
  /** Waited for; default: whatever the board is after its answer. */
  readonly state?: ArmState;
}

export interface ProfileOptions {
  /** Default: of a board that can be armed into the safe state and out of it, of another nothing. */
  readonly conversation?: readonly ProfileStep[];
}

/** How far two targets may be apart; null: not compared, because one of them keeps no time of its own. */
export interface Tolerances {
  readonly periodPpm: number;
  readonly jitterP50Us: number | null;
  readonly firstReleaseUs: number | null;
}

const WINDOW_FRAMES = 500;
/** Of a board that releases now and then: fewer frames, not a longer wait. */
const WINDOW_US = 5e6;
const WINDOW_FRAMES_MIN = 10;
const AGAIN_MS = 15_000;
/** Codes of answers that no board has given: the measurement did not come about. */
const notTheBoards = new Set(['no-answer', 'session-lost', 'no-session', 'clock-invalid', 'expired', 'queue-full']);

/** With the commands that every armable board has by itself. */
const ofArmable: readonly ProfileStep[] = [
  { name: 'rearm', state: 'disarmed' },
  { name: 'safe', state: 'tripped' },
  { name: 'rearm', state: 'disarmed' },
  { name: 'disarm', state: 'disarmed' },
];

/**
 * Resets the board where that can be done from here, looks at its first stream, and has the conversation.
 * @param inconclusive ends the test: the measurement failed, and this machine is the reason
 * @throws Error when the board does not come up, not again after the reset, or is not left as the conversation says; also
 * for one that prints plain lines, which have no times to measure by
 */
export async function measureProfile(
  target: Target,
  seed: number,
  inconclusive: (reason: string) => never,
  options: ProfileOptions = {},
): Promise<Profile> {
  const refuse = (reason: string): never => {
    throw new Error(`${target.name}: ${reason}`);
  };
  const terms = { isRealTime: target.isRealTime, inconclusive, refuse, marginal: () => {}, replay: '' };
  const trace = (nowUs: () => number) => new Trace({ ...terms, nowUs });
  const rig = await target.start({ firmware: 'release', seed, needs: [], trace });
  try {
    return await measure(target, rig, options);
  } catch (error) {
    if (!(error instanceof TimedOut) || error.excuse === null) throw error;
    return inconclusive(`${target.name}: ${error.message}; ${error.excuse}`);
  } finally {
    await rig.close();
  }
}

async function measure(target: Target, rig: Rig, options: ProfileOptions): Promise<Profile> {
  const bridge = new HilBridge(rig);
  const { trace } = rig;
  await bridge.streaming();
  if (rig.loop.board.established === null) throw new Error(`${target.name} prints plain lines: they have no times`);
  const isReset = target.capabilities.has('reset');
  if (isReset) await resetAndWait(rig, bridge);
  rig.begin?.();
  const { streams, armable } = bridge.descriptor!;
  const { id, periodUs: nominalUs } = streams[0]!;
  const wanted = Math.max(WINDOW_FRAMES_MIN, Math.min(WINDOW_FRAMES, Math.floor(WINDOW_US / nominalUs)));
  const mark = trace.mark();
  const ofFirst = () => trace.since(mark).frames.filter(({ stream }) => stream === id);
  await rig.until('frames', () => ofFirst().length > wanted, AGAIN_MS + (wanted * nominalUs) / 1e3);
  const frames = ofFirst();
  const conversation: string[] = [];
  for (const step of options.conversation ?? (armable ? ofArmable : [])) {
    conversation.push(await said(step, rig, bridge));
  }
  const steps = frames
    .slice(1)
    .map((frame, i) => periodOf(frames[i]!, frame))
    .filter(Number.isFinite);
  const late = frames.map(({ lateUs }) => lateUs).toSorted((a, b) => a - b);
  return {
    target: target.name,
    periodUs: steps.reduce((sum, step) => sum + step, 0) / steps.length,
    worstPeriodUs: steps.reduce((worst, step) =>
      Math.abs(step - nominalUs) > Math.abs(worst - nominalUs) ? step : worst,
    ),
    jitterP50Us: late[Math.floor(late.length / 2)]!,
    firstReleaseUs: isReset ? frames[0]!.releaseUs - frames[0]!.seq * nominalUs : null,
    streams: streams.map(({ name, signals }) => `${name}: ${signals.map((signal) => signal.name).join(', ')}`),
    conversation,
  };
}

async function resetAndWait(rig: Rig, bridge: HilBridge): Promise<void> {
  const { trace } = rig;
  const before = trace.health!.boot;
  await rig.reset('pin');
  await rig.until('it streams again', () => (trace.frames.at(-1)?.boot ?? before) !== before, AGAIN_MS);
  await bridge.streaming();
}

/** What was said, answered, and what the board was afterwards. */
async function said({ name, values = [], state }: ProfileStep, rig: Rig, bridge: HilBridge): Promise<string> {
  const { trace } = rig;
  // A command has an expiry in the board's time.
  await rig.until('its clock is known', () => Number.isFinite(trace.frames.at(-1)!.releaseHostUs), AGAIN_MS);
  const answer = await bridge.command(name, ...values);
  if (!answer.ok && notTheBoards.has(answer.code)) throw new Error(`${name}: ${answer.detail}`);
  if (state !== undefined) await rig.until(`${name}: ${state}`, () => trace.health!.arm === state, AGAIN_MS);
  const { arm, tripCause } = trace.health!;
  return `${[name, ...values].join(' ')}: ${answer.ok ? 'ok' : answer.code}, ${arm}, ${tripCause}`;
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
  const unmeasured = [a, b].find(({ firstReleaseUs }) => firstReleaseUs === null);
  if (unmeasured === undefined) {
    compare('first release after a reset', ({ firstReleaseUs }) => firstReleaseUs!, tolerances.firstReleaseUs);
  } else if (tolerances.firstReleaseUs !== null) {
    const why = `not measured on ${unmeasured.target}, which has no reset; firstReleaseUs: null in the tolerances does without`;
    found.push(`first release after a reset: ${why}`);
  }
  for (const what of ['streams', 'conversation'] as const) {
    for (let i = 0; i < Math.max(a[what].length, b[what].length); i++) {
      if (a[what][i] !== b[what][i])
        found.push(`${what}: "${a[what][i]}" on ${a.target}, "${b[what][i]}" on ${b.target}`);
    }
  }
  return found;
}
