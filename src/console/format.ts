/** How the console says things. Pure. */
import { armStates, encodings, tripCauses } from '../codec/schema.js';
import { culprits, verdicts } from '../deadline/verdict.js';
import type { HealthRecord } from '../feed/events.js';
import { linkStates } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';

/** Local time of day with milliseconds. */
export function timeOfDay(utcUs: number): string {
  const date = new Date(utcUs / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** A length of time with three digits, in the unit that suits it. */
export function duration(us: number): string {
  if (!Number.isFinite(us)) return 'unknown';
  const size = Math.abs(us);
  if (size < 1000) return `${Math.round(us)} µs`;
  if (size < 1e6) return `${Number((us / 1e3).toPrecision(3))} ms`;
  if (size < 120e6) return `${Number((us / 1e6).toPrecision(3))} s`;
  return `${Math.round(us / 60e6)} min`;
}

const nameOf = (codes: Readonly<Record<string, number>>, code: number): string =>
  Object.keys(codes).find((name) => codes[name] === code) ?? `${code}?`;

/** State of a board in a few words; two that read the same are the same to a person. */
export function healthWords(health: HealthRecord): string {
  const link = linkStates[health.link] ?? `${health.link}?`;
  if (link !== 'streaming') return link;
  const words = [`streaming ${nameOf(encodings, health.encoding)}`];
  if (health.arm === armStates.tripped) words.push(`TRIPPED: ${nameOf(tripCauses, health.tripCause)}`);
  else words.push(nameOf(armStates, health.arm));
  if (!health.live) words.push('STALE');
  if (health.degraded) words.push('DEGRADED: too many misses among its last frames');
  return words.join(', ');
}

/** What a board is, once it has said so. */
export function boardWords({ path, descriptor }: Extract<TextEvent, { type: 'board' }>): string {
  if (descriptor === null) return `on ${path}`;
  const streams = descriptor.streams.map(
    ({ name, periodUs, signals }) => `${name} ${Number((1e6 / periodUs).toPrecision(4))} Hz × ${signals.length}`,
  );
  const { name, firmware, mcu } = descriptor;
  const product = firmware.startsWith(`${name} `) ? firmware : `${name} ${firmware}`;
  return `on ${path}: ${product} (${mcu}), ${streams.join(', ')}`;
}

/** Counters that grew, or nothing: `9998 met  2 late (1 link, 1 host)`. Culprits are given for everything that missed. */
export function counterWords(byVerdict: ArrayLike<number>, byCulprit: ArrayLike<number>): string {
  const counts = verdicts.flatMap((name, i) => (byVerdict[i]! > 0 ? [`${byVerdict[i]} ${name}`] : []));
  const blamed = culprits.flatMap((name, i) => (i > 0 && byCulprit[i]! > 0 ? [`${byCulprit[i]} ${name}`] : []));
  if (counts.length === 0) return '';
  return counts.join('  ') + (blamed.length > 0 ? ` (${blamed.join(', ')})` : '');
}
