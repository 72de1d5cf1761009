import type { OfferedContract } from '../codec/descriptor.js';

/** The contract in force for a stream: what the board offers, tightened by the configuration, judged feasible. */
export interface Contract extends OfferedContract {
  readonly periodUs: number;
}
