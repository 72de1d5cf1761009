/** Why the host was not looking, or what else the evidence names. The order is the code in the feed's slots: append only. */
export const evidenceCauses = [
  'none',
  'loop busy',
  'no CPU',
  'stopped',
  'started late',
  'ran long',
  'transmit queue',
  'held after stamping',
  'bytes late',
  'bytes corrupted',
  'releases skipped',
  'frames dropped by the board',
  'silence',
  'emulator lag',
  'clock not settled',
  'bytes lost',
  'suspended',
] as const;
export type EvidenceCause = (typeof evidenceCauses)[number];

export const causeCode = Object.freeze(
  Object.fromEntries(evidenceCauses.map((cause, code) => [cause, code])) as Record<EvidenceCause, number>,
);
