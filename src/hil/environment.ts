/** The environment variables of the kit, in one place. docs/hil.md lists them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Of a run that is to be relied on. `npm run soak:hil` holds each of its runs to the same. */
const INCONCLUSIVE_MAX = 30;

export const environment = {
  get target(): string {
    return process.env.HIL_TARGET ?? 'pico';
  },
  get seed(): number {
    return numberOf('HIL_SEED', 1);
  },
  /** An image for the emulated board in place of the committed ones; null for those. */
  get image(): string | null {
    return process.env.HIL_IMAGE || null;
  },
  /** The boot ROM of a Pico, for an image that uses it; null for none. */
  get bootRom(): string | null {
    return process.env.HIL_BOOTROM || null;
  },
  /** The hardware map. Undefined: `hil-boards.toml`, if there is one. */
  get boards(): string | undefined {
    return process.env.HIL_BOARDS || undefined;
  },
  /** How long a board is waited for that another run has, in seconds. */
  get waitSeconds(): number {
    return numberOf('HIL_WAIT', 30);
  },
  /** Bits per second of a port that is given by its path; undefined: the kit's own. */
  get baud(): number | undefined {
    return process.env.HIL_BAUD ? numberOf('HIL_BAUD', 0) : undefined;
  },
  /** Files that the target was made of, as they were given: whoever runs a test again needs them too. */
  get given(): [name: string, value: string][] {
    const names = ['HIL_BOARDS', 'HIL_BAUD', 'HIL_IMAGE', 'HIL_BOOTROM'];
    return names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  },
  get isRequired(): boolean {
    return process.env.HIL_REQUIRE === '1';
  },
  /** How many percent of the judged tests of a run may be inconclusive; null for any. */
  get inconclusiveMax(): number | null {
    const name = 'HIL_INCONCLUSIVE_MAX';
    if (!process.env[name]) return this.isRequired ? INCONCLUSIVE_MAX : null;
    const percent = numberOf(name, 0);
    if (percent > 100) throw new Error(`${name}=${percent}: give a percentage, 0 to 100`);
    return percent;
  },
  /** @throws Error for a number that is none */
  check(): void {
    for (const name of ['HIL_SEED', 'HIL_WAIT', 'HIL_BAUD']) numberOf(name, 0);
  },
  /** Every test leaves a recording, not only one that failed. */
  get isRecorded(): boolean {
    return process.env.HIL_RECORD === '1';
  },
  /** A recording to replay in place of a board; null for none. */
  get replay(): string | null {
    return process.env.HIL_REPLAY || null;
  },
};

/** @throws Error for what is no whole number of at least 0 */
function numberOf(name: string, byDefault: number): number {
  const given = process.env[name];
  if (!given) return byDefault;
  if (!/^\d{1,10}$/.test(given)) throw new Error(`${name}=${given}: give a whole number, at least 0`);
  return Number(given);
}

/** Where recordings and reports go: `HIL_ARTIFACTS`, or `artifacts` in `hil-tests`, or `hil-artifacts`. */
export function artifactsFolder(): string {
  const given = process.env.HIL_ARTIFACTS;
  if (given) return given;
  return existsSync('hil-tests') ? join('hil-tests', 'artifacts') : 'hil-artifacts';
}
