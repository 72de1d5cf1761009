/** Pins and inputs of the board at the end of the line, in the host's time. Who listens to a pin goes along to the next board. */
import type { EmulatedBoard } from '../board/emulated/board.js';
import type { Io } from './rig.js';
import type { VirtualHostClock } from './virtual-host-clock.js';

interface Listening {
  readonly pin: number;
  readonly listener: Parameters<Io['onChange']>[1];
  /** At the board where the probe is now. */
  stop: () => void;
}

export class Probe implements Io {
  readonly #clock: VirtualHostClock;
  readonly #listening = new Set<Listening>();
  #board: EmulatedBoard;

  constructor(board: EmulatedBoard, clock: VirtualHostClock) {
    this.#board = board;
    this.#clock = clock;
  }

  /** Levels that differ between the two boards are no edges. */
  moveTo(board: EmulatedBoard): void {
    this.#board = board;
    for (const each of this.#listening) {
      each.stop();
      each.stop = this.#listen(each);
    }
  }

  readonly pin = (pin: number) => this.#board.pins.read(pin);

  drive(pin: number, level: 0 | 1 | undefined): void {
    this.#board.pins.drive(pin, level);
  }

  onChange(pin: number, listener: Listening['listener']): () => void {
    const listening: Listening = { pin, listener, stop: () => {} };
    listening.stop = this.#listen(listening);
    this.#listening.add(listening);
    return () => {
      this.#listening.delete(listening);
      listening.stop();
    };
  }

  setVolts(channel: number, volts: number): void {
    this.#board.adc.setVolts(channel, volts);
  }

  #listen({ pin, listener }: Pick<Listening, 'pin' | 'listener'>): () => void {
    return this.#board.pins.onChange(pin, ({ level, sinceNs }) => listener(level, this.#clock.at(sinceNs / 1e3)));
  }
}
