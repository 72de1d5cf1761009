/**
 * Whether the newest pings speak of another rate before any bound contradicts the old one. On a line with polls that takes
 * its time: a frame bounds the offset tightly only when it happens to be complete just before a poll.
 *
 * Four pings in a row, each further out than the one before, and all of them further out than each of the 32 before them,
 * are by chance 1 of 706,860, whatever the delays are like: once in four days of pings. So this is a doubt, not a proof,
 * and may cost knowledge, but must not add any.
 */
import type { BoundRing } from './bounds.js';

/** Pings in a row that have to agree. */
export const AGREEING = 4;
const COMPARED = 32;

/**
 * @param slope growth of the offset that was held for true
 * @param bendPerUs largest change of that growth, per µs: what it explains is no doubt
 * @param statedUs half width of the corridor: a smaller shift puts nothing outside of it
 */
export function rateDoubted(floors: BoundRing, slope: number, bendPerUs: number, statedUs: number): boolean {
  if (floors.size < AGREEING + COMPARED) return false;
  const nowUs = floors.atUs[floors.newest]!;
  const carriedUs = (i: number): number => floors.offsetUs[i]! + slope * (nowUs - floors.atUs[i]!);
  const newestUs = carriedUs(floors.back(0));
  const oldestUs = carriedUs(floors.back(AGREEING - 1));
  const out = newestUs < oldestUs ? -1 : 1;
  for (let back = 1; back < AGREEING; back++) {
    if (!(out * (carriedUs(floors.back(back - 1)) - carriedUs(floors.back(back))) > 0)) return false;
  }
  for (let back = AGREEING; back < AGREEING + COMPARED; back++) {
    const i = floors.back(back);
    const awayUs = nowUs - floors.atUs[i]!;
    const reachUs = out * carriedUs(i) + (bendPerUs / 2) * awayUs * awayUs;
    if (out * oldestUs <= reachUs || out * newestUs <= reachUs + statedUs) return false;
  }
  return true;
}
