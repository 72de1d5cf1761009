/** The JSON forms of what the feed holds, as `docs/socket-protocol.md` lists them. Numbers that are not known are null. */
import { armStates, encodings, tripCauses } from '../codec/schema.js';
import { culprits, verdicts } from '../deadline/verdict.js';
import type { HealthRecord, MissRecord, StatsRecord } from '../feed/events.js';
import { evidenceCauses, linkStates } from '../feed/slot.js';
import { isoMicroseconds } from '../host-clock.js';
import type { StateMessage } from '../sdk/messages.js';
import type { BoardState, StreamState } from './state.js';

export const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
/** To the tenth of a microsecond: what the clocks can say, and half the digits. */
const tenths = (us: number): number | null => known(Math.round(us * 10) / 10);
export const bootText = (boot: number): string => boot.toString(16).padStart(8, '0');
const nameOf = (table: Readonly<Record<string, number>>, code: number): string =>
  Object.keys(table).find((name) => table[name] === code) ?? 'unknown';

/** @param utcOffsetUs UTC - host monotonic */
export function stateMessage(board: string, stream: StreamState, nowUs: number, utcOffsetUs: number): StateMessage {
  const values: Record<string, number | null> = {};
  for (let i = 0; i < stream.signals.length; i++) values[stream.signals[i]!.name] = known(stream.values[i]!);
  return {
    board,
    stream: stream.name,
    boot: bootText(stream.boot),
    seq: known(stream.seq),
    releaseUs: known(stream.releaseUs),
    time: Number.isNaN(stream.originUs) ? null : isoMicroseconds(stream.originUs + utcOffsetUs),
    ageUs: tenths(nowUs - stream.originUs),
    uncertaintyUs: tenths(stream.uncertaintyUs),
    lifespanUs: stream.lifespanUs,
    verdict: verdicts[stream.verdict] ?? 'unknown',
    live: stream.isLive(nowUs),
    values,
  };
}

/** A frame that missed, or a gap. */
export function missMessage(
  board: string,
  stream: string,
  miss: MissRecord,
  utcOffsetUs: number,
): Record<string, unknown> {
  const common = {
    board,
    stream,
    boot: bootText(miss.boot),
    verdict: verdicts[miss.verdict] ?? 'unknown',
    culprit: culprits[miss.culprit] ?? 'unknown',
    latenessUs: tenths(miss.latenessUs),
    segments: { firmwareUs: tenths(miss.firmwareUs), linkUs: tenths(miss.linkUs), hostUs: tenths(miss.hostUs) },
    uncertaintyUs: tenths(miss.uncertaintyUs),
    time: Number.isNaN(miss.fromUs) ? null : isoMicroseconds(miss.fromUs + utcOffsetUs),
    evidence: miss.hasEvidence ? evidenceOf(miss) : null,
  };
  if (!miss.isGap) return { ...common, seq: known(miss.firstSeq) };
  return {
    ...common,
    firstSeq: known(miss.firstSeq),
    lastSeq: known(miss.lastSeq),
    count: known(miss.count),
    fromUs: known(miss.fromUs + utcOffsetUs),
    toUs: known(miss.toUs + utcOffsetUs),
  };
}

function evidenceOf(miss: MissRecord): Record<string, unknown> {
  return {
    cause: evidenceCauses[miss.cause] ?? 'unknown',
    startLateUs: tenths(miss.startLateUs),
    execUs: tenths(miss.execUs),
    queueUs: tenths(miss.queueUs),
    stoppedUs: tenths(miss.stoppedUs),
    starvedUs: tenths(miss.starvedUs),
    busyUs: tenths(miss.busyUs),
    waitedUs: tenths(miss.waitedUs),
    provenLateUs: tenths(miss.provenLateUs),
    doubtUs: tenths(miss.doubtUs),
    emulatorLagUs: tenths(miss.emulatorLagUs),
    skippedDelta: known(miss.skippedDelta),
    droppedDelta: known(miss.droppedDelta),
    corruptBytes: known(miss.corruptBytes),
  };
}

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

/** Age of a health record past which the board's state is not known any more: one is written every second. */
const HEALTH_LIFESPAN_US = 3e6;

export function healthMessage(health: HealthRecord, nowUs: number): Record<string, unknown> {
  return {
    link: linkStates[health.link] ?? 'unknown',
    sinceAgeUs: known(Math.round(nowUs - health.sinceUs)),
    arm: nameOf(armStates, health.arm),
    tripCause: nameOf(tripCauses, health.tripCause),
    live: health.live && nowUs - health.writtenUs <= HEALTH_LIFESPAN_US,
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
  const { health } = board;
  return {
    id: board.id,
    path: board.path,
    boot: board.boot,
    gone: board.gone ?? null,
    status: boardStatus(board, nowUs),
    descriptor: board.descriptor,
    contracts: board.contracts,
    health: health === undefined ? null : healthMessage(health, nowUs),
    streams: board.streams.map((stream) => ({
      name: stream.name,
      id: stream.id,
      state: stream.version === 0 ? null : stateMessage(board.id, stream, nowUs, utcOffsetUs),
      stats: stream.stats === undefined ? null : statsMessage(stream.stats),
    })),
    alarms,
  };
}

/** One word for lists: the link's state, `gone`, or `unknown` when the main thread has not spoken of it for 3 s. */
export function boardStatus(board: BoardState, nowUs: number): string {
  if (board.gone !== undefined) return 'gone';
  if (board.health === undefined || !(nowUs - board.health.writtenUs <= HEALTH_LIFESPAN_US)) return 'unknown';
  return linkStates[board.health.link] ?? 'unknown';
}
