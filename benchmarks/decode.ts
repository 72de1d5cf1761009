/** Decoding on one core: our text and binary, beside ReadlineParser with split, Number and a CRC check on the same lines. */
import { ReadlineParser } from '@serialport/parser-readline';
import { encodeBinary, encodeText } from '#dist/codec/encode.js';
import { atLeast, valuesOf } from './harness/bars.js';
import { type Benchmark, figure, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { median, medianOf, quantile, ratioOfMedians } from './harness/statistics.js';
import { decoderFor, lines } from './sample-frames.js';

const FRAMES = 1000;
const arrival = { arrivalUs: 0 };
/** Where the recipe belongs, µs a frame, and by how much its windows may differ: what all others are multiples of. */
const RECIPE_BAND_US = [0.3, 10] as const;
const RECIPE_SPREAD_MAX = 1.5;
const plans = {
  smoke: { windows: 3, windowMs: 30 },
  normal: { windows: 24, windowMs: 250 },
  full: { windows: 48, windowMs: 500 },
} as const;

/** Reflected, of the protocol's polynomial. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xc8df352f;
  return crc;
});

const frameUs = (perSecond: readonly number[]): number[] => perSecond.map((rate) => 1e6 / rate);

/** As one writes it with the packages at hand: @returns takes a chunk; `taken` counts frames. */
function recipe(taken: (values: readonly number[]) => void): (chunk: Uint8Array) => void {
  const parser = new ReadlineParser({ delimiter: '\n', encoding: 'latin1' });
  parser.on('data', (line: string) => {
    const star = line.lastIndexOf('*');
    let crc = 0xffffffff;
    for (let i = 1; i < star; i++) crc = table[(crc ^ line.charCodeAt(i)) & 0xff]! ^ (crc >>> 8);
    if ((crc ^ 0xffffffff) >>> 0 !== Number(`0x${line.slice(star + 1)}`)) return;
    const fields = line.slice(1, star).split(',');
    taken(fields.slice(1).map((field) => Number(`0x${field}`)));
  });
  return (chunk) => parser.write(chunk);
}

/** @param us of the recipe, a frame, of each window */
export function recipeDoubts(us: readonly number[]): string[] {
  const sorted = Float64Array.from(us).sort();
  const [low, middle, high] = [0.1, 0.5, 0.9].map((fraction) => quantile(sorted, fraction)) as [number, number, number];
  const [from, to] = RECIPE_BAND_US;
  if (!(middle >= from && middle <= to))
    return [`the recipe takes ${figure(middle)} µs a frame, its band is ${from} to ${to}`];
  return high / low <= RECIPE_SPREAD_MAX
    ? []
    : [
        `the recipe takes ${figure(low)} to ${figure(high)} µs a frame (p10 and p90 of its windows): something else ran`,
      ];
}

async function run({ size, seed }: RunOptions): Promise<Result> {
  const text = lines(FRAMES, encodeText);
  const binary = lines(FRAMES, encodeBinary);
  let taken = 0;
  const textDecoder = decoderFor('text', () => taken++);
  const binaryDecoder = decoderFor('binary', () => taken++);
  const takeByRecipe = recipe(() => taken++);
  const arms = {
    'ReadlineParser, split, Number, CRC': () => {
      for (const chunk of text) takeByRecipe(chunk);
    },
    'Tautline, text through ReadlineParser': () => {
      for (const chunk of text) textDecoder.push(chunk, arrival);
    },
    'Tautline, binary': () => {
      for (const chunk of binary) binaryDecoder.push(chunk, arrival);
    },
  };
  const names = Object.keys(arms) as (keyof typeof arms)[];
  const { windows, windowMs } = plans[size];
  const perSecond = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  for (let i = -2; i < windows; i++) {
    for (const name of names) {
      taken = 0;
      const beganMs = performance.now();
      while (performance.now() - beganMs < windowMs) arms[name]();
      const rate = taken / ((performance.now() - beganMs) / 1e3);
      if (taken === 0) throw new Error(`${name} decoded nothing`);
      if (i >= 0) perSecond[name]!.push(rate);
    }
    // The pending callbacks of the streams have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [byRecipe, byText, byBinary] = names.map((name) => perSecond[name]!) as [number[], number[], number[]];
  const bars = [
    atLeast('decode.text_over_readline', ratioOfMedians(byText, byRecipe, seed), 1.4),
    atLeast('decode.binary_over_readline', ratioOfMedians(byBinary, byRecipe, seed), 10),
    atLeast(
      'decode.binary_mfps',
      medianOf(
        byBinary.map((rate) => rate / 1e6),
        seed,
      ),
      5,
    ),
  ];
  return {
    name: 'decode',
    ...verdictOf(bars, size, { doubts: recipeDoubts(frameUs(byRecipe)) }),
    values: valuesOf(bars),
    bars,
    windows: Object.fromEntries(names.map((name) => [name, { p50Us: frameUs(perSecond[name]!), p99Us: [], cpu: [] }])),
    series: [],
    tables: [
      {
        title: `Frames of four signals, one chunk each (text ${text[0]!.length} bytes, binary ${binary[0]!.length}), one core; medians of ${windows} windows`,
        columns: ['decoder', 'frames a second, millions', 'ns a frame'],
        rows: names.map((name) => {
          const rate = median(perSecond[name]!);
          return [name, (rate / 1e6).toFixed(2), (1e9 / rate).toFixed(0)];
        }),
      },
    ],
  };
}

export default { description: 'frames decoded a second on one core, text and binary', run } satisfies Benchmark;
