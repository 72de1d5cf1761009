/**
 * Texts as they come from a broker, where anybody who may publish can write anything: checked field by field, and made
 * anew of the fields that are known, so that nothing else gets any further.
 */
import { COMMAND_ARGUMENTS_MAX, SIGNALS_MAX, STREAMS_MAX } from '../codec/schema.js';
import type { TextEvent } from '../outlet.js';
import type { AlarmText, BoardText, GoneText } from './told.js';

const BOARD_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const BOOT = /^[0-9a-f]{8}$/;
const BOARDS_MAX = 64;
const COMMANDS_MAX = 32;
/** One text, in characters. */
const JSON_MAX = 256 * 1024;
const TEXT_MAX = 8192;
/** Within what `Date` can take. */
const UTC_US_MAX = 8e18;

class Wrong extends Error {}

/** The text of a record, or undefined when it is none. */
export const parseTextEvent = (json: string): TextEvent | undefined => parse(json, textEvent);

/** An alarm as its topic has it: with an ISO time, and without a type. */
export const parseAlarm = (json: string): AlarmText | undefined =>
  parse(json, (value) => alarm({ ...value, sinceUtcUs: Date.parse(text(value.since)) * 1e3 }));

/** A board as its session topic has it. */
export interface Session {
  readonly epoch: string;
  readonly board: BoardText;
  readonly gone: GoneText | null;
}

export const parseSession = (json: string): Session | undefined =>
  parse(json, (value) => {
    const told = board(value);
    const { index, id } = told;
    const reason = value.gone === null ? null : text(value.gone);
    return {
      epoch: matching(value.epoch, BOOT),
      board: told,
      gone: reason === null ? null : { type: 'board-gone', index, id, reason },
    };
  });

type Json = Readonly<Record<string, unknown>>;

function parse<Value>(json: string, read: (value: Json) => Value): Value | undefined {
  if (json.length > JSON_MAX) return undefined;
  try {
    return read(object(JSON.parse(json)));
  } catch (error) {
    if (error instanceof Wrong || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function textEvent(value: Json): TextEvent {
  switch (value.type) {
    case 'board':
      return board(value);
    case 'board-gone':
      return { type: 'board-gone', index: index(value.index), id: id(value.id), reason: text(value.reason) };
    case 'alarm':
      return alarm(value);
    case 'log':
      return {
        type: 'log',
        board: boardOrNone(value.board),
        level: oneOf(value.level, ['info', 'warning', 'error']),
        text: text(value.text),
        utcUs: utcUs(value.utcUs),
      };
    case 'delivery-miss':
      return {
        type: 'delivery-miss',
        board: id(value.board),
        stream: text(value.stream),
        outlet: oneOf(value.outlet, ['gateway', 'mqtt', 'broker', 'console']),
        client: value.client === null ? null : text(value.client),
        culprit: oneOf(value.culprit, ['outlet', 'consumer', 'indeterminate']),
        count: finite(value.count),
        outletUs: value.outletUs === null ? null : finite(value.outletUs),
        consumerUs: value.consumerUs === null ? null : finite(value.consumerUs),
        utcUs: utcUs(value.utcUs),
      };
    default:
      throw new Wrong();
  }
}

const alarm = (value: Json): AlarmText => ({
  type: 'alarm',
  board: boardOrNone(value.board),
  id: text(value.id),
  active: boolean(value.active),
  text: text(value.text),
  sinceUtcUs: utcUs(value.sinceUtcUs),
});

function board(value: Json): BoardText {
  const contracts = object(value.contracts);
  const names = Object.keys(contracts);
  if (names.length > STREAMS_MAX) throw new Wrong();
  const told: BoardText = {
    type: 'board',
    index: index(value.index),
    id: id(value.id),
    path: text(value.path),
    descriptor: value.descriptor === null ? null : descriptor(object(value.descriptor)),
    boot: matching(value.boot, BOOT),
    contracts: Object.fromEntries(names.map((name) => [name, contract(object(contracts[name]))])),
  };
  // `constructor` is a name like any other, and what every object has is no contract.
  for (const { name } of told.descriptor?.streams ?? [])
    if (name in told.contracts && !Object.hasOwn(told.contracts, name)) throw new Wrong();
  return told;
}

type Descriptor = NonNullable<BoardText['descriptor']>;

/** Not `parseDescriptor`: a board that prints plain lines has told none, and the bridge has made one. */
const descriptor = (value: Json): Descriptor => ({
  ...(value.id === undefined ? {} : { id: text(value.id) }),
  name: text(value.name),
  mcu: text(value.mcu),
  firmware: text(value.firmware),
  build: text(value.build),
  tickHz: finite(value.tickHz),
  baud: finite(value.baud),
  armable: boolean(value.armable),
  watchdogMs: finite(value.watchdogMs),
  streams: list(value.streams, STREAMS_MAX).map(stream),
  commands: list(value.commands, COMMANDS_MAX).map(command),
});

const stream = (value: Json): Descriptor['streams'][number] => ({
  id: within(value.id, 255),
  name: text(value.name),
  periodUs: finite(value.periodUs),
  contract: contract(object(value.contract)),
  signals: list(value.signals, SIGNALS_MAX).map((each) => ({ ...quantity(each), type: text(each.type) as 'i32' })),
});

const command = (value: Json): Descriptor['commands'][number] => ({
  name: text(value.name),
  arguments: list(value.arguments, COMMAND_ARGUMENTS_MAX).map(quantity),
  dangerous: boolean(value.dangerous),
});

const quantity = (value: Json) => ({
  name: text(value.name),
  scale: finite(value.scale),
  offset: finite(value.offset),
  unit: text(value.unit),
  ...(value.min === undefined ? {} : { min: finite(value.min) }),
  ...(value.max === undefined ? {} : { max: finite(value.max) }),
});

/** As a stream offers it, or as it is held: with its period. */
function contract(value: Json): BoardText['contracts'][string] {
  const budgets = object(value.budgets);
  const delivery = object(value.delivery);
  return {
    class: oneOf(value.class, ['soft', 'firm', 'hard']),
    m: finite(value.m),
    k: finite(value.k),
    ...((value.periodUs === undefined ? {} : { periodUs: finite(value.periodUs) }) as { periodUs: number }),
    jitterUs: finite(value.jitterUs),
    deadlineUs: finite(value.deadlineUs),
    lifespanUs: finite(value.lifespanUs),
    leaseUs: finite(value.leaseUs),
    budgets: {
      firmwareUs: finite(budgets.firmwareUs),
      linkUs: finite(budgets.linkUs),
      hostUs: finite(budgets.hostUs),
    },
    delivery: { outletUs: finite(delivery.outletUs), consumerUs: finite(delivery.consumerUs) },
  };
}

function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Wrong();
  return value as Json;
}

function list(value: unknown, most: number): Json[] {
  if (!Array.isArray(value) || value.length > most) throw new Wrong();
  return value.map(object);
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value.length > TEXT_MAX) throw new Wrong();
  return value;
}

function matching(value: unknown, pattern: RegExp): string {
  if (!pattern.test(text(value))) throw new Wrong();
  return value as string;
}

function oneOf<Name extends string>(value: unknown, names: readonly Name[]): Name {
  if (!names.includes(value as Name)) throw new Wrong();
  return value as Name;
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Wrong();
  return value;
}

function within(value: unknown, most: number): number {
  if (!(Number.isInteger(value) && finite(value) >= 0 && finite(value) <= most)) throw new Wrong();
  return value as number;
}

function utcUs(value: unknown): number {
  if (Math.abs(finite(value)) > UTC_US_MAX) throw new Wrong();
  return value as number;
}

function boolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Wrong();
  return value;
}

const id = (value: unknown): string => matching(value, BOARD_ID);
const boardOrNone = (value: unknown): string | null => (value === null ? null : id(value));
const index = (value: unknown): number => within(value, BOARDS_MAX - 1);
