import { setFlagsFromString } from 'node:v8';
import { expect, test } from 'vitest';
import { type FedClock, FedLoop } from './fed-loop.js';
import { quantile } from './statistics.js';

const ROUNDS = 9;
const CHUNKS = 2000;
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

test('a frame that meets leaves no garbage from the chunk to the ring, whatever V8 inlines', async () => {
  // A double is boxed where it passes a call. With such calls inlined none of it is seen, until other code takes the budget.
  setFlagsFromString('--no-turbo-inlining');
  const fed = await FedLoop.start({ clock: virtualClock() });
  let bytesPerFrame = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && !(bytesPerFrame <= 1); i++) {
    bytesPerFrame = quantile(fed.weigh(ROUNDS, CHUNKS).sort(), 0.5);
    await new Promise(setImmediate);
  }
  fed.end();
  expect(bytesPerFrame).toBeLessThanOrEqual(1);
});
