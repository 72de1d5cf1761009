/** What the bridge tells, as JSON. `docs/socket-protocol.md` is the text to these types. Unknown numbers are null. */
import type { CommandDescriptor, Descriptor, SignalDescriptor } from '../codec/descriptor.js';
import type { Contract } from '../deadline/contract.js';
import type { Culprit, Verdict } from '../deadline/verdict.js';

export type { CommandDescriptor, Contract, Culprit, Descriptor, SignalDescriptor, Verdict };

/** The newest values of a stream. */
export interface StateMessage {
  readonly board: string;
  readonly stream: string;
  /** 8 hex digits. */
  readonly boot: string;
  readonly seq: number | null;
  /** Scheduled instant, device time. */
  readonly releaseUs: number | null;
  /** Of the release: ISO 8601, UTC, microseconds. Null while the board's clock is not known. */
  readonly time: string | null;
  /** At publication. */
  readonly ageUs: number | null;
  readonly uncertaintyUs: number | null;
  readonly lifespanUs: number;
  readonly verdict: Verdict | 'unknown';
  /** At publication; a reader goes on ageing it by its own clock. */
  readonly live: boolean;
  readonly values: Readonly<Record<string, number | null>>;
}

/** A frame that missed its deadline (`seq`), or a gap (`firstSeq` to `toUs`, with `latenessUs` null). */
export interface MissMessage {
  readonly board: string;
  readonly stream: string;
  readonly boot: string;
  readonly verdict: Verdict | 'unknown';
  readonly culprit: Culprit | 'unknown';
  readonly latenessUs: number | null;
  readonly segments: {
    readonly firmwareUs: number | null;
    readonly linkUs: number | null;
    readonly hostUs: number | null;
  };
  readonly uncertaintyUs: number | null;
  readonly time: string | null;
  /** Null past 100 a second: counted and attributed, without its evidence. */
  readonly evidence: Readonly<Record<string, number | string | null>> | null;
  readonly seq?: number | null;
  readonly firstSeq?: number | null;
  readonly lastSeq?: number | null;
  readonly count?: number | null;
  /** UTC, microseconds since 1970. */
  readonly fromUs?: number | null;
  readonly toUs?: number | null;
}

/** What an outlet delivered later than the delivery contract allows, in one second: never a verdict on a frame. */
export interface DeliveryMissMessage {
  readonly board: string;
  readonly stream: string;
  /** Which one: `gateway`, `mqtt`. */
  readonly outlet: string;
  /** Who should have had it; null when the outlet was late for all. */
  readonly client: string | null;
  readonly time: string;
  readonly verdict: 'delivered late';
  readonly culprit: 'outlet' | 'consumer' | 'indeterminate';
  readonly count: number;
  /** Of the worst of them; `outletUs` null when it was never handed over, `consumerUs` where nobody acknowledges. */
  readonly segments: { readonly outletUs: number | null; readonly consumerUs: number | null };
}

export interface AlarmMessage {
  readonly board: string | null;
  readonly id: string;
  readonly active: boolean;
  readonly text: string;
  readonly sinceUtcUs: number;
}

export interface HealthMessage {
  readonly link: string;
  readonly arm: 'disarmed' | 'armed' | 'tripped' | 'unknown';
  readonly tripCause: string;
  readonly live: boolean;
  readonly degraded: boolean;
  readonly boot: string;
  readonly encoding: string;
  readonly clock: Readonly<Record<'offsetUs' | 'uncertaintyUs' | 'driftPpm' | 'roundTripUs', number | null>>;
  readonly [counter: string]: unknown;
}

export interface StatsMessage {
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly culprits: Readonly<Record<Culprit, number>>;
  readonly rateHz: number | null;
  readonly [figure: string]: unknown;
}

export interface BoardView {
  readonly id: string;
  readonly path: string;
  readonly boot: string;
  readonly gone: string | null;
  readonly status: string;
  readonly descriptor: Descriptor | null;
  readonly contracts: Readonly<Record<string, Contract>>;
  readonly health: HealthMessage | null;
  readonly streams: readonly {
    readonly name: string;
    readonly id: number;
    readonly state: StateMessage | null;
    readonly stats: StatsMessage | null;
  }[];
  readonly alarms: readonly AlarmMessage[];
}

export interface BoardSummary {
  readonly id: string;
  readonly path: string;
  readonly name: string | null;
  readonly status: string;
}

/** What the frames of a boot are named by. */
export interface StreamsMessage {
  /** 8 hex digits. */
  readonly boot: string;
  readonly streams: readonly {
    readonly id: number;
    readonly name: string;
    readonly signals: readonly SignalDescriptor[];
  }[];
}

/** Reply to a join of `frames:<id>`. */
export interface FramesReply extends StreamsMessage {
  readonly epoch: string;
  readonly offset: number;
  readonly recovered: boolean;
}

/** Lossy messages that this client was not sent. A null count: not known. */
export interface DroppedMessage {
  readonly count: number | null;
  /** Of frames: `consumer`, this client did not read; `outlet`, the gateway was too slow. */
  readonly culprit?: 'consumer' | 'outlet';
  readonly event?: string;
  readonly fromOffset?: number;
  readonly toOffset?: number;
}
