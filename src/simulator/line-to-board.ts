/** The line from the host to the board: a bit rate, a driver's delays, noise, and the ways to lose everything. */
import type { DelayModel } from '../deadline/model/line.js';

const NOISE_US = 500_000;

export class LineToBoard {
  /** Until then everything is lost, or comes as other bytes. True time. */
  deafUntilUs = 0;
  garbledUntilUs = 0;
  /** So many of the messages that are sent before `flipsUntilUs` are damaged: noise does not wait for one. */
  #flips = 0;
  #flipsUntilUs = 0;
  /** When the newest message reaches the board. */
  readyUs = 0;
  #freeUs = 0;
  readonly #waiting: { readonly bytes: Uint8Array; readonly readyUs: number }[] = [];

  constructor(
    private readonly byteUs: number,
    private readonly model: DelayModel,
    private readonly random: () => number,
  ) {}

  get dueUs(): number {
    return this.#waiting[0]?.readyUs ?? Number.POSITIVE_INFINITY;
  }

  send(bytes: Uint8Array, atUs: number): void {
    this.#freeUs = Math.max(this.#freeUs, atUs) + bytes.length * this.byteUs;
    if (this.#freeUs < this.deafUntilUs) return;
    let sent = bytes;
    if (this.#freeUs < this.garbledUntilUs) sent = bytes.map(() => Math.floor(256 * this.random()));
    else if (this.#flips > 0 && this.#freeUs < this.#flipsUntilUs) {
      this.#flips--;
      sent = bytes.slice();
      sent[Math.floor(this.random() * sent.length)]! ^= 1 << Math.floor(8 * this.random());
    }
    this.readyUs = Math.max(this.readyUs, this.model.toDevice(this.#freeUs, this.random));
    this.#waiting.push({ bytes: sent, readyUs: this.readyUs });
  }

  /** Damages the next message, if there is one soon. */
  flip(nowUs: number): void {
    if (nowUs > this.#flipsUntilUs) this.#flips = 0;
    this.#flips++;
    this.#flipsUntilUs = nowUs + NOISE_US;
  }

  take(): Uint8Array {
    return this.#waiting.shift()!.bytes;
  }
}
