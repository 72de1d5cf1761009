import type { RP2040 } from 'rp2040js';

type Core = RP2040['core'];

/** Cortex-M0+ Technical Reference Manual, 1.3: interrupt latency with memory of zero wait states. */
const EXCEPTION_ENTRY_CYCLES = 15;
const THREAD_PRIORITY = 4;
const HARD_FAULT = 3;
const NMI = 2;

/**
 * What the core of `rp2040js` 1.4.1 lacks, put on one instance of it:
 * entry into an exception takes its cycles, and an interrupt that arrives during WFI only makes itself pending.
 * Whether it wakes the core is for `shouldWake`, and whether it is taken for the core's own check before the next
 * instruction, which honours PRIMASK; the stock core took it although PRIMASK was set, and never woke for SysTick or PendSV.
 */
export function amendCore(core: Core): void {
  const enter = core.exceptionEntry.bind(core);
  core.exceptionEntry = (exception) => {
    core.cycles += EXCEPTION_ENTRY_CYCLES;
    enter(exception);
  };
  core.setInterrupt = (irq, value) => {
    const bit = 1 << irq;
    if (!value) {
      core.pendingInterrupts &= ~bit;
    } else if ((core.pendingInterrupts & bit) === 0) {
      core.pendingInterrupts |= bit;
      core.interruptsUpdated = true;
    }
  };
}

/**
 * Whether a core that waits in WFI goes on: an exception is pending that would preempt if PRIMASK were clear
 * (ARMv6-M Architecture Reference Manual, B1.5.19). So `cpsid i; wfi` wakes, and goes on without taking it.
 */
export function shouldWake(core: Core): boolean {
  if (core.pendingNMI) return true;
  const current = core.IPSR === 0 ? THREAD_PRIORITY : core.exceptionPriority(core.IPSR);
  if (core.pendingPendSV && core.pendSVPriority < current) return true;
  if (core.pendingSystick && core.systickPriority < current) return true;
  if (core.pendingSVCall && core.svCallPriority < current) return true;
  const pending = core.pendingInterrupts & core.enabledInterrupts;
  if (pending === 0) return false;
  for (let priority = 0; priority < current; priority++) {
    if (pending & core.interruptPriorities[priority]!) return true;
  }
  return false;
}

/** BKPT and UDF without a debugger (ARMv6-M, B1.5.6): HardFault, or lock-up when that already runs. Returns whether the core locks up. */
export function raiseHardFault(core: Core): boolean {
  if (core.IPSR === HARD_FAULT || core.IPSR === NMI) return true;
  core.exceptionEntry(HARD_FAULT);
  return false;
}
