/** What is wrong with each image of `make -C firmware defects`, and the test of `hil-tests/` that must find it. */
export interface PlantedDefect {
  /** The image: `firmware/build/pico-plant-<plant>.bin`. */
  readonly plant: string;
  readonly what: string;
  /** Of `hil-tests/`, and the whole name of a test in it, as the report has it. */
  readonly file: string;
  readonly test: string;
  /** Why that test, and no other reason, fails. */
  readonly why: string;
  /** What its reason says then. */
  readonly reason: RegExp;
}

export const plantedDefects: readonly PlantedDefect[] = [
  {
    plant: 'SLOW_TICK',
    what: 'a tick that is 3 % slow',
    file: '2_cadence.test.ts',
    test: 'cadence > releases are one period apart',
    why: 'the stamps of the releases are 1030 us apart',
    reason: /releases are 1030\.000 us apart .* wanted 1000 us/,
  },
  {
    plant: 'LOST_FRAME',
    what: 'one frame in 100000 is never sent',
    file: '3_loss.test.ts',
    test: 'loss > not one frame is lost in a minute, or in five seconds where they take five seconds',
    why: 'a minute of 60000 frames has its number missing',
    reason: /1 frames are missing in 1 gaps, the first before frame 2501/,
  },
  {
    plant: 'SLOW_INTERRUPT',
    what: 'an interrupt that once takes 1.5 ms',
    file: '2_cadence.test.ts',
    test: 'cadence > of a board with a timer of its own > jobs start when they are released',
    why: 'a release is skipped, and the job of the next one starts 0.5 ms late, by the stamp in its frame',
    reason: /jobs started up to 5\d\d us after their release/,
  },
  {
    plant: 'SHORT_CRC',
    what: 'a CRC over one byte too few',
    file: '1_handshake.test.ts',
    test: 'handshake > the board tells what it is, and streams in binary',
    why: 'every binary frame is corrupt, so the stream never lives',
    reason: /streams and is live: not within .* [1-9]\d* corrupt frames/,
  },
  {
    plant: 'DEAF_WATCHDOG',
    what: 'a heartbeat watchdog that never fires',
    file: '6_safe-state.test.ts',
    test: 'a host that stands still > trips the board by its own watchdog, latched until somebody re-arms',
    why: 'a board whose host stood still for 400 ms is still armed',
    reason: /the frames say tripped: not within/,
  },
  {
    plant: 'IDLE_WATCHDOG',
    what: 'a hardware watchdog that is never started',
    file: '7_hang.test.ts',
    test: 'a firmware that hangs > is reset by the hardware watchdog (fault-hang)',
    why: 'firmware that hangs hangs for ever',
    reason: /another boot streams: not within/,
  },
  {
    plant: 'SILENT_DROPS',
    what: 'a counter of dropped frames that stays zero',
    file: '9_board-alone.test.ts',
    test: 'frames that find the transmit ring full > are counted by the board, one by one, and the firmware is to blame',
    why: 'numbers are missing, and the counter in the frames does not say so',
    reason: /expected \+?0 to be 1\d/,
  },
  {
    plant: 'BLIND_ARM',
    what: 'an arm without a running heartbeat, so without proof that host and board agree on the time',
    file: '9_board-alone.test.ts',
    test: 'a board alone > refuses to be armed by a host that sends no heartbeats',
    why: 'the board answers the arm of a silent host with ok',
    reason: /expected \[ \{ ok: true \} \] to match/,
  },
  {
    plant: 'TIMELESS_ARM',
    what: 'an arm that is not held to the expiry in its command',
    file: '9_board-alone.test.ts',
    test: 'a board alone > refuses an arm whose expiry has passed by its own clock',
    why: 'the board answers an arm that came too late with ok',
    reason: /expected \[ \{ ok: true \} \] to match/,
  },
  {
    plant: 'STUCK_SEQUENCE',
    what: 'a sequence that does not wrap',
    file: '9_wrap.test.ts',
    test: 'the wraps > of the sequence and of the 32-bit clock show nowhere but in the numbers',
    why: 'the number before the wrap comes again and again',
    reason: /expected 42949\d+ to be less than 12000/,
  },
];

/** For docs/hil.md. */
export function plantedDefectsText(): string {
  const rows = plantedDefects.map(({ what, file, test, why }) => `| ${what} | \`${file}\`: ${test} | ${why} |`);
  return ['| defect in the firmware | found by | because |', '| --- | --- | --- |', ...rows].join('\n');
}
