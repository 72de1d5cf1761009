import { SIGNALS_MAX } from './schema.js';

/** Longest line taken from a board that has not sent a frame yet. */
export const PLAIN_LINE_BYTES_MAX = 1024;
/** So many parsable lines in a row make a plain board; fewer may be chance. */
const PLAIN_LINES_NEEDED = 3;

export interface PlainReading {
  /** Reduced to `[a-z][a-z0-9_-]{0,31}`, so that it fits topics and paths. */
  readonly name: string;
  readonly value: number;
  readonly unit?: string;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;
const UNIT = /^[^\p{C}]{1,16}$/u;

/**
 * Level 0: what any sketch prints. `name:value[,name:value]`, `>name:value[§unit]`, one JSON object a line, or CSV below a
 * header. Nothing protects such a line, so nothing is taken from fewer than three in a row.
 */
export class PlainReader {
  #columns: readonly string[] = [];
  /** A header has had a row: what looks like another one below it is a log line, and must not rename the values. */
  #isTable = false;
  #parsableInARow = 0;

  /** The readings of a line, or undefined: not parsable, a header, or one of the first two. */
  read(line: string): readonly PlainReading[] | undefined {
    const text = line.trim();
    const readings = this.#jsonLine(text) ?? this.#pairs(text) ?? this.#csvRow(text);
    if (readings === undefined) {
      const columns = csvHeader(text);
      if (columns !== undefined && !this.#isTable) this.#columns = columns;
      else if (this.#parsableInARow < PLAIN_LINES_NEEDED) this.#parsableInARow = 0;
      return undefined;
    }
    this.#parsableInARow = Math.min(PLAIN_LINES_NEEDED, this.#parsableInARow + 1);
    return this.#parsableInARow < PLAIN_LINES_NEEDED ? undefined : readings;
  }

  #jsonLine(text: string): readonly PlainReading[] | undefined {
    if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return undefined;
    }
    const numbers = Object.entries(parsed as object).filter(([, value]) => typeof value === 'number');
    return checked(numbers.map(([name, value]) => ({ name: plainName(name), value })));
  }

  #pairs(text: string): readonly PlainReading[] | undefined {
    const body = text.startsWith('>') ? text.slice(1) : text;
    if (!body.includes(':')) return undefined;
    return checked(
      body.split(/[,\t]/).map((pair) => {
        const colon = pair.lastIndexOf(':');
        const [value = '', unit] = pair.slice(colon + 1).split('§');
        const reading = { name: plainName(pair.slice(0, Math.max(0, colon))), value: plainNumber(value) };
        return unit !== undefined && UNIT.test(unit) ? { ...reading, unit } : reading;
      }),
    );
  }

  #csvRow(text: string): readonly PlainReading[] | undefined {
    const cells = text.split(',');
    if (this.#columns.length === 0 || cells.length !== this.#columns.length) return undefined;
    const row = checked(this.#columns.map((name, index) => ({ name, value: plainNumber(cells[index]!) })));
    if (row !== undefined) this.#isTable = true;
    return row;
  }
}

/** Column names, when the line is a list of at least two distinct names and no number. */
function csvHeader(text: string): readonly string[] | undefined {
  const cells = text.split(',');
  if (cells.length < 2 || cells.length > SIGNALS_MAX) return undefined;
  const names = cells.map((cell) => (/^\s*[\p{L}_]/u.test(cell) ? plainName(cell) : ''));
  return names.includes('') || new Set(names).size < names.length ? undefined : names;
}

/** NaN when the text is no decimal number. */
function plainNumber(text: string): number {
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** `Motor Temp (C)` -> `motor_temp_c`; empty when nothing usable is left. */
function plainName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '_')
    .replace(/^[_-]+|[_-]+$/g, '');
  return (/^[0-9]/.test(name) ? `n${name}` : name).slice(0, 32);
}

function checked(readings: readonly PlainReading[]): readonly PlainReading[] | undefined {
  const names = new Set(readings.map((reading) => reading.name));
  const good = readings.every((reading) => reading.name !== '' && Number.isFinite(reading.value));
  return good && readings.length > 0 && readings.length <= SIGNALS_MAX && names.size === readings.length
    ? readings
    : undefined;
}
