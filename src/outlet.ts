/**
 * What the supervisor and its outlets (workers) say to each other. Frames and events do not pass here: they go through
 * the rings. A number is a wake-up: `WAKE`.
 */
import type { Config } from './config.js';
import type { DeliveryCulprit, LateDelivery } from './delivery/misses.js';

export const outletNames = ['gateway', 'mqtt', 'broker', 'console'] as const;
export type OutletName = (typeof outletNames)[number];

/** `workerData` of an outlet. */
export interface OutletStart {
  readonly name: OutletName;
  /** Consumer number in both rings. */
  readonly consumer: number;
  readonly feed: SharedArrayBuffer;
  readonly events: SharedArrayBuffer;
  /** Where to go on reading; the supervisor took them from the shared memory of the run before. */
  readonly feedCursor: number;
  readonly eventsCursor: number;
  /** The retained texts (descriptors, boards) as of `eventsCursor`. */
  readonly texts: readonly TextEvent[];
  readonly config: Config;
  /** Keys that the user set (file, environment or flag), such as `mqtt.port`: a busy default port moves, an explicit one is an error. */
  readonly explicit?: readonly string[];
  /** Random 8 hex digits: this run of the bridge. */
  readonly epoch: string;
  readonly startedUtcUs: number;
  /** Where the feed is a copy: one f64, the UTC of the bridge that is followed - monotonic here. */
  readonly utcOffset?: SharedArrayBuffer;
}

/** main -> outlet. */
export const WAKE = 0;
export type ToOutlet =
  | typeof WAKE
  | { readonly type: 'answer'; readonly request: number; readonly answer: CommandAnswer }
  | { readonly type: 'metrics'; readonly from: OutletName | 'bridge'; readonly values: MetricValues }
  | { readonly type: 'outlets'; readonly outlets: readonly OutletState[] }
  /** After events were lost to this outlet: how things are now. `readRings` gives them to its `text` handler. */
  | { readonly type: 'texts'; readonly texts: readonly TextEvent[] }
  /** Answered at once with `pong` (`readRings` and `answerPings` do it): a worker that doesn't is hung, and is ended. */
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'stop' };

/** outlet -> main. */
export type FromOutlet =
  | {
      readonly type: 'ready';
      readonly info: Readonly<Record<string, string | number | boolean | null>>;
      /** It runs, but is not up until its `status` says so: what it waits for. */
      readonly waitsFor?: string;
    }
  /** Something the operator should know; goes to the console and to the events ring. */
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string }
  | { readonly type: 'alarm'; readonly id: string; readonly active: boolean; readonly text: string }
  /** The outlet works, or does not (broker away): shown in /readyz. */
  | { readonly type: 'status'; readonly up: boolean; readonly detail: string }
  | { readonly type: 'command'; readonly request: number; readonly command: BoardCommand }
  | { readonly type: 'metrics'; readonly values: MetricValues }
  | { readonly type: 'pong'; readonly id: number }
  /** Once a second for each board, stream, client and culprit: so many came later than the delivery contract allows. */
  | ({ readonly type: 'delivery-miss'; readonly count: number } & LateDelivery)
  /** Start-up failed for a reason that the user must remove (port taken): the process ends with this exit code. */
  | { readonly type: 'fatal'; readonly exitCode: number; readonly text: string };

export type LogLevel = 'info' | 'warning' | 'error';
/** `name` or `name{label="value"}` -> number, in Prometheus' terms. */
export type MetricValues = Readonly<Record<string, number>>;

export interface BoardCommand {
  readonly board: string;
  /** `arm`, `disarm`, `rearm`, `safe`, or a command of the board's descriptor. */
  readonly name: string;
  /** In the units of the descriptor. */
  readonly arguments: readonly number[];
  /** Who asked, for the log: `http 127.0.0.1`, `socket <name> 127.0.0.1`. */
  readonly by: string;
}

export type CommandAnswer =
  | { readonly ok: true; readonly detail: string }
  | { readonly ok: false; readonly code: string; readonly detail: string };

export interface OutletState {
  /** `bridge`: not an outlet, but what a gateway elsewhere follows. */
  readonly name: OutletName | 'bridge';
  readonly up: boolean;
  readonly detail: string;
  readonly restarts: number;
  readonly info: Readonly<Record<string, string | number | boolean | null>>;
}

/** JSON in a `text` record of the events ring. */
export type TextEvent =
  | {
      readonly type: 'board';
      readonly index: number;
      readonly id: string;
      readonly path: string;
      readonly descriptor: import('./codec/descriptor.js').Descriptor | null;
      readonly boot: string;
      readonly contracts: Readonly<Record<string, import('./deadline/contract.js').Contract>>;
    }
  | { readonly type: 'board-gone'; readonly index: number; readonly id: string; readonly reason: string }
  | {
      readonly type: 'alarm';
      readonly board: string | null;
      readonly id: string;
      readonly active: boolean;
      readonly text: string;
      readonly sinceUtcUs: number;
    }
  | {
      readonly type: 'delivery-miss';
      readonly board: string;
      readonly stream: string;
      readonly outlet: OutletName;
      readonly client: string | null;
      readonly culprit: DeliveryCulprit;
      readonly count: number;
      /** Of the worst of them. */
      readonly outletUs: number | null;
      readonly consumerUs: number | null;
      readonly utcUs: number;
    }
  | {
      readonly type: 'log';
      readonly board: string | null;
      readonly level: LogLevel;
      readonly text: string;
      readonly utcUs: number;
    };
