import { parseDescriptor } from '../codec/descriptor.js';
import type { TextEvent } from '../outlet.js';

const BOARD_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const BOARDS_MAX = 64;

type Json = Readonly<Record<string, unknown>>;

/** The text in a message of the broker, or undefined when it is none: anybody who may publish there can write anything. */
export function parseTextEvent(json: string): TextEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isObject(value) || typeof value.type !== 'string') return undefined;
  const isSound = Object.hasOwn(checks, value.type) && checks[value.type]!(value);
  return isSound ? (value as TextEvent) : undefined;
}

/** An alarm as its topic has it: with an ISO time, and without a type. */
export function parseAlarm(json: string): Extract<TextEvent, { type: 'alarm' }> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { board, id, active, text, since } = value;
  const alarm = { type: 'alarm', board, id, active, text, sinceUtcUs: Date.parse(String(since)) * 1e3 };
  return parseTextEvent(JSON.stringify(alarm)) as Extract<TextEvent, { type: 'alarm' }> | undefined;
}

const checks: Readonly<Record<string, (value: Json) => boolean>> = {
  board: (value) =>
    isIndex(value.index) &&
    isId(value.id) &&
    isText(value.path) &&
    typeof value.boot === 'string' &&
    /^[0-9a-f]{8}$/.test(value.boot) &&
    isObject(value.contracts) &&
    Object.values(value.contracts).every(isContract) &&
    (value.descriptor === null || isDescriptor(value.descriptor)),
  'board-gone': (value) => isIndex(value.index) && isId(value.id) && isText(value.reason),
  alarm: (value) =>
    isBoard(value.board) &&
    isText(value.id) &&
    typeof value.active === 'boolean' &&
    isText(value.text) &&
    isTime(value.sinceUtcUs),
  log: (value) => isBoard(value.board) && isText(value.level) && isText(value.text) && isTime(value.utcUs),
  'delivery-miss': (value) =>
    isId(value.board) &&
    [value.stream, value.outlet, value.culprit].every(isText) &&
    (value.client === null || isText(value.client)) &&
    [value.count, value.utcUs].every(Number.isFinite) &&
    [value.outletUs, value.consumerUs].every((us) => us === null || Number.isFinite(us)),
};

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isId = (value: unknown): boolean => isText(value) && BOARD_ID.test(value);
const isBoard = (value: unknown): boolean => value === null || isId(value);
const isIndex = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < BOARDS_MAX;
/** One that `Date` can take. */
const isTime = (us: unknown): boolean => Number.isFinite(us) && Math.abs(Number(us)) < 8.64e18;
const isDescriptor = (value: unknown): boolean => parseDescriptor(Buffer.from(JSON.stringify(value))).ok;

/** What a gateway reads of it. */
function isContract(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.budgets) || !isObject(value.delivery)) return false;
  const { m, k, periodUs, jitterUs, deadlineUs, lifespanUs, leaseUs } = value;
  const figures = [m, k, periodUs, jitterUs, deadlineUs, lifespanUs, leaseUs];
  return isText(value.class) && [...figures, value.delivery.outletUs, value.delivery.consumerUs].every(Number.isFinite);
}
