import { monotonicUs } from '../host-clock.js';
import { addressOf } from '../mqtt/client.js';

/** The bridge says how it is each second. */
export const SILENCE_MAX_US = 3e6;

interface HearingHandlers {
  /** What `judge` says is another thing now. */
  changed(): unknown;
  /** It is away for longer than a moment, or heard again. */
  away(isAway: boolean, text: string): unknown;
}

/** Whether the bridge is heard, and if not, why: by the connection to the broker, the bridge's will, and its shipments. */
export class Hearing {
  /** The broker says so: the bridge's last will, or its goodbye. */
  isOffline = false;
  /** When the newest shipment was taken, host monotonic. */
  newestUs = Number.NEGATIVE_INFINITY;
  #isLinkUp = false;
  #linkDetail: string;
  #told = '';
  #downSinceUs = monotonicUs();
  #isAway = false;
  readonly #broker: string;

  constructor(
    url: string,
    private readonly epoch: () => string,
    private readonly handlers: HearingHandlers,
  ) {
    this.#broker = addressOf(url);
    this.#linkDetail = `connecting to ${this.#broker}`;
  }

  link(isUp: boolean, detail: string): void {
    this.#isLinkUp = isUp;
    this.#linkDetail = detail;
    this.look();
  }

  judge(): { readonly up: boolean; readonly detail: string } {
    if (!this.#isLinkUp) return { up: false, detail: this.#linkDetail };
    if (this.isOffline) return { up: false, detail: `the bridge is offline, says the broker at ${this.#broker}` };
    if (monotonicUs() - this.newestUs <= SILENCE_MAX_US)
      return { up: true, detail: `follows bridge ${this.epoch()} over ${this.#broker}` };
    const what = 'it needs mqtt.replicate = true and this broker';
    return { up: false, detail: `no word of a bridge over ${this.#broker}; ${what}` };
  }

  /** Tells changes: at once what is, and as an alarm what lasts. Call it a few times a second. */
  look(): void {
    const { up, detail } = this.judge();
    if (detail !== this.#told) this.handlers.changed();
    this.#told = detail;
    const nowUs = monotonicUs();
    if (up) this.#downSinceUs = nowUs;
    const isAway = nowUs - this.#downSinceUs > SILENCE_MAX_US;
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.handlers.away(isAway, isAway ? `values are not kept up to date: ${detail}` : 'the bridge is heard');
  }

  /** Whoever was told has ended: others begin with nothing. */
  tellAnew(): void {
    this.#told = '';
    this.#isAway = false;
  }
}
