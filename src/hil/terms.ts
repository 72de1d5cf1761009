/** What a test gives to a matcher or a step is checked before anything is judged by it: a limit that is none holds always. */

/** `above 0`: a finite number above it; `0 or more`: 0 is sensible, too; `whole`: a whole one, 0 or more. */
export type Range = 'above 0' | '0 or more' | 'whole';

const isIn: Readonly<Record<Range, (value: number) => boolean>> = {
  'above 0': (value) => Number.isFinite(value) && value > 0,
  '0 or more': (value) => Number.isFinite(value) && value >= 0,
  whole: (value) => Number.isSafeInteger(value) && value >= 0,
};
const wanted: Readonly<Record<Range, string>> = {
  'above 0': 'a finite number above 0',
  '0 or more': 'a finite number, 0 or more',
  whole: 'a whole number, 0 or more',
};

/** @throws RangeError with the value */
export function checkNumber(name: string, value: unknown, range: Range): void {
  if (typeof value === 'number' && isIn[range](value)) return;
  throw new RangeError(`${name}: ${shown(value)}; give ${wanted[range]}`);
}

export interface TermsShape {
  readonly required?: Readonly<Record<string, Range>>;
  readonly optional?: Readonly<Record<string, Range>>;
  /** Of these at least one has to be there. */
  readonly oneOf?: Readonly<Record<string, Range>>;
}

/** @throws RangeError for what is missing, out of its range, or not known: a misspelt limit would be none */
export function checkTerms(
  call: string,
  terms: unknown,
  { required = {}, optional = {}, oneOf = {} }: TermsShape,
): void {
  const ranges: Readonly<Record<string, Range>> = { ...required, ...optional, ...oneOf };
  const names = Object.keys(ranges).join(', ');
  if (typeof terms !== 'object' || terms === null) {
    throw new RangeError(`${call}: ${shown(terms)}; give an object of ${names}`);
  }
  const given = Object.entries(terms).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined;
    if (range === undefined) throw new RangeError(`${call}: there is no "${name}"; there are ${names}`);
    checkNumber(`${call}: ${name}`, value, range);
  }
  const has = (name: string) => given.some(([each]) => each === name);
  const missing = Object.keys(required).find((name) => !has(name));
  if (missing !== undefined) throw new RangeError(`${call}: ${missing} is missing; give ${wanted[required[missing]!]}`);
  const alternatives = Object.keys(oneOf);
  if (alternatives.length > 0 && !alternatives.some(has)) {
    throw new RangeError(`${call}: there is no limit; give ${alternatives.join(' or ')}`);
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : String(value));
