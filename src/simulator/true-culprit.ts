/** Who was really to blame, by the book: what blame is scored against. */
import { controlStream } from '../deadline/model/stream.js';
import type { FrameBook } from './truth.js';

const { budgets } = controlStream.contract;

/** The segment of a frame that really overran its budget by most. @param i index in the book */
export function delayer(book: FrameBook, i: number): string {
  const firmware = book.handedUs[i]! - book.releaseUs[i]! - budgets.firmwareUs;
  const link = book.readyUs[i]! - book.handedUs[i]! - budgets.linkUs;
  const host = book.judgedUs[i]! - book.readyUs[i]! - budgets.hostUs;
  if (firmware >= link && firmware >= host) return 'firmware';
  return link >= host ? 'link' : 'host';
}

/** Who lost most frames between two of one boot; null when two lost as many. @param from index of the older one, and its release: the book may have forgotten that */
export function loser(book: FrameBook, from: number, fromRelease: number, to: number): string | null {
  const losses = { firmware: 0, link: 0, host: 0 };
  book.between(from, to, losses);
  const made = losses.firmware + losses.link + losses.host;
  losses.firmware += book.release[to]! - fromRelease - 1 - made;
  const [first, second] = Object.entries(losses).sort(([, a], [, b]) => b - a);
  return first![1] > second![1] ? first![0] : null;
}
