/** What the outlets make of a frame, by the classes that make it: one packet, to be written to whoever wants it. */
import type { Bench } from 'tinybench';
import type { FrameRecord } from '#dist/feed/frame.js';
import { FramesEncoder, Lane, type LaneMember } from '#dist/gateway/channels/lane.js';
import { broadcastText } from '#dist/gateway/phoenix/packet.js';
import { NewestFrame } from '#dist/messages/newest-frame.js';
import { stateMessage } from '#dist/messages/state.js';
import { FrameBatch } from '#dist/mqtt/frames.js';
import { Latest } from '#dist/mqtt/latest.js';
import { encodePublish, expirySeconds } from '#dist/mqtt/packet.js';
import { topics } from '#dist/mqtt/topics.js';

const BOARD = 'pico';
const STREAM = 'control';
const EPOCH = '0000002a';
const UTC_OFFSET_US = 1.7e15;
/** Of one slot each. */
const SLOTS = 1;
/** What 16 ms hold at 1 kHz, see `BATCH_MS` of the gateway. */
const BATCH_ROWS = 16;

const utcUs = (monotonicUs: number): number => monotonicUs + UTC_OFFSET_US;

/** Adds a row for each form in which an outlet sends frames. @param frame as an outlet read it; @param signals their names */
export function addOutlets(bench: Bench, frame: FrameRecord, signals: readonly string[], frames: number): void {
  addMqtt(bench, frame, signals, frames);
  addWebSocket(bench, frame, signals, frames);
}

function addMqtt(bench: Bench, frame: FrameRecord, signals: readonly string[], frames: number): void {
  const named = signals.map((name) => ({ name }));
  const latest = new Latest({ board: BOARD, stream: STREAM, signals: named }, 0);
  const publication = { topic: topics.state(BOARD, STREAM), qos: 0, retain: false, packetId: 0 } as const;
  bench.add(`MQTT state, ${frames} of them`, () => {
    for (let i = 0; i < frames; i++) {
      frame.seq++;
      latest.offer(frame);
      const state = latest.take(frame.judgedUs, utcUs);
      if (state?.live !== true) throw new Error('the state is not live');
      encodePublish(5, { ...publication, expirySeconds: expirySeconds(frame.lifespanUs) }, state.json);
    }
  });
  const batch = new FrameBatch(topics.frames(BOARD, STREAM), frame.stream, signals.length, EPOCH, utcUs);
  bench.add(`MQTT frame, ${frames} of them, a packet each`, () => {
    for (let i = 0; i < frames; i++) {
      batch.add(frame, i, frame.judgedUs);
      batch.take(5, frame.judgedUs);
    }
  });
}

function addWebSocket(bench: Bench, frame: FrameRecord, signals: readonly string[], frames: number): void {
  const encoder = new FramesEncoder(`frames:${BOARD}`, EPOCH);
  const lane = new Lane(encoder);
  const member: LaneMember = { encoding: 'binary', deliver: () => {} };
  lane.members.add(member);
  const send = (rows: number) => {
    for (let i = 0; i < frames; i++) {
      lane.add(frame, i, i + SLOTS, UTC_OFFSET_US);
      if (lane.batch.rows === rows) lane.flush(undefined, frame.judgedUs, UTC_OFFSET_US);
    }
    if (lane.batch.rows > 0) lane.flush(undefined, frame.judgedUs, UTC_OFFSET_US);
  };
  bench.add(`WebSocket immediate, ${frames} frames`, () => send(1));
  bench.add(`WebSocket batches of ${BATCH_ROWS}, ${frames} frames`, () => send(BATCH_ROWS));
  const newest = new NewestFrame(
    STREAM,
    signals.map((name) => ({ name })),
  );
  bench.add(`WebSocket state, ${frames} of them`, () => {
    for (let i = 0; i < frames; i++) {
      frame.seq++;
      newest.take(frame);
      broadcastText(`board:${BOARD}`, 'state', stateMessage(BOARD, newest, frame.judgedUs, UTC_OFFSET_US));
    }
  });
}
