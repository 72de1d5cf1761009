/** Rates of emulated lines, apart from the emulators themselves: the bridge needs them without their weight. */
import { EMULATED_PREFIX } from './binding.js';

const baudOf: Readonly<Record<string, number>> = { uno: 1_000_000, 'uno-test': 1_000_000 };

/** An emulated board has the rate that its firmware sets, whatever is configured: nobody can turn a switch on it. */
export function lineBaud(path: string, configured: number): number {
  return path.startsWith(EMULATED_PREFIX) ? (baudOf[path.slice(EMULATED_PREFIX.length)] ?? configured) : configured;
}
