/** A rig whose steps are written down, so that a replay knows where each of them ended. */
import type { ResetBy } from '../board/emulated/board.js';
import type { CommandAnswer } from '../outlet.js';
import { recordedPins } from './recorded-pins.js';
import type { StepKind } from './recording.js';
import type { Io, OutletPorts, Rig } from './rig.js';
import { checkNumber } from './terms.js';

export class RecordingRig implements Rig {
  readonly io: Io | null;

  constructor(private readonly rig: Rig) {
    const { recording } = rig.trace;
    this.io = rig.io === null ? null : recordedPins(rig, recording);
    recording.faultCounters = rig.faults?.counters ?? null;
  }

  get trace() {
    return this.rig.trace;
  }

  get loop() {
    return this.rig.loop;
  }

  get httpPort() {
    return this.rig.httpPort;
  }

  get faults() {
    return this.rig.faults;
  }

  get noise() {
    return this.rig.noise;
  }

  begin(): void {
    this.rig.begin?.();
  }

  nowUs(): number {
    return this.rig.nowUs();
  }

  async pass(ms: number): Promise<void> {
    checkNumber('pass', ms, '0 or more');
    return this.#step('pass', `${ms} ms`, () => this.rig.pass(ms));
  }

  async until(what: string, condition: () => boolean, withinMs: number): Promise<void> {
    checkNumber(what, withinMs, '0 or more');
    return this.#step('until', what, () => this.rig.until(what, condition, withinMs));
  }

  command(name: string, values: readonly number[]): Promise<CommandAnswer> {
    const detail = [name, ...values].join(' ');
    return this.trace.recording.step(
      { nowUs: () => this.nowUs(), step: 'command', detail },
      () => this.rig.command(name, values),
      (answer) => answer,
    );
  }

  async freeze(ms: number): Promise<void> {
    checkNumber('freeze', ms, 'above 0');
    return this.#step('freeze', `${ms} ms`, () => this.rig.freeze(ms));
  }

  outlets(): Promise<OutletPorts> {
    return this.rig.outlets();
  }

  reset(by: ResetBy): Promise<void> {
    return this.#step('reset', by, () => this.rig.reset(by));
  }

  async unplug(ms: number): Promise<void> {
    checkNumber('unplug', ms, '0 or more');
    return this.#step('unplug', `${ms} ms`, () => this.rig.unplug(ms));
  }

  close(): Promise<void> {
    return this.rig.close();
  }

  #step(step: StepKind, detail: string, work: () => Promise<void>): Promise<void> {
    return this.trace.recording.step({ nowUs: () => this.nowUs(), step, detail }, work);
  }
}
