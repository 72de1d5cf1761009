/**
 * Bugs that can be built into the modelled board, the line, or around a part of the bridge. Each must make its invariant
 * fail: that is how it is known that the invariants can fail at all (`planted-bugs.test.ts`).
 */
import type { DataFrame } from '../codec/decoder.js';
import type { FrameTimes } from '../deadline/clock.js';
import type { Judgement } from '../deadline/judgement.js';
import { culpritCode, verdictCode } from '../deadline/verdict.js';
import type { MissRecord } from '../feed/events.js';
import type { BoardLoop } from '../loop/board-loop.js';
import type { Watcher } from './watcher.js';

export const plantedBugs = [
  // in the board
  'no watchdog',
  'arms itself',
  'not latched',
  'watchdog counts from arrival',
  'runs expired commands',
  'runs commands twice',
  // on the line
  'changes frames and their CRC',
  // in the bridge
  'clock lies',
  'losses not counted',
  'repetition not noticed',
  'reordering not noticed',
  'counters drift',
  'always live',
  'blames met frames',
  'silence not noticed',
  'never finds back',
  'vouches for what it does not see',
  'trips for nothing',
  'leaks',
  'outlet skips a frame',
] as const;
export type PlantedBug = (typeof plantedBugs)[number];

/** Builds a bug of the bridge into its loop. */
export function plantInLoop(loop: BoardLoop, bug: PlantedBug | null): void {
  if (bug === 'clock lies') plantInClock(loop);
  else if (bug === 'vouches for what it does not see') plantInHeartbeat(loop);
  else if (bug === 'silence not noticed') loop.looked = () => {};
  else if (bug === 'never finds back') plantInSession(loop);
  else if (bug === 'trips for nothing') plantInPolicy(loop);
  else if (bug === 'leaks') plantLeak(loop);
}

function plantInClock({ clock }: BoardLoop): void {
  const observe = clock.observe.bind(clock);
  clock.observe = (times: FrameTimes) => {
    observe(times);
    times.hostUs += 3000;
  };
}

function plantInHeartbeat({ clock, control: { heartbeat } }: BoardLoop): void {
  const beat = heartbeat.beat.bind(heartbeat);
  heartbeat.beat = (nowUs, proof) => {
    const echoUs = Math.floor(nowUs - clock.offsetUs) % 2 ** 32;
    return beat(nowUs, clock.settled ? { ...proof, isChecked: true, echoUs } : proof);
  };
}

function plantInSession({ session }: BoardLoop): void {
  const message = session.message.bind(session);
  session.message = (received, nowUs) => {
    if (session.counters.lost === 0 || received.name !== 'session') message(received, nowUs);
  };
}

function plantInPolicy({ control: { policy } }: BoardLoop): void {
  const heartbeat = policy.heartbeat.bind(policy);
  let beats = 0;
  policy.heartbeat = (nowUs) => {
    heartbeat(nowUs);
    if (++beats % 300 === 0 && policy.state === 'armed') policy.safe();
  };
}

const leaked: unknown[] = [];

function plantLeak(loop: BoardLoop): void {
  const data = loop.data.bind(loop);
  loop.data = (frame: DataFrame) => {
    leaked.push({ seq: frame.seq, values: frame.values.slice(0, 4) });
    data(frame);
  };
}

/** What a bug of the bridge makes of a judgement. */
export function distort(bug: PlantedBug, judgement: Judgement, watcher: Watcher): void {
  const { gap, verdict, seq } = judgement;
  if (bug === 'losses not counted') gap.count = 0;
  else if (bug === 'repetition not noticed' && verdict === verdictCode.repeated) judgement.verdict = verdictCode.met!;
  else if (bug === 'reordering not noticed' && verdict === verdictCode.reordered) judgement.verdict = verdictCode.met!;
  else if (bug === 'blames met frames' && verdict === verdictCode.met && seq % 5000 === 0) {
    watcher.missed({ isGap: false, verdict: verdictCode.late, firstSeq: seq, culprit: culpritCode.host } as MissRecord);
  }
}
