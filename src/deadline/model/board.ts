/**
 * For tests and simulations: a board that releases a frame every period on a line of a real bit rate, with one fault
 * after the other, and the truth about each frame.
 */
import { BAUD, type MutableFrame, sampleFrame } from './stream.js';

export interface Fault {
  readonly kind:
    | 'ran long' //   the job of one release runs on; the next ones start late
    | 'held' //       a frame is held after stamping; the next jobs start late
    | 'delayed' //    the line keeps its bytes back
    | 'dropped' //    the line loses its bytes
    | 'corrupted' //  the line damages them
    | 'skipped' //    the board does not run releases
    | 'ring full'; // the board drops frames
  readonly fromUs: number;
  readonly toUs: number;
}

/** What is on the line. `fault` is the one that was really at work on this frame. */
export interface Sent {
  readonly frame: MutableFrame;
  /** Host time of the release, and of the handing over to the UART with everything before it in the queue. */
  readonly releaseTrueUs: number;
  readonly handedTrueUs: number;
  readonly damaged: boolean;
  readonly fault: Fault | null;
  readyUs: number;
}

const PERIOD_US = 1000;
const BYTE_US = 1e7 / BAUD;

/**
 * Everything that becomes readable at the host, in order.
 * @param offsetUs host − device; the device's clock is exact otherwise
 */
export function runBoard(
  count: number,
  offsetUs: number,
  faults: readonly Fault[],
  random: () => number,
  startUs = 5_000_000,
): Sent[] {
  const sent: Sent[] = [];
  const faultAt = (us: number, ...kinds: Fault['kind'][]) =>
    faults.find(({ kind, fromUs, toUs }) => kinds.includes(kind) && us >= fromUs && us < toUs) ?? null;
  let seq = 0;
  let skipped = 0;
  let dropped = 0;
  let freeUs = 0; //     when the processor is free, device time
  let lineFreeUs = 0; // when the line is, device time
  let busyWith: Fault | null = null;
  for (let n = 0; n < count; n++) {
    const releaseUs = startUs + n * PERIOD_US;
    const hostUs = releaseUs + offsetUs;
    if (faultAt(hostUs, 'skipped') !== null) {
      skipped = (skipped + 1) & 0xff;
      continue;
    }
    const jobFromUs = Math.max(releaseUs + 2 + 3 * random(), freeUs);
    const late = jobFromUs - releaseUs > 100;
    if (!late) busyWith = null;
    const long = late ? null : faultAt(hostUs, 'ran long');
    const execUs = long === null ? 30 + 20 * random() : long.toUs - hostUs;
    const stampedUs = jobFromUs + execUs;
    const held = late ? null : faultAt(hostUs, 'held');
    const handedUs = held === null ? stampedUs : stampedUs + held.toUs - hostUs;
    freeUs = handedUs;
    busyWith = long ?? held ?? busyWith;
    if (faultAt(hostUs, 'ring full') !== null) {
      dropped = (dropped + 1) & 0xff;
      seq++;
      continue;
    }
    const frame = sampleFrame({
      seq: seq++,
      releaseUs: releaseUs % 2 ** 32,
      lateUs: Math.min(0xffff, Math.floor(jobFromUs - releaseUs)),
      execUs: Math.min(0xffff, Math.floor(execUs)),
      queueBytes: Math.max(0, Math.floor((lineFreeUs - handedUs) / BYTE_US)),
      skipped,
      dropped,
    });
    const queuedUntilUs = Math.max(lineFreeUs, handedUs);
    lineFreeUs = queuedUntilUs + frame.wireBytes * BYTE_US;
    const doneUs = lineFreeUs + offsetUs;
    const lost = faultAt(doneUs, 'dropped');
    if (lost !== null) continue;
    const delayed = faultAt(doneUs, 'delayed');
    sent.push({
      frame,
      releaseTrueUs: hostUs,
      handedTrueUs: queuedUntilUs + offsetUs,
      damaged: faultAt(doneUs, 'corrupted') !== null,
      fault: delayed ?? busyWith,
      readyUs: Math.max(delayed?.toUs ?? doneUs, sent.at(-1)?.readyUs ?? 0) + 5,
    });
  }
  return sent;
}
