import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { bytesPerFrame, type FedClock, FedLoop } from './fed-loop.js';

const ROUNDS = 15;
/** Few: with a handful of bytes each there is seldom a collection in a round. */
const CHUNKS = 500;
/** The optimising compiler works beside us and at its own pace: so many tries until its code runs. */
const TRIES = 30;

/** What a look at the clock takes: more than a ping on the wire, which the loop counts with. */
const LOOK_US = 20;

/** Time that passes when it is looked at or waited for. */
function virtualClock(): FedClock {
  // No whole number: those are not boxed.
  const nowUs = Float64Array.of(1e9 + 0.25);
  return {
    nowUs: () => {
      nowUs[0]! += LOOK_US;
      return nowUs[0]!;
    },
    utcUs: (atUs) => atUs,
    stamp: (into) => {
      into.judgedUs = nowUs[0]!;
    },
    until: ({ arrivalUs }) => {
      if (arrivalUs > nowUs[0]!) nowUs[0] = arrivalUs;
    },
    sleep: async (ms) => {
      nowUs[0]! += ms * 1e3;
    },
  };
}

/** The best of some tries, when the bytes are few enough; NaN from a try with collections in most of its rounds. */
async function weighed(fed: FedLoop, isEnough: (bytes: number) => boolean): Promise<number> {
  let bytes = Number.NaN;
  for (let i = 0; i < TRIES && !isEnough(bytes); i++) {
    bytes = bytesPerFrame(fed.weigh(ROUNDS, CHUNKS));
    await new Promise(setImmediate);
  }
  return bytes;
}

beforeAll(() => {
  // A double is boxed where it passes a call. With such calls inlined none of it is seen, until other code takes the budget.
  setFlagsFromString('--no-turbo-inlining');
});

test('a frame that meets leaves no garbage from the chunk to the ring, whatever V8 inlines', async () => {
  const fed = await FedLoop.start({ clock: virtualClock() });
  onTestFinished(() => fed.end());
  expect(await weighed(fed, (bytes) => bytes <= 1)).toBeLessThanOrEqual(1);
});

const ARRAY_BYTES = 32;
let garbage: unknown;

/** With the young generation of 2 MiB that the bridge has, V8 collects so often by itself. */
const COLLECTED_BYTES = 2 ** 20;

test.each([64, 256, 768, 3072])('%i bytes of garbage a frame are found, or no figure is given', async (planted) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  let left = 0;
  const fed = await FedLoop.start({ clock: virtualClock() });
  onTestFinished(() => fed.end());
  const chunk = fed.loop.chunk.bind(fed.loop);
  fed.loop.chunk = (bytes, arrival) => {
    garbage = new Array((planted - ARRAY_BYTES) / 8).fill(0);
    left += planted;
    if (left > COLLECTED_BYTES) {
      collect({ type: 'minor' });
      left = 0;
    }
    chunk(bytes, arrival);
  };
  for (let i = 0; i < 10; i++) {
    const bytes = bytesPerFrame(fed.weigh(ROUNDS, CHUNKS));
    expect(bytes < 0.9 * planted, `${bytes} B a frame`).toBe(false);
  }
  expect(garbage).toBeDefined();
});

test('a figure needs rounds that say something, and not collections in most of them', () => {
  const bytes = Float64Array.of(2, 0.5, 1);
  expect(bytesPerFrame({ bytes, late: 12, collected: 3 })).toBe(1);
  expect(bytesPerFrame({ bytes, late: 0, collected: 4 })).toBeNaN();
  expect(bytesPerFrame({ bytes: new Float64Array(), late: 15, collected: 0 })).toBeNaN();
});
