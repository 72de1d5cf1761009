/** A board and the bridge that runs it, as a test has them: in virtual time or in real time, behind one interface. */
import type { ResetBy } from '../board/emulated/board.js';
import type { BoardLoop } from '../loop/board-loop.js';
import type { CommandAnswer } from '../outlet.js';
import type { LineFaults } from './line-faults.js';
import type { Trace } from './trace.js';

/** Pins and inputs, as somebody with a probe has them. */
export interface Io {
  readonly pin: (pin: number) => { readonly level: 0 | 1; readonly driven: boolean };
  /** Drives an input from outside; undefined lets go. */
  drive(pin: number, level: 0 | 1 | undefined): void;
  /** Calls back on each change of the pin, with host time; returns how to stop it. */
  onChange(pin: number, listener: (level: 0 | 1, atUs: number) => void): () => void;
  /** Voltage at an ADC input. */
  setVolts(channel: number, volts: number): void;
}

/** Where the bridge's outlets are, on this machine. */
export interface OutletPorts {
  readonly httpPort: number;
  /** Of the embedded broker. */
  readonly mqttPort: number;
}

export interface Rig {
  readonly trace: Trace;
  /** The tight loop of the board. */
  readonly loop: BoardLoop;
  /** HTTP port of the bridge's gateway; null where there are no outlets, or not yet. */
  readonly httpPort: number | null;
  /** Null where the target has none. */
  readonly faults: LineFaults | null;
  readonly io: Io | null;
  /** What this machine did to the test, in words; null in virtual time, and on a machine that was quiet enough. It excuses nothing. */
  readonly noise: string | null;
  /** The board is ready: what this machine did until now was before the test. */
  begin?(): void;
  /** Host monotonic. */
  nowUs(): number;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
  /**
   * Lets time pass until the condition holds.
   * @param withinMs in virtual time exact; in real time never less than half a minute, because a busy machine is no defect
   * @throws TimedOut that names `what`
   */
  until(what: string, condition: () => boolean, withinMs: number): Promise<void>;
  command(name: string, values: readonly number[]): Promise<CommandAnswer>;
  /** The host stands still: nothing is read, said or judged for so long. Then it goes on. */
  freeze(ms: number): Promise<void>;
  /** Starts the outlets where they do not run already; needs `outlets`. */
  outlets(): Promise<OutletPorts>;
  /** Ends when the reset has been asked for, not when the board is back. */
  reset(by: ResetBy): Promise<void>;
  /** Pulls the line out for so long; ends when it is in again. */
  unplug(ms: number): Promise<void>;
  close(): Promise<void>;
}
