/**
 * A timer of `avr8js` that is looked after only when something happens: a match, an overflow, a pin. By itself it makes an
 * event of every count, which at a prescaler of 1 is one every cycle: slower than real time, and no sleep could be skipped.
 * When it is read or set in between it counts up to now first, as it always does.
 */
import { AVRTimer, type AVRTimerConfig, type CPU } from 'avr8js';

/** What happens here when nothing does. */
const IDLE_COUNTS = 4096;
/** `TimerMode`: phase correct, phase and frequency correct. */
const PHASE_CORRECT = new Set([1, 4]);

/** Fields of `AVRTimer` that its types keep private. */
interface TimerState {
  readonly OCFA: unknown;
  readonly OCFB: unknown;
  readonly count: (reschedule?: boolean) => void;
  readonly divider: number;
  readonly lastCycle: number;
  readonly updateDivider: boolean;
  readonly tcntUpdated: boolean;
  readonly tcnt: number;
  readonly TOP: number;
  readonly timerMode: number;
  readonly countingUp: boolean;
  readonly ocrA: number;
  readonly nextOcrA: number;
  readonly ocrB: number;
  readonly nextOcrB: number;
  readonly compA: number;
  readonly compB: number;
  phasePwmCount(value: number, counts: number): number;
}

/** @returns the timer, for `flagMatchesLate` */
export function addTimer(cpu: CPU, config: AVRTimerConfig): TimerState {
  const timer = new AVRTimer(cpu, config) as unknown as TimerState;
  const { count } = timer;
  const countInPhase = timer.phasePwmCount.bind(timer);
  timer.phasePwmCount = (value, counts) => {
    let [from, left] = [value, counts];
    for (; left > 1 && wrapsNext(timer, from); left--) from = countInPhase(from, 1);
    return countInPhase(from, withoutIdleRounds(timer, from, left));
  };
  const addClockEvent = cpu.addClockEvent.bind(cpu);
  cpu.addClockEvent = (callback, cycles) => {
    if (callback !== count || timer.updateDivider || timer.tcntUpdated || timer.divider === 0)
      return addClockEvent(callback, cycles);
    const atCycle = timer.lastCycle + countsToNext(timer, cpu.data[config.TIMSK]!, config) * timer.divider;
    return addClockEvent(callback, atCycle - cpu.cycles);
  };
  for (const register of [config.OCRA, config.OCRB, config.TCNT, config.ICR, config.TCCRA, config.TIMSK]) {
    const hook = cpu.writeHooks[register];
    if (hook === undefined) continue;
    cpu.writeHooks[register] = (value, before, address, mask) => {
      count(false);
      const isWritten = hook(value, before, address, mask);
      if (!isWritten) cpu.data[address] = value;
      if (cpu.clearClockEvent(count)) cpu.addClockEvent(count, 0);
      return true;
    };
  }
  return timer;
}

/** A match is flagged at the timer's next clock (datasheet 16.7); `avr8js` flags it at once. */
export function flagMatchesLate(cpu: CPU, timer: TimerState): void {
  const flag = cpu.setInterruptFlag.bind(cpu);
  cpu.setInterruptFlag = (interrupt) => {
    if (interrupt !== timer.OCFA && interrupt !== timer.OCFB) {
      flag(interrupt);
      return;
    }
    const { lastCycle, tcnt, divider, ocrA, ocrB } = timer;
    const countsSince = Math.max(0, tcnt - (interrupt === timer.OCFA ? ocrA : ocrB));
    cpu.addClockEvent(() => flag(interrupt), lastCycle + (1 - countsSince) * divider - cpu.cycles);
  };
}

function countsToNext(timer: TimerState, enabled: number, config: AVRTimerConfig): number {
  return Math.max(1, PHASE_CORRECT.has(timer.timerMode) ? inPhase(timer, enabled, config) : rising(timer));
}

function rising({ tcnt, TOP, ocrA, ocrB }: TimerState): number {
  // `avr8js` takes a count beyond the top as one that wraps next; the chip would go on to its maximum.
  if (tcnt > TOP) return 1;
  // A whole round at once would look like none.
  let next = tcnt === 0 ? Math.max(1, TOP) : TOP + 1 - tcnt;
  for (const match of [ocrA, ocrB]) if (match > tcnt) next = Math.min(next, match - tcnt);
  return next;
}

/** Set to its top or beyond, it goes on to its end and wraps there, which `avr8js` does only between two of its calls. */
function wrapsNext({ countingUp, TOP }: TimerState, value: number): boolean {
  return countingUp && value >= TOP;
}

/** A round up and down in which no pin moves only sets flags, and the second sets none that the first has not set. */
function withoutIdleRounds(timer: TimerState, value: number, counts: number): number {
  const round = 2 * timer.TOP;
  // Beyond the top there are no rounds.
  if (timer.countingUp ? value >= timer.TOP : value > timer.TOP) return counts;
  const isIdle =
    timer.compA === 0 && timer.compB === 0 && timer.nextOcrA === timer.ocrA && timer.nextOcrB === timer.ocrB;
  return isIdle && round > 0 && counts > 2 * round ? round + (counts % round) : counts;
}

/** Up and down again. A match counts only when a pin or an interrupt waits for it. */
function inPhase(timer: TimerState, enabled: number, config: AVRTimerConfig): number {
  const { tcnt, TOP, countingUp } = timer;
  if (wrapsNext(timer, tcnt)) return 1;
  const to = (value: number): number => {
    if (countingUp) return value > tcnt ? value - tcnt : 2 * TOP - tcnt - value;
    return value < tcnt ? tcnt - value : tcnt + value;
  };
  let next = IDLE_COUNTS;
  if (timer.compA !== 0 || enabled & config.OCIEA) next = Math.min(next, to(timer.ocrA));
  if (timer.compB !== 0 || enabled & config.OCIEB) next = Math.min(next, to(timer.ocrB));
  if (enabled & config.TOIE) next = Math.min(next, to(0));
  // New matches come into force at the top.
  if (timer.nextOcrA !== timer.ocrA || timer.nextOcrB !== timer.ocrB) next = Math.min(next, to(TOP));
  return next;
}
