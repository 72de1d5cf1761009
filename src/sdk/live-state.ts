import type { StateMessage } from './messages.js';

/** Milliseconds from two clocks: a machine that slept may have stopped one of them. */
export interface LocalClock {
  monotonicMs(): number;
  wallMs(): number;
}

export const localClock: LocalClock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

/**
 * The newest values of a stream, ageing by the local clock from the moment they were received. `live` turns false by
 * itself, whatever happens to the connection or the bridge.
 */
export class LiveState {
  readonly receivedMs: number;
  private readonly receivedWallMs: number;

  /** @param heldUpUs how much longer than others the message was on its way */
  constructor(
    readonly message: StateMessage,
    private readonly clock: LocalClock = localClock,
    private readonly heldUpUs = 0,
  ) {
    this.receivedMs = clock.monotonicMs();
    this.receivedWallMs = clock.wallMs();
  }

  get stream(): string {
    return this.message.stream;
  }
  get values(): Readonly<Record<string, number | null>> {
    return this.message.values;
  }
  get verdict(): StateMessage['verdict'] {
    return this.message.verdict;
  }

  /** Microseconds since the release, without the quickest way through the network; null when the board's clock is not known. */
  get ageUs(): number | null {
    const { ageUs } = this.message;
    return ageUs === null ? null : ageUs + this.heldUpUs + this.sinceReceiptUs;
  }

  /** Whether the values may be shown as live now: they are certainly within their lifespan. */
  get live(): boolean {
    const { ageUs } = this;
    const { live, lifespanUs, uncertaintyUs } = this.message;
    return live && ageUs !== null && ageUs + (uncertaintyUs ?? 0) <= lifespanUs;
  }

  /** The larger of the two clocks: a wrong step can make a value stale too early, never live too long. */
  private get sinceReceiptUs(): number {
    const monotonicMs = this.clock.monotonicMs() - this.receivedMs;
    return Math.max(monotonicMs, this.clock.wallMs() - this.receivedWallMs) * 1e3;
  }
}
