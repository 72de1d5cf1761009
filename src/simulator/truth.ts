/**
 * What really happened to each frame: the simulator's own book, which nothing that is tested can read. All instants are
 * true time, µs, which neither the board's nor the host's clock shows.
 */

/** More frames than the line, the kernel's buffers and a stopped host can hold between board and judgement. */
const FRAMES = 16_384;
const RUNS = 128;

/** Who loses frames that were made: the line, until somebody else has. */
export const losers = ['link', 'firmware', 'host'] as const;
export const loserCode = { link: 0, firmware: 1, host: 2 } as const satisfies Record<(typeof losers)[number], number>;

export class FrameBook {
  /** Of the newest FRAMES frames, at their index. */
  readonly seq = new Float64Array(FRAMES).fill(-1);
  readonly tag = new Uint16Array(FRAMES);
  /** Counts every release of the board since its boot, also those that were not run: what is missing between two frames. */
  readonly release = new Float64Array(FRAMES);
  /** Jumps of the sequence numbers before it, forward and back. */
  readonly jumps = new Float64Array(FRAMES);
  readonly backs = new Float64Array(FRAMES);
  readonly releaseUs = new Float64Array(FRAMES);
  /** When its first byte could enter the UART: everything before it had left. */
  readonly handedUs = new Float64Array(FRAMES);
  /** When its last byte was readable at the host; NaN when it was lost. */
  readonly readyUs = new Float64Array(FRAMES);
  /** The device time of the release, as sent. */
  readonly stampUs = new Float64Array(FRAMES);
  readonly lateUs = new Float64Array(FRAMES);
  readonly execUs = new Float64Array(FRAMES);
  readonly queueBytes = new Float64Array(FRAMES);
  readonly flags = new Uint8Array(FRAMES);
  readonly skipped = new Uint8Array(FRAMES);
  readonly dropped = new Uint8Array(FRAMES);
  /** How often it came to the host whole, and when it was judged first. */
  readonly arrivals = new Uint8Array(FRAMES);
  readonly judgedUs = new Float64Array(FRAMES);
  /** Whether nobody could know its age then: a clock had jumped. */
  readonly excused = new Uint8Array(FRAMES);
  /** Who lost it, when that was neither the line nor damage: an index into `losers`. */
  readonly loser = new Uint8Array(FRAMES);
  /** Whether it was changed on its way: it must not be accepted. */
  readonly damaged = new Uint8Array(FRAMES);

  /** Stretches of successive numbers, newest first: numbers jump, and a backlog holds frames from before. */
  readonly #runs: { readonly tag: number; readonly firstSeq: number; readonly firstAt: number; length: number }[] = [];
  #count = 0;
  #nextSeq = -1;

  /**
   * Index of the frame, or -1 when no such frame was sent in this session lately. Numbers that went back are used twice:
   * then the one with this stamp is meant, or the newest.
   */
  find(tag: number, seq: number, stampUs?: number): number {
    let found = -1;
    for (const run of this.#runs) {
      const after = (seq - run.firstSeq) >>> 0;
      if (run.tag !== tag || after >= run.length) continue;
      const at = (run.firstAt + after) % FRAMES;
      if (this.seq[at] !== seq || this.tag[at] !== tag) continue;
      if (stampUs === undefined || this.stampUs[at] === stampUs) return at;
      if (found < 0) found = at;
    }
    return found;
  }

  /** Adds the frames that were made between two, by who lost them. @param from index of the older one */
  between(from: number, to: number, losses: { firmware: number; link: number; host: number }): void {
    for (let at = (from + 1) % FRAMES; at !== to; at = (at + 1) % FRAMES) losses[losers[this.loser[at]!]!]++;
  }

  /** Index for a new frame. */
  open(tag: number, seq: number): number {
    if (seq !== this.#nextSeq || this.#runs[0]?.tag !== tag) {
      this.#runs.unshift({ tag, firstSeq: seq, firstAt: this.#count, length: 0 });
      if (this.#runs.length > RUNS) this.#runs.pop();
    }
    this.#runs[0]!.length++;
    this.#nextSeq = (seq + 1) >>> 0;
    const at = this.#count++ % FRAMES;
    this.seq[at] = seq;
    this.tag[at] = tag;
    this.readyUs[at] = Number.NaN;
    this.judgedUs[at] = Number.NaN;
    this.damaged[at] = 0;
    this.loser[at] = loserCode.link;
    this.arrivals[at] = 0;
    return at;
  }
}

/** The four values of frame `seq`, raw: the checker can tell any frame from any other by them. */
export function signalValue(seq: number, signal: number): number {
  return (Math.imul(seq + 1, 0x9e37_79b1 + 0x3c6e_f372 * signal) << 3) >> 16;
}
