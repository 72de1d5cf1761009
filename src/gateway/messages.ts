/** What only the gateway tells, as `docs/socket-protocol.md` lists it. Numbers that are not known are null. */
import { armStates, encodings, tripCauses } from '../codec/schema.js';
import { culprits, verdicts } from '../deadline/verdict.js';
import type { StatsRecord } from '../feed/events.js';
import { linkStates } from '../feed/slot.js';
import { bootText, known, tenths } from '../messages/json-values.js';
import { stateMessage } from '../messages/state.js';
import type { StreamsMessage } from '../sdk/messages.js';
import type { BoardState } from './state.js';

const nameOf = (table: Readonly<Record<string, number>>, code: number): string =>
  Object.keys(table).find((name) => table[name] === code) ?? 'unknown';

export function statsMessage(stats: StatsRecord): Record<string, unknown> {
  return {
    verdicts: Object.fromEntries(verdicts.map((name, i) => [name, stats.verdicts[i] ?? 0])),
    culprits: Object.fromEntries(culprits.map((name, i) => [name, stats.culprits[i] ?? 0])),
    rateHz: known(stats.rateHz),
    arrivalJitterP99Us: tenths(stats.arrivalJitterP99Us),
    releaseJitterMaxUs: tenths(stats.releaseJitterMaxUs),
    worstLatenessUs: tenths(stats.worstLatenessUs),
    window: known(stats.window),
    windowSize: known(stats.windowSize),
    corruptBytes: known(stats.corruptBytes),
    newestSeq: known(stats.newestSeq),
  };
}

/** @returns null before the board's first health record */
export function healthMessage(board: BoardState, nowUs: number): Record<string, unknown> | null {
  const { health } = board;
  if (health === undefined) return null;
  return {
    link: linkStates[health.link] ?? 'unknown',
    sinceAgeUs: known(Math.round(nowUs - health.sinceUs)),
    arm: nameOf(armStates, health.arm),
    tripCause: nameOf(tripCauses, health.tripCause),
    live: board.isLive(nowUs),
    degraded: health.degraded,
    boot: bootText(health.boot),
    encoding: nameOf(encodings, health.encoding),
    clock: {
      offsetUs: tenths(health.offsetUs),
      uncertaintyUs: tenths(health.uncertaintyUs),
      driftPpm: known(health.driftPpm),
      roundTripUs: tenths(health.roundTripUs),
    },
    bytes: known(health.bytes),
    corruptFrames: known(health.corruptFrames),
    foreignFrames: known(health.foreignFrames),
    overlongLines: known(health.overlongLines),
    reconnects: known(health.reconnects),
    boots: known(health.boots),
    heartbeats: known(health.heartbeats),
    deviceOverruns: known(health.deviceOverruns),
    deviceReceiveErrors: known(health.deviceReceiveErrors),
    deviceDrops: known(health.deviceDrops),
    execMaxUs: known(health.execMaxUs),
    lineLoad: known(health.lineLoad),
    emulatorLagUs: tenths(health.emulatorLagUs),
    ageUs: known(Math.round(nowUs - health.writtenUs)),
  };
}

/** Everything of a board, as REST and a join of `board:<id>` give it. */
export function boardView(board: BoardState, alarms: unknown[], nowUs: number, utcOffsetUs: number) {
  return {
    id: board.id,
    path: board.path,
    boot: board.boot,
    gone: board.gone ?? null,
    status: boardStatus(board, nowUs),
    descriptor: board.descriptor,
    contracts: board.contracts,
    health: healthMessage(board, nowUs),
    streams: board.streams.map((stream) => ({
      name: stream.name,
      id: stream.id,
      state: stream.version === 0 ? null : stateMessage(board.id, stream, nowUs, utcOffsetUs),
      stats: stream.stats === undefined ? null : statsMessage(stream.stats),
    })),
    alarms,
  };
}

/** What the frames of a boot are named by. */
export function streamsMessage(board: BoardState): StreamsMessage {
  return { boot: board.boot, streams: board.streams.map(({ id, name, signals }) => ({ id, name, signals })) };
}

/** One word for lists: the link's state, `gone`, or `unknown` when the main thread has not spoken of it for 3 s. */
export function boardStatus(board: BoardState, nowUs: number): string {
  if (board.gone !== undefined) return 'gone';
  if (!board.isKnown(nowUs)) return 'unknown';
  return linkStates[board.health!.link] ?? 'unknown';
}
