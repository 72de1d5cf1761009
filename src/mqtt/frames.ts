/**
 * Every frame of one stream, batched as the ring delivers them. The payload is the columns of
 * `sdk/columns.ts` with one group, so that one decoder reads both the socket and MQTT.
 */
import type { FrameRecord } from '../feed/frame.js';
import { frameSlots } from '../feed/slot.js';
import { originUs } from '../messages/newest-frame.js';
import { COLUMNS_VERSION, columnsBytes, FIXED_COLUMNS, GROUP_BYTES, HEADER_BYTES } from '../sdk/columns.js';
import { type MqttVersion, openPublish, type Publication } from './packet.js';

export const ROWS_MAX = 64;
const COLUMNS_AT = (HEADER_BYTES + GROUP_BYTES) / 8;
/** sentUtcUs, in f64. */
const SENT_AT = 2;

export class FrameBatch {
  /** Frames in the batch. */
  rows = 0;
  /** When each was judged, host monotonic. */
  readonly judgedUs = new Float64Array(ROWS_MAX);
  /** When the first of them came here, host monotonic. */
  sinceUs = Number.NaN;
  private boot = 0;
  private offset = 0;
  private lifespanUs = 0;
  private readonly columns: number;
  /** Row by row, as they come; turned into columns when the batch is taken. */
  private readonly cells: Float64Array;
  private readonly status = new Uint32Array(ROWS_MAX);
  private readonly payload: ArrayBuffer;
  private readonly f64: Float64Array;
  private readonly u32: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly publication: Publication;

  /**
   * @param epoch of the bridge, 8 hex digits
   * @param utcUs the UTC time of a monotonic instant
   */
  constructor(
    readonly topic: string,
    stream: number,
    signals: number,
    epoch: string,
    private readonly utcUs: (monotonicUs: number) => number,
  ) {
    this.columns = FIXED_COLUMNS + signals;
    this.cells = new Float64Array(ROWS_MAX * this.columns);
    this.payload = new ArrayBuffer(HEADER_BYTES + GROUP_BYTES + columnsBytes(ROWS_MAX, signals));
    this.f64 = new Float64Array(this.payload);
    this.u32 = new Uint32Array(this.payload);
    this.bytes = new Uint8Array(this.payload);
    this.publication = { topic, qos: 0, retain: false, packetId: 0, expirySeconds: 0 };
    const header = new DataView(this.payload);
    header.setUint8(0, COLUMNS_VERSION);
    header.setUint8(1, 1);
    header.setUint32(4, Number.parseInt(epoch, 16), true);
    header.setUint8(HEADER_BYTES, stream);
    header.setUint8(HEADER_BYTES + 1, signals);
    header.setUint32(HEADER_BYTES + 16, COLUMNS_AT, true);
  }

  /** Whether this frame can join: the batch has room, and it is of the same boot. */
  fits(frame: FrameRecord): boolean {
    return (
      this.rows === 0 || (this.rows < ROWS_MAX && frame.boot === this.boot && frame.lifespanUs === this.lifespanUs)
    );
  }

  /** @param offset of the frame in the feed */
  add(frame: FrameRecord, offset: number, nowUs: number): void {
    const { cells, columns } = this;
    const row = this.rows++;
    if (row === 0) this.sinceUs = nowUs;
    let at = row * columns;
    this.boot = frame.boot;
    this.lifespanUs = frame.lifespanUs;
    this.offset = offset + frameSlots(frame.count);
    this.judgedUs[row] = frame.judgedUs;
    this.status[row] = frame.verdict | (frame.culprit << 8) | (frame.flags << 16);
    cells[at++] = frame.seq;
    cells[at++] = frame.releaseUs;
    cells[at++] = this.utcUs(originUs(frame));
    cells[at++] = frame.latenessUs;
    cells[at++] = frame.uncertaintyUs;
    for (let i = 0; i < columns - FIXED_COLUMNS; i++) cells[at++] = i < frame.count ? frame.values[i]! : Number.NaN;
  }

  /** The batch as one QoS 0 packet; the batch is empty then. */
  take(version: MqttVersion, nowUs: number): Buffer {
    const length = this.fill();
    this.f64[SENT_AT] = this.utcUs(nowUs);
    const packet = openPublish(version, this.publication, length);
    packet.set(this.bytes.subarray(0, length), packet.length - length);
    return packet;
  }

  /** The batch, for whoever sends it later and perhaps again: each time it says when that was. The batch is empty then. */
  takePayload(nowUs: () => number): () => Uint8Array {
    const bytes = this.bytes.slice(0, this.fill());
    const sent = new Float64Array(bytes.buffer, SENT_AT * 8, 1);
    return () => {
      sent[0] = this.utcUs(nowUs());
      return bytes;
    };
  }

  /** Rows to columns. @returns bytes of the payload */
  private fill(): number {
    const { rows, columns, f64 } = this;
    for (let column = 0, to = COLUMNS_AT; column < columns; column++) {
      for (let row = 0; row < rows; row++) f64[to++] = this.cells[row * columns + column]!;
    }
    const statusAt = (COLUMNS_AT + columns * rows) * 2;
    for (let row = 0; row < rows; row++) this.u32[statusAt + row] = this.status[row]!;
    if (rows % 2 === 1) this.u32[statusAt + rows] = 0;
    f64[1] = this.offset;
    this.u32[HEADER_BYTES / 4] = (this.u32[HEADER_BYTES / 4]! & 0xffff) | (rows << 16);
    this.u32[HEADER_BYTES / 4 + 1] = this.boot;
    f64[HEADER_BYTES / 8 + 1] = this.lifespanUs;
    this.rows = 0;
    return HEADER_BYTES + GROUP_BYTES + columnsBytes(rows, columns - FIXED_COLUMNS);
  }

  get isFull(): boolean {
    return this.rows === ROWS_MAX;
  }

  /** Nobody listens: forget what came. */
  clear(): void {
    this.rows = 0;
  }
}
