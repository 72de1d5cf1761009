import type { ValueType } from './schema.js';

/** What a board says of itself: JSON in its flash, untrusted until `parseDescriptor` has passed it. */
export interface Descriptor {
  /** Board id, `[a-z][a-z0-9_-]{0,31}`; when absent the host makes one of the name and the last four hex digits of the uid. */
  readonly id?: string;
  readonly name: string;
  readonly mcu: string;
  readonly firmware: string;
  /** SHA-256 of the image with this field zeroed, 64 hex digits. */
  readonly build: string;
  readonly tickHz: number;
  readonly baud: number;
  /** Whether the board has outputs that `arm` releases. */
  readonly armable: boolean;
  readonly watchdogMs: number;
  readonly streams: readonly StreamDescriptor[];
  readonly commands: readonly CommandDescriptor[];
}

export interface StreamDescriptor {
  /** Number on the wire. */
  readonly id: number;
  readonly name: string;
  readonly periodUs: number;
  readonly contract: OfferedContract;
  readonly signals: readonly SignalDescriptor[];
}

export interface SignalDescriptor {
  readonly name: string;
  readonly type: ValueType;
  /** value = raw * scale + offset */
  readonly scale: number;
  readonly offset: number;
  readonly unit: string;
  readonly min?: number;
  readonly max?: number;
}

export interface CommandDescriptor {
  readonly name: string;
  /** At most four; each is an i32 on the wire, scaled as a signal is. */
  readonly arguments: readonly Omit<SignalDescriptor, 'type'>[];
  /** Whether it moves something: such a command needs an armed board. */
  readonly dangerous: boolean;
}

/** The contract that the firmware offers; the configuration may tighten it. */
export interface OfferedContract {
  readonly class: 'soft' | 'firm' | 'hard';
  /** At least m of any k consecutive frames must meet. */
  readonly m: number;
  readonly k: number;
  readonly jitterUs: number;
  readonly deadlineUs: number;
  readonly lifespanUs: number;
  readonly leaseUs: number;
  readonly budgets: { readonly firmwareUs: number; readonly linkUs: number; readonly hostUs: number };
  readonly delivery: { readonly outletUs: number; readonly consumerUs: number };
}

export { type ParsedDescriptor, parseDescriptor } from './descriptor-parser.js';
