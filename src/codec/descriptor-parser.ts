import type {
  CommandDescriptor,
  Descriptor,
  OfferedContract,
  SignalDescriptor,
  StreamDescriptor,
} from './descriptor.js';
import { valueRanges } from './layout.js';
import {
  COMMAND_ARGUMENTS_MAX,
  DESCRIPTOR_BYTES_MAX,
  SIGNALS_MAX,
  STREAMS_MAX,
  type ValueType,
  valueBytes,
} from './schema.js';

export type ParsedDescriptor =
  | { readonly ok: true; readonly descriptor: Descriptor }
  | { readonly ok: false; readonly reason: string };

/** Would collide with topics and paths of the bridge's own. */
export const reservedNames: readonly string[] = [
  'bridge',
  'alarm',
  'availability',
  'descriptor',
  'request',
  'response',
];
/** Commands that every armable board has by itself. */
const builtInCommands: readonly string[] = ['arm', 'disarm', 'rearm', 'safe'];
const COMMANDS_MAX = 32;

const NAME = /^[a-z][a-z0-9_-]{0,31}$/;
const LABEL = /^[\x20-\x7e]{1,64}$/;
const UNIT = /^[^\p{C}]{0,16}$/u;
const BUILD = /^[0-9a-fA-F]{64}$/;
const HOUR_US = 3600e6;
const WINDOW_MAX = 100_000;

class Refused extends Error {}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads what a board says of itself. Untrusted: every limit of the protocol is checked, and the reason names the place and
 * the offending value. Keys that this version does not know are left out.
 */
export function parseDescriptor(bytes: Uint8Array): ParsedDescriptor {
  if (bytes.length > DESCRIPTOR_BYTES_MAX) {
    return {
      ok: false,
      reason: `the descriptor has ${bytes.length} bytes, at most ${DESCRIPTOR_BYTES_MAX} are allowed`,
    };
  }
  try {
    return { ok: true, descriptor: descriptor(parseJson(bytes)) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, reason: error.message };
    throw error;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    // The parser's message quotes the input.
    const reason = (error as Error).message.replace(/\p{C}/gu, '?').slice(0, 120);
    throw new Refused(`the descriptor is not JSON in UTF-8: ${reason}`);
  }
}

function descriptor(value: unknown): Descriptor {
  const json = object(value, 'descriptor');
  const streams = list(json, 'streams', '', 1, STREAMS_MAX).map((item, i) => stream(item, `streams[${i}]`));
  distinct(
    'streams',
    'id',
    streams.map((item) => item.id),
  );
  distinct(
    'streams',
    'name',
    streams.map((item) => item.name),
  );
  const commands = list(json, 'commands', '', 0, COMMANDS_MAX).map((item, i) => command(item, `commands[${i}]`));
  distinct(
    'commands',
    'name',
    commands.map((item) => item.name),
  );
  return {
    ...(json.id === undefined ? {} : { id: name(json, 'id', '') }),
    name: name(json, 'name', ''),
    mcu: text(json, 'mcu', '', LABEL),
    firmware: text(json, 'firmware', '', LABEL),
    build: text(json, 'build', '', BUILD),
    tickHz: integer(json, 'tickHz', '', 1, 1e9),
    baud: integer(json, 'baud', '', 300, 20e6),
    armable: flag(json, 'armable', ''),
    watchdogMs: integer(json, 'watchdogMs', '', 0, 60_000),
    streams,
    commands,
  };
}

function stream(value: unknown, at: string): StreamDescriptor {
  const json = object(value, at);
  const signals = list(json, 'signals', at, 1, SIGNALS_MAX).map((item, i) => signal(item, `${at}.signals[${i}]`));
  distinct(
    `${at}.signals`,
    'name',
    signals.map((item) => item.name),
  );
  return {
    id: integer(json, 'id', at, 0, STREAMS_MAX - 1),
    name: name(json, 'name', at),
    periodUs: integer(json, 'periodUs', at, 1, HOUR_US),
    contract: contract(json.contract, `${at}.contract`),
    signals,
  };
}

function signal(value: unknown, at: string): SignalDescriptor {
  const json = object(value, at);
  const type = json.type;
  if (typeof type !== 'string' || !Object.hasOwn(valueBytes, type)) {
    throw refused(at, 'type', type, `one of ${Object.keys(valueBytes).join(', ')}`);
  }
  const { name: signalName, ...scaling } = scaled(json, at);
  const { scale, offset } = scaling;
  const { min, max } = valueRanges[type as ValueType];
  if (![min, max].every((raw) => Number.isFinite(raw * scale + offset))) {
    throw refused(at, 'scale', scale, 'a number with which every value of the type is finite');
  }
  return { name: signalName, type: type as ValueType, ...scaling };
}

/** What signals and arguments of commands have in common. */
function scaled(json: Json, at: string): Omit<SignalDescriptor, 'type'> {
  const scale = number(json, 'scale', at);
  if (scale === 0) throw refused(at, 'scale', scale, 'a number other than 0');
  const min = json.min === undefined ? {} : { min: number(json, 'min', at) };
  const max = json.max === undefined ? {} : { max: number(json, 'max', at) };
  if (min.min !== undefined && max.max !== undefined && min.min > max.max) {
    throw refused(at, 'min', min.min, `at most max, which is ${max.max}`);
  }
  return {
    name: name(json, 'name', at),
    scale,
    offset: number(json, 'offset', at),
    unit: text(json, 'unit', at, UNIT),
    ...min,
    ...max,
  };
}

function command(value: unknown, at: string): CommandDescriptor {
  const json = object(value, at);
  const parameters = list(json, 'arguments', at, 0, COMMAND_ARGUMENTS_MAX).map((item, i) => {
    const path = `${at}.arguments[${i}]`;
    return scaled(object(item, path), path);
  });
  distinct(
    `${at}.arguments`,
    'name',
    parameters.map((item) => item.name),
  );
  const commandName = name(json, 'name', at);
  if (builtInCommands.includes(commandName))
    throw refused(at, 'name', commandName, 'another: every board has this one');
  return { name: commandName, arguments: parameters, dangerous: flag(json, 'dangerous', at) };
}

function contract(value: unknown, at: string): OfferedContract {
  const json = object(value, at);
  const budgets = object(json.budgets, `${at}.budgets`);
  const delivery = object(json.delivery, `${at}.delivery`);
  const micros = (owner: Json, key: string, path = at) => integer(owner, key, path, 0, HOUR_US);
  const kind = json.class;
  if (kind !== 'soft' && kind !== 'firm' && kind !== 'hard') throw refused(at, 'class', kind, 'soft, firm or hard');
  const k = integer(json, 'k', at, 1, WINDOW_MAX);
  return {
    class: kind,
    m: integer(json, 'm', at, 0, k),
    k,
    jitterUs: micros(json, 'jitterUs'),
    deadlineUs: micros(json, 'deadlineUs'),
    lifespanUs: micros(json, 'lifespanUs'),
    leaseUs: micros(json, 'leaseUs'),
    budgets: {
      firmwareUs: micros(budgets, 'firmwareUs', `${at}.budgets`),
      linkUs: micros(budgets, 'linkUs', `${at}.budgets`),
      hostUs: micros(budgets, 'hostUs', `${at}.budgets`),
    },
    delivery: {
      outletUs: micros(delivery, 'outletUs', `${at}.delivery`),
      consumerUs: micros(delivery, 'consumerUs', `${at}.delivery`),
    },
  };
}

// ---- one value ----

function refused(at: string, key: string, value: unknown, wanted: string): Refused {
  const shown = value === undefined ? 'missing' : `${JSON.stringify(value)}`.slice(0, 60);
  return new Refused(`${at === '' ? key : `${at}.${key}`} is ${shown}, must be ${wanted}`);
}

function object(value: unknown, at: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw refused('', at, value, 'an object');
}

function list(json: Json, key: string, at: string, min: number, max: number): readonly unknown[] {
  const value = json[key];
  if (!Array.isArray(value)) throw refused(at, key, value, 'an array');
  if (value.length < min || value.length > max) {
    throw refused(at, `${key}.length`, value.length, `from ${min} to ${max}`);
  }
  return value;
}

function text(json: Json, key: string, at: string, pattern: RegExp): string {
  const value = json[key];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw refused(at, key, value, `a string matching ${pattern}`);
}

function name(json: Json, key: string, at: string): string {
  const value = text(json, key, at, NAME);
  if (reservedNames.includes(value)) throw refused(at, key, value, `none of ${reservedNames.join(', ')}`);
  return value;
}

function number(json: Json, key: string, at: string): number {
  const value = json[key];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw refused(at, key, value, 'a finite number');
}

function integer(json: Json, key: string, at: string, min: number, max: number): number {
  const value = json[key];
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw refused(at, key, value, `an integer from ${min} to ${max}`);
}

function flag(json: Json, key: string, at: string): boolean {
  const value = json[key];
  if (typeof value === 'boolean') return value;
  throw refused(at, key, value, 'true or false');
}

function distinct(at: string, key: string, values: readonly (string | number)[]): void {
  const repeated = values.find((value, index) => values.indexOf(value) !== index);
  if (repeated !== undefined) throw refused(at, key, repeated, 'used once only');
}
