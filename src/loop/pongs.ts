/**
 * Gives pongs to the clock model. Those of an emulated board wait until its emulator has told how late it was itself:
 * its clock stands still while it is late, and a bound that ignores that is false.
 */
import type { ClockModel } from '../deadline/clock.js';

/** The emulator reports each 10 ms; by then it has spoken of the time of the ping, unless it is late itself. */
const EMULATOR_REPORT_US = 30_000;
/** More than are ever under way: eight in the burst at the start. */
const WAITING_MAX = 16;

interface Pong {
  readonly sentUs: number;
  readonly rxUs: number;
  readonly txUs: number;
  readonly arrivalUs: number;
  /** Certain time of the ping on the wire. */
  readonly wireUs: number;
}

export class PongIntake {
  /** Pongs of an emulated board that could not be used: the emulator did not say how late it was. */
  unused = 0;
  readonly #waiting: Pong[] = [];

  /** @param emulatorLagUs null for a real board */
  constructor(
    private readonly clock: ClockModel,
    private readonly emulatorLagUs: ((fromUs: number, toUs: number) => number | undefined) | null,
  ) {}

  restart(): void {
    this.#waiting.length = 0;
  }

  add(pong: Pong): void {
    if (this.emulatorLagUs === null) this.#give(pong, 0);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(pong);
    else this.unused++;
  }

  tick(nowUs: number): void {
    while (this.#waiting.length > 0 && nowUs - this.#waiting[0]!.arrivalUs >= EMULATOR_REPORT_US) {
      const pong = this.#waiting.shift()!;
      const slackUs = this.emulatorLagUs?.(pong.sentUs, pong.arrivalUs);
      if (slackUs === undefined) this.unused++;
      else this.#give(pong, slackUs);
    }
  }

  #give({ sentUs, rxUs, txUs, arrivalUs, wireUs }: Pong, slackUs: number): void {
    this.clock.pong(sentUs, rxUs, txUs, arrivalUs, wireUs, slackUs);
  }
}
