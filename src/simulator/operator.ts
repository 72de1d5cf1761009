/** Somebody at the controls: arms when it is allowed, re-arms after a trip, asks for other things; and what was really permitted. */

import type { VirtualBridge } from './bridge.js';
import type { HostThread } from './host-thread.js';

const PERIOD_US = 300_000;
/** A command may run for so long after it was asked for (`COMMAND_EXPIRY_US`). */
export const EXPIRY_US = 1_000_000;

export class Operator {
  /** What the board may still execute, once each. */
  readonly permits = new Set<string>();
  lastSafeUs = Number.NEGATIVE_INFINITY;
  /** When what the board may be doing now was asked for, true time: one thing at a time. */
  askedUs = Number.NEGATIVE_INFINITY;
  /** Does nothing by itself: somebody else asks. */
  isAbsent = false;
  /** Whether the answer to the newest order to arm was that it is done, and none to disarm has been. */
  isSaidArmed = false;
  #isWaiting = false;

  constructor(
    private readonly thread: HostThread,
    private readonly bridge: VirtualBridge,
    private readonly random: () => number,
  ) {
    const timer = thread.after(PERIOD_US, () => {
      timer.refresh();
      this.#act();
    });
  }

  /** Whether somebody wanted that. Uses the permit up. */
  use(name: string): boolean {
    return this.permits.delete(name);
  }

  ask(name: string, values: readonly number[] = []): void {
    this.#isWaiting = true;
    this.askedUs = this.thread.nowUs;
    this.permits.add(name);
    if (name === 'arm') this.isSaidArmed = false;
    const command = { board: 'simulated', name, arguments: values, by: 'operator' };
    this.bridge.loop.ask(command, this.thread.clockUs, ({ ok }) => {
      this.#isWaiting = false;
      if (ok && (name === 'arm' || name === 'disarm')) this.isSaidArmed = name === 'arm';
    });
  }

  #act(): void {
    if (this.#isWaiting || this.isAbsent) return;
    const { state } = this.bridge.loop.control.policy;
    const dice = this.random();
    if (state === 'tripped') {
      if (dice < 0.5) this.ask('rearm');
      return;
    }
    if (dice < 0.02) {
      this.lastSafeUs = this.thread.nowUs;
      this.ask('safe');
    } else if (dice < 0.04 && state === 'armed') this.ask('disarm');
    else if (dice < 0.1) this.ask('setpoint', [Math.floor(4000 * this.random())]);
    else if (state === 'disarmed') this.ask('arm');
  }
}
