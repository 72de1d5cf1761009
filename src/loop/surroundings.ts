/** What the loop of one board is handed: its port, its clock, its evidence, its configuration. */
import type { Arrival } from '../codec/decoder.js';
import type { BoardConfig } from '../config.js';
import type { SampleRing } from '../deadline/samples.js';
import type { Feed } from '../feed/feed.js';

/** The open port, as the loop needs it. */
export interface LoopPort {
  readonly path: string;
  send(bytes: Uint8Array): boolean;
}

/** Looks at the port while frames are overdue, and keeps what the host was doing. */
export interface LoopEvidence {
  readonly samples: SampleRing;
  /** First thing with every chunk. */
  arrived(): void;
  /** Once for every chunk: takes the sample. */
  read(arrival: Arrival): void;
  start(): void;
  close(): void;
  dispose(): void;
}

/** Host monotonic, and what it is in UTC. */
export interface LoopClock {
  nowUs(): number;
  utcUs(atUs: number): number;
  /** As `nowUs`, into an object that is reused: a double that is returned may be boxed, and this is on the way of each chunk. */
  stamp(into: { judgedUs: number }): void;
}

export interface BoardLoopOptions {
  readonly index: number;
  readonly config: BoardConfig;
  /** Until the board has told its id. */
  readonly provisionalId: string;
  readonly feed: Feed;
  readonly clock: LoopClock;
  readonly random32: () => number;
  /** Whether bytes take their time on this line. */
  readonly timedLine: boolean;
  /** Null in virtual time: the port is then always drained, and `looked` is called instead. */
  readonly evidence: ((periodUs: number, onEmpty: (nowUs: number) => void) => LoopEvidence) | null;
  /** By how much an emulated board lagged behind its plan in this time; undefined when it does not say. */
  readonly emulatorLagUs?: (fromUs: number, toUs: number) => number | undefined;
  /** Whether another board has this id already. */
  readonly isTaken: (id: string) => boolean;
}
