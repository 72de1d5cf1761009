/**
 * The worker of the gateway as it ships, with stamps: when it has a frame, when its packet is encoded, when the packet is on the
 * socket. Says them over a broadcast channel when it is asked.
 */
import { BroadcastChannel } from 'node:worker_threads';
import { FramesHub } from '#dist/gateway/channels/frames-hub.js';
import { FramesEncoder } from '#dist/gateway/channels/lane.js';
import { DirectSocket } from '#dist/gateway/direct-socket.js';
import { monotonicUs } from '#dist/host-clock.js';
import { CHANNEL, ROWS_MAX } from './records.js';
import { outletStamps, StampTable } from './stamps.js';

const [TAKEN, ENCODED, WRITTEN] = [1, 2, 3];
const table = new StampTable(outletStamps.length, ROWS_MAX);
/** First row whose packet is not yet encoded, and not yet written. */
let unencoded = 0;
let unwritten = 0;

const { frame } = FramesHub.prototype;
FramesHub.prototype.frame = function (record, offset) {
  table.set(table.add(record.seq), TAKEN, monotonicUs());
  return frame.call(this, record, offset);
};
const { encode } = FramesEncoder.prototype;
FramesEncoder.prototype.encode = function (...parameters) {
  const packet = encode.apply(this, parameters);
  for (const nowUs = monotonicUs(); unencoded < table.count; unencoded++) table.set(unencoded, ENCODED, nowUs);
  return packet;
};
const { write } = DirectSocket.prototype;
DirectSocket.prototype.write = function (packets) {
  write.call(this, packets);
  for (const nowUs = monotonicUs(); unwritten < unencoded; unwritten++) table.set(unwritten, WRITTEN, nowUs);
};

const channel = new BroadcastChannel(CHANNEL);
channel.onmessage = ({ data }: { data: unknown }) => {
  const taken = table.take();
  unencoded = 0;
  unwritten = 0;
  if (data === 'tell') channel.postMessage(taken);
};
(channel as unknown as { unref(): void }).unref();

await import('#dist/gateway/worker.js');
