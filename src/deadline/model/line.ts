/** For tests and benchmarks: modelled lines and device clocks with a known truth, driven from a seed. */
import { ClockModel } from '../clock.js';
import { PING_BURST, PING_BURST_PERIOD_US, PING_PERIOD_US } from '../line-load.js';

/** A small seeded generator of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** When bytes that are complete at one end (host time, µs) are complete at the other. */
export interface DelayModel {
  toHost(atUs: number, random: () => number): number;
  toDevice(atUs: number, random: () => number): number;
}

const exponential = (meanUs: number, random: () => number) => -meanUs * Math.log(1 - random());
const nextPoll = (atUs: number, periodUs: number, phaseUs: number) =>
  Math.ceil((atUs - phaseUs) / periodUs) * periodUs + phaseUs;
/** One wake-up in a thousand comes milliseconds late. */
const wakeUp = (random: () => number) => 15 + exponential(20, random) + (random() < 1e-3 ? 5000 * random() : 0);

export const delays: Readonly<Record<string, DelayModel>> = {
  pty: {
    toHost: (atUs, random) => atUs + wakeUp(random),
    toDevice: (atUs, random) => atUs + 10 + exponential(15, random),
  },
  /** Full-speed CDC: the host polls once a millisecond, at a phase of its own. */
  'USB CDC': {
    toHost: (atUs, random) => nextPoll(atUs, 1000, 317) + wakeUp(random),
    toDevice: (atUs, random) => nextPoll(atUs + 10, 1000, 120) + exponential(5, random),
  },
  'FTDI 1 ms': {
    toHost: (atUs, random) => nextPoll(nextPoll(atUs, 1000, 411), 125, 7) + wakeUp(random),
    toDevice: (atUs, random) => nextPoll(atUs + 10, 125, 60) + exponential(5, random),
  },
  /** Its default: bytes wait for the latency timer. */
  'FTDI 16 ms': {
    toHost: (atUs, random) => nextPoll(atUs, 16_000, 5411) + wakeUp(random),
    toDevice: (atUs, random) => nextPoll(atUs + 10, 125, 60) + exponential(5, random),
  },
};

/** Drift of the device's clock in ppm at a time in seconds: constant, plus a slow wander. */
export function driftOf(ppm: number, wanderPpm: number, wanderPeriodS: number): (s: number) => number {
  return (s) => ppm + wanderPpm * Math.sin((2 * Math.PI * s) / wanderPeriodS);
}

/** How long ahead the latest device time of a command is asked for. */
const EXPIRY_US = 50_000;

export interface TraceOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly frameHz: number;
  readonly model: DelayModel;
  /** How fast the offset host − device grows, ppm, at a time in seconds. */
  readonly drift: (s: number) => number;
  readonly silence?: { readonly fromS: number; readonly toS: number };
  /** The device's clock jumps by so much. */
  readonly jump?: { readonly atS: number; readonly us: number };
  /** Gets each answered ping too: other models of the clock, on the same trace. */
  readonly onPong?: (sentUs: number, rxUs: number, txUs: number, arrivalUs: number) => void;
  /** Each frame once the clock has settled: its release by the board's clock, and in truth and by the model on the host's. */
  readonly onFrame?: (deviceUs: number, truthUs: number, mappedUs: number) => void;
}

export interface TraceResult {
  frames: number;
  /** Fraction of frames whose true release lies in the stated interval. */
  coverage: number;
  lastOutsideS: number;
  errorP50Us: number;
  errorP99Us: number;
  uncertaintyP50Us: number;
  uncertaintyMaxUs: number;
  lastUncertaintyUs: number;
  expiryTooLate: number;
  steps: number;
  rateChanges: number;
}

/** Runs a clock model over a modelled line and compares what it says with the truth. */
export function clockTrace(options: TraceOptions): TraceResult {
  const { frameHz, seconds, model } = options;
  const random = seeded(options.seed);
  const clock = new ClockModel();
  const out = { hostUs: 0, uncertaintyUs: 0 };
  const result = { frames: 0, lastOutsideS: 0, uncertaintyMaxUs: 0, lastUncertaintyUs: 0, expiryTooLate: 0 };
  const errors: number[] = [];
  const stated: number[] = [];
  let outside = 0;
  let offsetUs = 5e9 + random() * 1e6; // host − device
  let pingAtUs = 100_000;
  let pingPeriodUs = PING_PERIOD_US;
  let burst = 0;
  let restarts = 0;
  const periodUs = 1e6 / frameHz;
  const stepsTotal = seconds * frameHz;
  for (let n = 1; n <= stepsTotal; n++) {
    const s = (n * periodUs) / 1e6;
    const rate = options.drift(s) * 1e-6;
    offsetUs += rate * periodUs;
    if (options.jump && s >= options.jump.atS && s - periodUs / 1e6 < options.jump.atS) offsetUs -= options.jump.us;
    const silent = options.silence !== undefined && s > options.silence.fromS && s < options.silence.toS;
    const deviceUs = n * periodUs + (options.jump && s >= options.jump.atS ? options.jump.us : 0);
    const sentUs = deviceUs + offsetUs;
    /** Near this frame: the clock's rate holds that long. */
    const hostOf = (atUs: number) => sentUs + (atUs - deviceUs) * (1 + rate);
    const deviceOf = (atUs: number) => deviceUs + (atUs - sentUs) / (1 + rate);
    if (!silent && n * periodUs >= pingAtUs) {
      pingAtUs = n * periodUs + pingPeriodUs;
      if (--burst <= 0) pingPeriodUs = Math.min(PING_PERIOD_US, 2 * pingPeriodUs);
      const pingUs = sentUs - random() * periodUs;
      const rxUs = Math.floor(deviceOf(model.toDevice(pingUs, random)));
      const answeredUs = model.toHost(hostOf(rxUs + 20), random);
      if (rxUs > 0) {
        clock.pong(pingUs, rxUs, rxUs + 20, answeredUs, 0);
        options.onPong?.(pingUs, rxUs, rxUs + 20, answeredUs);
      }
    }
    if (!silent) clock.frame(deviceUs, model.toHost(sentUs, random));
    if (clock.steps + clock.rateChanges > restarts) {
      restarts = clock.steps + clock.rateChanges;
      pingAtUs = n * periodUs;
      pingPeriodUs = PING_BURST_PERIOD_US;
      burst = PING_BURST;
    }
    clock.map(deviceUs, out);
    if (out.uncertaintyUs === Number.POSITIVE_INFINITY) continue;
    result.frames++;
    options.onFrame?.(deviceUs, sentUs, out.hostUs);
    const errorUs = Math.abs(out.hostUs - sentUs);
    errors.push(errorUs);
    stated.push(out.uncertaintyUs);
    if (errorUs > out.uncertaintyUs) {
      outside++;
      result.lastOutsideS = s;
    }
    if (clock.deviceNotAfter(sentUs + EXPIRY_US) > deviceOf(sentUs + EXPIRY_US) + 50) result.expiryTooLate++;
    result.uncertaintyMaxUs = Math.max(result.uncertaintyMaxUs, out.uncertaintyUs);
    result.lastUncertaintyUs = out.uncertaintyUs;
  }
  errors.sort((a, b) => a - b);
  stated.sort((a, b) => a - b);
  const at = (sorted: number[], fraction: number) => sorted[Math.floor(fraction * (sorted.length - 1))] ?? Number.NaN;
  return {
    ...result,
    coverage: 1 - outside / result.frames,
    errorP50Us: at(errors, 0.5),
    errorP99Us: at(errors, 0.99),
    uncertaintyP50Us: at(stated, 0.5),
    steps: clock.steps,
    rateChanges: clock.rateChanges,
  };
}
