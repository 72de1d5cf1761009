/** Pins of a recording: what the test saw when it looked, and the changes that it heard of. */
import type { EntryPayloads, Recording } from './recording.js';
import type { Io } from './rig.js';

type Listener = (level: 0 | 1, atUs: number) => void;

export class ReplayedPins {
  readonly io: Io;
  readonly #listeners = new Map<number, Set<Listener>>();
  #nextLook = 0;

  constructor(private readonly recording: Recording) {
    this.io = {
      pin: (pin) => this.#look(pin),
      // What was driven has had its effect on the recorded bytes.
      drive: () => {},
      setVolts: () => {},
      onChange: (pin, listener) => {
        const listeners = this.#listeners.get(pin) ?? new Set();
        this.#listeners.set(pin, listeners.add(listener));
        return () => listeners.delete(listener);
      },
    };
  }

  edge({ pin, level, edgeUs }: EntryPayloads['edge']): void {
    for (const listener of this.#listeners.get(pin) ?? []) listener(level, edgeUs);
  }

  #look(pin: number): { level: 0 | 1; driven: boolean } {
    const at = this.recording.next('pin', this.#nextLook);
    if (at < 0) throw new Error(`replay: the recorded test did not look at pin ${pin} so often`);
    this.#nextLook = at + 1;
    const seen = this.recording.at(at).payload as EntryPayloads['pin'];
    if (seen.pin !== pin)
      throw new Error(`replay: the recorded test looked at pin ${seen.pin} here, this one at ${pin}`);
    return { level: seen.level, driven: seen.driven };
  }
}
