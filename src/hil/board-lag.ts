/** How late a board was that is a process of this machine: an emulator says so itself, the firmware of `host` by its stamps. */
import { LagReader } from '../board/emulated/lag.js';
import { BEHIND_US, type BoardLag } from './disturbance.js';
import type { Trace } from './trace.js';

/** @param lagPath of the file in which the emulator tells it; null while there is none */
export function emulatorLag(lagPath: () => string | null): BoardLag {
  const ask = (question: (reader: LagReader) => number | undefined): number => {
    const path = lagPath();
    if (path === null) return 0;
    try {
      const reader = new LagReader(path);
      const answer = question(reader) ?? 0;
      reader.close();
      return answer;
    } catch {
      return 0; // it has ended in this moment
    }
  };
  return {
    isTimeless: false,
    delays: () => 0, // by its own time it was never late
    worstUs: (fromUs, toUs) => ask((reader) => reader.lagAt(fromUs, toUs)),
    behindUs: (fromUs, toUs) => ask((reader) => reader.behindUs(fromUs, toUs, BEHIND_US)),
  };
}

/** By what each job was late at its start, and by the releases that were left out before it. */
export function processLag(trace: Trace): BoardLag {
  const lags = (fromUs: number, toUs: number): number[] => {
    const periodUs = periodOf(trace);
    return trace.frames.flatMap((frame, i, all) => {
      if (frame.arrivalUs < fromUs || frame.arrivalUs > toUs) return [];
      const before = all[i - 1];
      const isSameBoot = before !== undefined && before.boot === frame.boot;
      const skipped = isSameBoot ? (frame.skipped - before.skipped) & 0xff : 0;
      return [frame.lateUs + skipped * periodUs];
    });
  };
  return {
    isTimeless: true,
    delays: (fromUs, toUs) => lags(fromUs, toUs).filter((us) => us > periodOf(trace) / 2).length,
    worstUs: (fromUs, toUs) => lags(fromUs, toUs).reduce((worst, us) => Math.max(worst, us), 0),
    behindUs: (fromUs, toUs) =>
      lags(fromUs, toUs)
        .filter((us) => us > BEHIND_US)
        .reduce((sum, us) => sum + us, 0),
  };
}

/** Of the first stream; 0 while nothing is known of it. */
export function periodOf({ texts }: Trace): number {
  const board = texts.findLast((text) => text.type === 'board');
  return board?.descriptor?.streams[0]?.periodUs ?? 0;
}
