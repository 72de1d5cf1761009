/** What is said of every frame. The order is the code in the feed's slots: append only. */
export const verdicts = [
  'met',
  'late',
  'indeterminate', // within the clock's uncertainty
  'stale', //         past its lifespan when it came
  'lost',
  'repeated',
  'reordered',
  'corrupt',
  'foreign', //       another firmware, boot or host
  'unverified', //    plain lines: no CRC, no sequence, no time
] as const;
export type Verdict = (typeof verdicts)[number];

export const verdictCode = Object.freeze(
  Object.fromEntries(verdicts.map((verdict, code) => [verdict, code])) as Record<Verdict, number>,
);

/** Who was late. The first three are judged on the deadline, the next two on delivery. The order is the code in the feed's slots. */
export const culprits = ['none', 'firmware', 'link', 'host', 'outlet', 'consumer', 'indeterminate'] as const;
export type Culprit = (typeof culprits)[number];

export const culpritCode = Object.freeze(
  Object.fromEntries(culprits.map((culprit, code) => [culprit, code])) as Record<Culprit, number>,
);
