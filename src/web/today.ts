import { signal } from '@preact/signals';
import { dayOf } from './format.js';

/** The reader's day: a page that stays open over midnight writes its times anew. */
export const today = signal(dayOf(Date.now()));

export const lookAtDay = (): void => {
  today.value = dayOf(Date.now());
};
