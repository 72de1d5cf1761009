/** What the plots of the page have in common: how much they show, and whether they stand still. */
import { signal } from '@preact/signals';

export const WINDOWS_SECONDS = [10, 60] as const;
export type WindowSeconds = (typeof WINDOWS_SECONDS)[number];
/** Columns of a plot, each with its lowest and highest value: more than most screens give it. */
export const COLUMNS = 600;

export const windowSeconds = signal<WindowSeconds>(10);
export const isPaused = signal(false);
