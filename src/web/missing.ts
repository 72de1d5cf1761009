/** How many did not come here, when not every part of it is known. */
import { count } from './format.js';

export interface Missing {
  readonly known: number;
  /** Whether there may be more, nobody knows how many. */
  readonly isMore: boolean;
}

export const noneMissing: Missing = { known: 0, isMore: false };

/** @param number null: not known */
export const plus = ({ known, isMore }: Missing, number: number | null): Missing =>
  number === null ? { known, isMore: true } : { known: known + number, isMore };

export const missingText = ({ known, isMore }: Missing): string =>
  !isMore ? count(known) : known === 0 ? 'unknown' : `at least ${count(known)}`;
