import { type Field, type MessageName, messages, type ValueType } from './schema.js';

/** The value that a field of the schema has in TypeScript. A u64 is a number: exact up to 2^53 (285 years of microseconds). */
type FieldValue<F extends Field> = F extends { readonly opaque: true }
  ? string
  : F['type'] extends 'text'
    ? string
    : F['type'] extends 'bytes'
      ? Uint8Array
      : F['type'] extends 'i32s'
        ? readonly number[]
        : number;

type Fields<N extends MessageName> = {
  readonly [F in (typeof messages)[N]['fields'][number] as F['name']]: FieldValue<F>;
};

/** One message: `{ name }` and the fields that `schema.ts` declares for it. */
export type Message<N extends MessageName = MessageName> = N extends MessageName
  ? { readonly name: N } & Fields<N>
  : never;

type NameByDirection<D extends 'device' | 'host'> = {
  [N in MessageName]: (typeof messages)[N]['direction'] extends D ? N : never;
}[MessageName];

export type DeviceMessageName = Exclude<NameByDirection<'device'>, 'data'>;
export type HostMessageName = NameByDirection<'host'>;

/** What a board says, but `data`, which the decoder delivers as one reused `DataFrame`. */
export type DeviceMessage = Message<DeviceMessageName>;
export type HostMessage = Message<HostMessageName>;

/** A `data` message to encode: raw integers and their types on the wire (tests, simulators). */
export type DataMessage = Message<'data'> & {
  readonly values: readonly number[];
  readonly types: readonly ValueType[];
};

export type AnyMessage = DeviceMessage | HostMessage | DataMessage;

/** A declared message, as the codecs look it up. */
export interface MessageEntry {
  readonly name: MessageName;
  readonly kind: number;
  readonly word: string;
  readonly direction: 'device' | 'host';
  readonly fields: readonly Field[];
}

const entries: readonly MessageEntry[] = Object.entries(messages).map(([name, schema]) => ({
  ...schema,
  name: name as MessageName,
}));
const entryByKind: readonly (MessageEntry | undefined)[] = Array.from({ length: 256 }, (_, kind) =>
  entries.find((entry) => entry.kind === kind),
);
const entryByWord = new Map(entries.map((entry) => [entry.word, entry]));

export function entryOfKind(kind: number): MessageEntry | undefined {
  return entryByKind[kind];
}

export function entryOfWord(word: string): MessageEntry | undefined {
  return entryByWord.get(word);
}
